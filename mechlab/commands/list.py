"""``mechlab list``: what there is to choose from."""

from __future__ import annotations

from typing import Annotated

import typer

from mechlab.commands.app import Json, app
from mechlab.errors import unknown


@app.command("list", epilog="Example: mechlab list mechanisms")
def list_(
    what: Annotated[
        str, typer.Argument(metavar="KIND", help="games, mechanisms, populations or measures.")
    ],
    as_json: Json = False,
) -> None:
    """List what there is: games, mechanisms, populations or measures."""
    from mechlab import catalogue, terminal

    if what not in catalogue.KINDS:
        raise unknown("kind to list", what, catalogue.KINDS)
    rows = catalogue.KINDS[what]()
    if as_json:
        terminal.print_json({what: rows})
    else:
        terminal.print_rows(rows)
