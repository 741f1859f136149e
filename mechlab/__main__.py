"""``python -m mechlab`` is the ``mechlab`` command."""

from mechlab.commands import main

main()
