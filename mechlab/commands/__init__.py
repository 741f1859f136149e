"""The ``mechlab`` command: one file a subcommand, which reads its options, calls and prints.

Importing the package adds every subcommand to ``app``; ``main`` runs it. What they share stands in
``_app`` (options) and ``_terminal`` (output). Heavy imports stand inside functions, so that
``mechlab --help`` is quick.
"""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from pkgutil import iter_modules

from typer.exceptions import TyperException

from mechlab.commands._app import INTERRUPTED, Warnings, app, crash, warn
from mechlab.errors import UserError

__all__ = ["app", "main"]

for _module in iter_modules(__path__):
    if not _module.name.startswith("_"):
        import_module(f"{__name__}.{_module.name}")


_WARNINGS = Warnings()


def main() -> None:
    """Run the command: exit 0 done, 2 the user's mistake, 1 ours, 130 interrupted.

    What it and the libraries below it log, warn of or raise reaches the terminal as safe text.
    """
    sys.excepthook = crash
    logging.lastResort = _WARNINGS
    logging.captureWarnings(True)
    for name in ("mechlab", "py.warnings"):
        logging.getLogger(name).addHandler(_WARNINGS)
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except (UserError, TyperException) as mistake:
        text = mistake.format_message() if isinstance(mistake, TyperException) else str(mistake)
        warn(text)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        logging.captureWarnings(False)
