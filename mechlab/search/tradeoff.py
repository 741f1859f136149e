"""What efficiency costs: every setting that was played, with its efficiency, spend and subsidy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from mechlab.search.explore import own
from mechlab.search.pareto import beaten, pareto
from mechlab.search.play import sizes
from mechlab.search.results import SearchResult
from mechlab.search.trials import REACHED
from mechlab.statistics import summarise
from mechlab.study import MONEY, Study

Played = tuple[
    str, Mapping[str, Any], Mapping[str, Any], bool
]  # candidate, parameters, outcome, fresh
_MEASURES = {"efficiency": REACHED, **{name: name for name in MONEY}}


def tradeoff(study: Study, played: Iterable[Played]) -> pd.DataFrame:
    """Return a row a setting, all its episodes together; see ``SearchResult.tradeoff``.

    The intervals hold all at once, with the study's confidence: each of the three a row has its
    share of the permitted error (Bonferroni). A setting of one episode has none.
    """
    settings: dict[tuple[Any, ...], list[Played]] = {}
    for one in played:
        settings.setdefault((one[0], *sorted(one[1].items())), []).append(one)
    error = (1.0 - study.target.confidence) / max(1, len(settings) * len(_MEASURES))
    frame = pd.DataFrame([_row(study, some, 1.0 - error) for some in settings.values()])
    if frame.empty:
        return frame
    return frame.assign(**dict(_marks(frame)))


def as_json(result: SearchResult) -> dict[str, Any]:
    """Return the ranking and the settings on each frontier as plain JSON values."""
    frame = result.tradeoff
    ranked = [
        {**asdict(place), "interval": [_finite(end) for end in place.interval]}
        for place in result.ranking
    ]
    frontier = {
        cost: [_option(row, cost) for _, row in frame[frame[f"{cost}_frontier"]].iterrows()]
        for cost in MONEY
        if len(frame)
    }
    return {"ranking": ranked, "frontier": frontier}


def _option(row: pd.Series[Any], cost: str) -> dict[str, Any]:
    name = str(row["candidate"])
    mine = {str(p): v for p, v in row.items() if str(p).startswith(f"{name}.") and not pd.isna(v)}
    ends = ("", "_lo", "_hi")
    return {
        "candidate": name,
        "params": own(name, mine),
        "episodes": int(row["episodes"]),
        **{m: [float(row[f"{m}{end}"]) for end in ends] for m in ("efficiency", cost)},
    }


def _finite(end: float) -> float | None:
    return end if math.isfinite(end) else None


def _row(study: Study, played: list[Played], level: float) -> dict[str, Any]:
    name, params = played[0][:2]
    outcomes = [outcome for *_, outcome, _ in played]
    size = [s for outcome in outcomes for s in sizes(study, name, own(name, params), outcome)]
    row = {
        "candidate": name,
        "size": float(np.mean(size)),
        "episodes": len(size),
        "fresh": sum(len(outcome[REACHED]) for *_, outcome, fresh in played if fresh),
    }
    for measure, key in _MEASURES.items():
        found = summarise(np.array([v for outcome in outcomes for v in outcome[key]]), level)
        row |= {measure: found.mean, f"{measure}_lo": found.ci95[0], f"{measure}_hi": found.ci95[1]}
    return {**row, **params}


def _marks(frame: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    gain = frame[["efficiency_lo", "efficiency_hi"]]
    for cost in MONEY:
        yield f"{cost}_frontier", pareto(frame["efficiency"], frame[cost])
        yield f"{cost}_beaten", beaten(gain, frame[[f"{cost}_lo", f"{cost}_hi"]])
