"""``mechlab new``: write a study to start from."""

from __future__ import annotations

from typing import Annotated

import typer

from mechlab.commands._app import app


@app.command(epilog="Example: mechlab new my_question")
def new(name: Annotated[str, typer.Argument(help="Name of the study; writes NAME.toml.")]) -> None:
    """Write a commented study to start from; an existing file is left as it is."""
    from mechlab.commands import _terminal
    from mechlab.study import write_template

    path = write_template(name)
    _terminal.say(f"{path} is written; edit it, then: mechlab search {path}")
