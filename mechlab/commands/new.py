"""``mechlab new``: write a study to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mechlab.commands._app import app
from mechlab.errors import UserError


@app.command(epilog="Example: mechlab new my_question")
def new(name: Annotated[str, typer.Argument(help="Name of the study; writes NAME.toml.")]) -> None:
    """Write a commented study to start from; an existing file is left as it is."""
    from mechlab.commands import _terminal
    from mechlab.study import template

    path = Path(name if name.endswith(".toml") else f"{name}.toml")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template())
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from None
    _terminal.say(f"{path} is written; edit it, then: mechlab search {path}")
