"""What a study's answer promises in its game, checked without a model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from mechlab.checks import Verdict, Verdicts, check
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.report.tables import Table
from mechlab.report.words import rounded
from mechlab.search.results import SearchResult

_SIGNS = {True: "holds", False: "fails", None: "no promise"}


@dataclass(frozen=True)
class Checks:
    """The checks of an answer.

    Attributes:
        mechanism: what was checked.
        found: each with its sign and its words.
        table: the numbers behind them.
    """

    mechanism: str
    found: list[tuple[str, str, str]]
    table: Table


def checks_of(result: SearchResult) -> Checks:
    """Check the study's answer, at its parameters."""
    verdicts = list(checked(result.best.mechanism, result.study.played))
    found = [(_named(v), _SIGNS[v.holds], v.words) for v in verdicts]
    rows = [
        {"check": _named(v), "what": name.replace("_", " "), "value": value}
        for v in verdicts
        for name, value in v.values.items()
    ]
    columns = ["check", "what", "value"]
    return Checks(rounded(result.best.mechanism), found, Table(pd.DataFrame(rows, columns=columns)))


@lru_cache(maxsize=64)  # an answer is checked once, however many pages show it
def checked(mechanism: Mechanism, game: Game, only: tuple[str, ...] = ()) -> Verdicts:
    """Check a mechanism in a game, all or only some of its promises, or remember what was found."""
    return check(mechanism, game, only=only)


def _named(verdict: Verdict) -> str:
    return verdict.name.replace("_1", " by one").replace("_2", " by two").replace("_", " ")
