"""``mechlab list``: what there is to choose from, read off the registries."""

from __future__ import annotations

from typing import Annotated, Any

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
    from mechlab.commands import _terminal

    rows = _rows(what)
    if as_json:
        _terminal.print_json({what: rows})
    else:
        _terminal.print_rows(rows)


def _rows(kind: str) -> list[dict[str, Any]]:
    """Return one row for each thing of a kind: its name, what it is, and what else it declares."""
    from mechlab.agents.base import AGENTS
    from mechlab.games.base import GAMES
    from mechlab.measures import MEASURES
    from mechlab.mechanism import MECHANISMS

    kinds = {
        "games": [
            {"name": name, **_declared(cls), "conditions": list(cls.conditions)}
            for name in sorted(GAMES)
            for cls in [GAMES.get(name)]
        ],
        "mechanisms": [
            {"name": name, **_declared(cls), "version": cls.version, "needs": sorted(cls().needs)}
            for name in sorted(MECHANISMS)
            for cls in [MECHANISMS.get(name)]
        ],
        "populations": [
            {"name": name, "kind": agent.kind, "what": agent.what}
            for name in sorted(AGENTS)
            for agent in [AGENTS.get(name)]
        ],
        "measures": [{"name": name, "what": _first_line(MEASURES.get(name))} for name in MEASURES],
    }
    if kind not in kinds:
        raise unknown("kind to list", kind, kinds)
    return kinds[kind]


def _declared(cls: type) -> dict[str, Any]:
    from mechlab.parameters import parameters

    declared = {
        name: {"default": one.default, "range": one.range, "what": one.text}
        for name, one in parameters(cls).items()
    }
    return {"parameters": declared, "what": _first_line(cls)}


def _first_line(item: object) -> str:
    return (item.__doc__ or "").strip().split("\n", 1)[0]
