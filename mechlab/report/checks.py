"""What a study's answer promises in its game, checked without a model."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from mechlab.checks import Verdict, Verdicts
from mechlab.report.tables import Table
from mechlab.report.words import rounded

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


def checks_of(verdicts: Verdicts) -> Checks:
    """Return the checks of an answer as a page shows them."""
    found = [(_named(v), _SIGNS[v.holds], v.words) for v in verdicts]
    rows = [
        {"check": _named(v), "what": name.replace("_", " "), "value": value}
        for v in verdicts
        for name, value in v.values.items()
    ]
    columns = ["check", "what", "value"]
    return Checks(rounded(verdicts.mechanism), found, Table(pd.DataFrame(rows, columns=columns)))


def _named(verdict: Verdict) -> str:
    return verdict.name.replace("_1", " by one").replace("_2", " by two").replace("_", " ")
