"""The commands of ``mechlab``, a file each; heavy imports stand where they are used."""
