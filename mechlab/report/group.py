"""Who the agents of a study are: what limits them, and what the emulated ones rest on."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from mechlab.agents.emulated import Emulated, stored
from mechlab.analysis.decomposition import CONDITIONS, decompose
from mechlab.report.chart import Chart
from mechlab.report.decomposition import map_chart, sentences
from mechlab.report.replay import EPISODES, OFFLINE
from mechlab.report.tables import Table
from mechlab.report.words import rounded
from mechlab.search.results import SearchResult
from mechlab.study import BASELINE

PUBLISHED = "sharing_bonus(rate=1000)"  # tried as the incentive where the answer is none
_SHOWN = {
    "condition": "condition",
    "measure": "measure",
    "target": "published",
    "tolerance": "tolerance",
    "ours": "emulated",
    "factor": "off by a factor of",
    "inside": "inside",
    "fitted": "fitted",
    "reason": "why not",
    "source": "source",
}


@dataclass(frozen=True)
class Group:
    """What a page says of the agents.

    Attributes:
        said: what limits the group, in sentences; none where it was not taken apart.
        charts: the map of cooperation against competence.
        fits: a sentence on each emulated agent: how well it meets the figures it was fitted to.
        residuals: every published figure of these agents beside ours; None without such agents.
    """

    said: tuple[str, ...]
    charts: list[Chart]
    fits: list[str]
    residuals: Table | None


def group_of(result: SearchResult) -> Group:
    """Take the group of a study apart, where that costs nothing, and tell what it rests on."""
    said, charts = _taken_apart(result)
    fits, residuals = _fits(result)
    return Group(said, charts, fits, residuals)


def _taken_apart(result: SearchResult) -> tuple[tuple[str, ...], list[Chart]]:
    study, best = result.study, result.best.candidate
    possible = study.group.kinds <= OFFLINE and set(CONDITIONS) <= set(study.played.conditions)
    if not possible:
        return (), []
    paid = study.candidates.keys() - {BASELINE}
    incentive = rounded(result.best.mechanism) if best in paid else PUBLISHED
    found = decompose(
        study.played,
        study.group.members,
        episodes=EPISODES,
        seed=study.seed,
        incentive=incentive,
    )
    return sentences(found), [map_chart(found)]


def _fits(result: SearchResult) -> tuple[list[str], Table | None]:
    names = dict.fromkeys(m.name for m in result.study.group.members if isinstance(m, Emulated))
    known = {name: stored()["models"][name] for name in names if name in stored()["models"]}
    rows = [
        {"agent": name, **{key: row[key] for key in _SHOWN}}
        for name, entry in known.items()
        for row in entry["figures"]
        if row["measure"]
    ]
    if not rows:
        return [], None
    frame = pd.DataFrame(rows)
    frame["factor"] = pd.to_numeric(frame["factor"])  # undefined where there is none
    for name in ("inside", "fitted"):
        frame[name] = frame[name].map({True: "yes", False: "no"})
    fits = [_fit(n, frame[frame["agent"] == n], known[n]["borrowed"]) for n in known]
    return fits, Table(frame, _SHOWN)


def _fit(name: str, rows: pd.DataFrame, borrowed: list[str]) -> str:
    fitted = rows[rows["fitted"] == "yes"]
    inside = int((fitted["inside"] == "yes").sum())
    text = (
        f"{name}: {inside} of the {len(fitted)} published figures that it was fitted to lie within "
        "their published interval, or within 10% where none was published"
    )
    missed = fitted[fitted["inside"] == "no"]
    named = zip(missed["measure"], missed["condition"], strict=True)
    worst = "; not met: " + ", ".join(f"{m} ({c})".replace("_", " ") for m, c in named)
    lent = f"; borrowed from other models: {', '.join(borrowed)}" if borrowed else ""
    return f"{text}{worst if len(missed) else ''}{lent}."
