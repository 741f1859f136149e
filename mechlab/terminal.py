"""What a person reads in the terminal, and the JSON objects of ``--json``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mechlab.simulate import Episodes
from mechlab.statistics import Summary

OUT = Console(highlight=False)
ERR = Console(stderr=True, highlight=False)


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show on stderr that work is under way; nothing where stderr is no terminal."""
    with ERR.status(Text(text)):
        yield


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on stdout; undefined numbers are null."""
    print(json.dumps(_plain(value), allow_nan=False))


def run_as_json(played: Episodes, summary: Mapping[str, Summary]) -> dict[str, Any]:
    """Return the object of ``mechlab run --json``."""
    return {
        "game": played.game.name,
        "population": str(played.population),
        "mechanism": str(played.mechanism),
        "condition": played.condition,
        "episodes": len(played),
        "seed": played.seed,
        "settings": played.game.params,
        "measures": {name: as_json(one) for name, one in summary.items()},
    }


def as_json(summary: Summary) -> dict[str, Any]:
    """Return a summary as ``{"mean", "sd", "ci95", "n"}``."""
    return {"mean": summary.mean, "sd": summary.sd, "ci95": list(summary.ci95), "n": summary.n}


def print_run(played: Episodes, summary: Mapping[str, Summary]) -> None:
    """Print the measures of episodes as a table."""
    title = f"{played.game.name}: {played.population}, {played.mechanism}, {played.condition}"
    table = Table(title=Text(title), title_justify="left", caption_justify="left")
    table.caption = Text(f"{len(played):,} episodes, seed {played.seed}{_stand_ins(played)}")
    table.add_column("measure")
    for heading in ("mean", "95% interval", "SD", "episodes"):
        table.add_column(heading, justify="right")
    for name, one in summary.items():
        low, high = (number(value) for value in one.ci95)
        table.add_row(name, number(one.mean), f"{low} to {high}", number(one.sd), f"{one.n:,}")
    OUT.print(table)


def _stand_ins(played: Episodes) -> str:
    if "emulated" not in played.population.kinds:
        return ""
    return "; emulated agents are stand-ins fitted to published figures"


def print_rows(what: str, rows: list[dict[str, Any]]) -> None:
    """Print a list of what there is as a table."""
    table = Table(title=Text(what), title_justify="left", show_lines=True)
    for heading in rows[0]:
        table.add_column(heading)
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    OUT.print(table)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{name} = {v['default']} {v['range']}" for name, v in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def number(value: float) -> str:
    """Return a number with four significant digits, or ``-`` where it is undefined.

    >>> number(1234567.8), number(0.051234), number(float("nan"))
    ('1,234,568', '0.05123', '-')
    """
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
