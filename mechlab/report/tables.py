"""The tables of a page: what each column is called and how its values are written."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mechlab.figures import size_title
from mechlab.report.words import rank_words, rounded
from mechlab.search.results import SearchResult

SHARES = frozenset({"efficiency", "efficiency_lo", "efficiency_hi", "spend_share"})
DOLLARS = frozenset({"spend", "subsidy"})


@dataclass(frozen=True)
class Table:
    """A table that the page shows, and hands out as CSV.

    Attributes:
        frame: the raw values; its column names are those of the CSV and of filters.
        titles: headings that differ from the column names.
        shares: columns that are written in percent. dollars: columns in dollars.
    """

    frame: pd.DataFrame
    titles: dict[str, str] = field(default_factory=dict)
    shares: frozenset[str] = frozenset()
    dollars: frozenset[str] = frozenset()

    def packed(self) -> dict[str, Any]:
        """Return it for the page's script: names, headings, kinds, and a list of values a column.

        Numbers keep six significant digits, missing values are null, times are ISO 8601.
        """
        names = [str(name) for name in self.frame]
        return {
            "columns": names,
            "titles": [self.titles.get(name, name.replace("_", " ")) for name in names],
            "kinds": [self._kind(name) for name in names],
            "values": [_values(self.frame[name]) for name in self.frame],
        }

    def _kind(self, name: str) -> str:
        if name in self.shares:
            return "share"
        if name in self.dollars:
            return "dollars"
        return "number" if pd.api.types.is_numeric_dtype(self.frame[name]) else "text"


def trials(result: SearchResult) -> Table:
    """Return the explorer's trials; parameters that no trial has are left out."""
    titles = {"number": "trial", **_relative(result), "size": size_title(result)}
    frame = _lean(result, result.trials)
    if result.spoken:
        frame = frame.assign(mechanism=[_built(result, row) for row in _records(result.trials)])
    return Table(frame, titles, SHARES, DOLLARS)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _built(result: SearchResult, trial: dict[str, Any]) -> str:
    """Return a trial's mechanism, as the transcripts name it."""
    name = trial["candidate"]
    free = result.study.candidates[name].space
    return str(result.study.candidates[name].build({p: trial[f"{name}.{p}"] for p in free}))


def evidence(result: SearchResult) -> Table:
    """Return the certifier's doses."""
    titles = {
        **_relative(result),
        "size": size_title(result),
        "lo": "lower bound",
        "hi": "upper bound",
        "episodes": "fresh episodes",
    }
    return Table(_lean(result, result.evidence), titles, SHARES | {"lo", "hi"})


def _relative(result: SearchResult) -> dict[str, str]:
    share = f"share of {result.study.target.relative_to}"
    return {"efficiency": share, "efficiency_lo": "95% from", "efficiency_hi": "to"}


def _lean(result: SearchResult, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out columns without values, and parameters that are the size."""
    again = [name for name in frame if str(name).endswith(f".{result.study.minimise}")]
    return frame.drop(columns=again).dropna(axis="columns", how="all")


def answers(result: SearchResult) -> Table:
    """Return the answers in their order, the study's first, each with the ranks left open."""
    places = {place.name: place for place in result.ranking}
    rows = [
        {
            "rank": rank_words(places[a.candidate]),
            "mechanism": rounded(a.mechanism),
            "status": a.status.replace("_", " "),
            "lo": a.interval[0],
            "hi": a.interval[1],
            "efficiency": a.efficiency.mean,
            "efficiency_lo": a.efficiency.ci95[0],
            "efficiency_hi": a.efficiency.ci95[1],
            "spend": a.spend.mean,
            "spend_share": a.spend_share,
            "subsidy": a.subsidy.mean,
            "episodes": a.efficiency.n,
            "not_told_apart_from": ", ".join(places[a.candidate].level) or "none",
        }
        for a in result.answers
    ]
    size = size_title(result)
    titles = {
        "lo": f"{size}, lo",
        "hi": f"{size}, hi",
        "efficiency": "share of perfect play",
        "efficiency_lo": "95% from",
        "efficiency_hi": "to",
        "spend_share": "% of revenue",
        "episodes": "fresh episodes",
    }
    return Table(pd.DataFrame(rows), titles, SHARES, DOLLARS)


def _values(column: pd.Series[Any]) -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(column):
        return [None if pd.isna(t) else t.isoformat(timespec="milliseconds") for t in column]
    return [_value(value) for value in column.tolist()]


def _value(value: Any) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 1e15 else float(f"{value:.6g}")
    return value if isinstance(value, (bool, int, str)) or value is None else str(value)
