"""What there is to choose from, as rows for lists and documents; read off the registries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mechlab.agents.base import AGENTS
from mechlab.games.base import GAMES
from mechlab.measures import MEASURES
from mechlab.mechanism import MECHANISMS
from mechlab.parameters import parameters

Rows = list[dict[str, Any]]


def mechanisms() -> Rows:
    """One row a mechanism: name, version, parameters, the flows that it needs, what it is."""
    return [
        {
            "name": name,
            "version": cls.version,
            "parameters": _parameters(cls),
            "needs": sorted(cls().needs),
            "what": _first_line(cls),
        }
        for name in sorted(MECHANISMS)
        for cls in [MECHANISMS.get(name)]
    ]


def games() -> Rows:
    """One row a game: name, settings with their ranges, conditions, what it is."""
    return [
        {
            "name": name,
            "parameters": _parameters(cls),
            "conditions": list(cls.conditions),
            "what": _first_line(cls),
        }
        for name in sorted(GAMES)
        for cls in [GAMES.get(name)]
    ]


def populations() -> Rows:
    """One row an agent: name, kind (scripted or emulated), what it is."""
    return [
        {"name": name, "kind": agent.kind, "what": agent.what}
        for name in sorted(AGENTS)
        for agent in [AGENTS.get(name)]
    ]


def measures() -> Rows:
    """One row a measure: name and definition."""
    return [{"name": name, "what": _first_line(MEASURES.get(name))} for name in MEASURES]


KINDS: dict[str, Callable[[], Rows]] = {
    "games": games,
    "mechanisms": mechanisms,
    "populations": populations,
    "measures": measures,
}


def _parameters(cls: type) -> dict[str, dict[str, Any]]:
    return {
        name: {"default": declared.default, "range": declared.range, "what": declared.text}
        for name, declared in parameters(cls).items()
    }


def _first_line(item: object) -> str:
    return (item.__doc__ or "").strip().split("\n", 1)[0]
