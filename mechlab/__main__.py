"""``python -m mechlab`` is the ``mechlab`` command."""

from mechlab.cli import main

main()
