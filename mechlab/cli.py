"""The ``mechlab`` command: its commands, and how it ends."""

from __future__ import annotations

import sys

from typer.exceptions import TyperException

from mechlab.commands import (  # noqa: F401 - each adds its commands
    calibrate,
    check,
    compare,
    decompose,
    new,
    replicate,
    run,
    search,
    sweep,
    thoughts,
    watch,
)
from mechlab.commands import list as _list  # noqa: F401
from mechlab.commands._app import INTERRUPTED, app
from mechlab.errors import UserError


def main() -> None:
    """Run the command: exit 0 done, 2 the user's mistake, 1 ours, 130 interrupted."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except (UserError, TyperException) as mistake:
        text = mistake.format_message() if isinstance(mistake, TyperException) else str(mistake)
        print("mechlab:", " ".join(text.split()), file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
