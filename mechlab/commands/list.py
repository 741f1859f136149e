"""``mechlab list``: what there is to choose from."""

from __future__ import annotations

from typing import Annotated

import typer

from mechlab.commands._app import Json, app
from mechlab.errors import unknown


@app.command("list", epilog="Example: mechlab list mechanisms")
def list_(
    what: Annotated[
        str, typer.Argument(metavar="KIND", help="games, mechanisms, populations or measures.")
    ],
    as_json: Json = False,
) -> None:
    """List what there is: games, mechanisms, populations or measures."""
    from mechlab.commands import _catalogue, _terminal

    if what not in _catalogue.KINDS:
        raise unknown("kind to list", what, _catalogue.KINDS)
    rows = _catalogue.KINDS[what]()
    if as_json:
        _terminal.print_json({what: rows})
    else:
        _terminal.print_rows(rows)
