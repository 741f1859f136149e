"""Which mechanisms are worth their cost, and which differences between them the data support."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mechlab.search.trials import ATTAINMENT, short_names, sizes
from mechlab.statistics import summarise
from mechlab.study import MONEY, Study

Interval = tuple[float, float]


def pareto(efficiency: ArrayLike, cost: ArrayLike) -> NDArray[np.bool_]:
    """Return which of n options no other beats: none is as cheap and as efficient, and not equal.

    Args:
        efficiency: (n,) more is better.
        cost: (n,) spend or subsidy; less is better.

    An option with a value that is nan is never on the frontier.

    >>> pareto([0.5, 0.8, 0.7, 0.8], [0.0, 900.0, 1000.0, 1200.0]).tolist()
    [True, True, False, False]
    """
    gain, price = np.asarray(efficiency, dtype=float), np.asarray(cost, dtype=float)
    known = np.isfinite(gain) & np.isfinite(price)
    no_worse = (gain[:, None] >= gain) & (price[:, None] <= price)  # row against column
    beats = no_worse & ((gain[:, None] > gain) | (price[:, None] < price))
    return np.asarray(known & ~beats[known].any(axis=0))


def dominated(efficiency: ArrayLike, cost: ArrayLike) -> NDArray[np.bool_]:
    """Return which of n options another one beats for certain, on both counts.

    Args:
        efficiency, cost: (n, 2) intervals that all hold at once (n options need intervals at
            1 - alpha / (2 n) each).

    An option that is neither on the front of means nor dominated for certain is undecided.

    >>> dominated([[0.7, 0.8], [0.4, 0.5], [0.6, 0.75]], [[10, 20], [30, 40], [15, 25]]).tolist()
    [False, True, False]
    """
    gain, price = np.asarray(efficiency, dtype=float), np.asarray(cost, dtype=float)
    surely = (gain[:, None, 0] > gain[:, 1]) & (price[:, None, 1] < price[:, 0])
    return np.asarray(surely.any(axis=0))


@dataclass(frozen=True)
class Place:
    """A mechanism's place among others by the size that it needs.

    Attributes:
        name, interval: the mechanism, and the interval of its smallest sufficient size.
        first, last: the best and the worst rank that the intervals leave open, from 1.
        level: the mechanisms from which no difference is supported.
    """

    name: str
    interval: Interval
    first: int
    last: int
    level: tuple[str, ...]

    @property
    def decided(self) -> bool:
        """Whether the data leave only one rank."""
        return self.first == self.last


def ranking(intervals: Mapping[str, Interval]) -> list[Place]:
    """Rank mechanisms by their smallest sufficient size, the smallest first.

    Two mechanisms differ where their intervals do not meet. As the intervals of certificates all
    hold at once, so do all of these differences and ranks, without further correction (Klein,
    Wright & Wieczorek 2020, "A joint confidence region for an overall ranking of populations").

    Args:
        intervals: by mechanism; (inf, inf) where no size is sufficient, and an infinite upper end
            where none was shown to be.

    >>> for place in ranking({"fine": (40, 60), "bonus": (100, 130), "royalty": (120, 150)}):
    ...     print(place.name, place.first, place.last, place.level)
    fine 1 1 ()
    bonus 2 3 ('royalty',)
    royalty 2 3 ('bonus',)
    """
    return sorted(
        (_place(name, intervals) for name in intervals),
        key=lambda place: (place.interval[1], place.interval[0], place.name),
    )


def _place(name: str, intervals: Mapping[str, Interval]) -> Place:
    low, high = intervals[name]
    others = {other: ends for other, ends in intervals.items() if other != name}
    smaller = [other for other, ends in others.items() if ends[1] < low]
    larger = [other for other, ends in others.items() if ends[0] > high]
    level = tuple(sorted(others.keys() - {*smaller, *larger}))
    return Place(name, (low, high), 1 + len(smaller), len(intervals) - len(larger), level)


Played = tuple[
    str, Mapping[str, Any], Mapping[str, Any], bool
]  # candidate, parameters, outcome, whether held out
_MEASURES = ("attainment", *MONEY)


def pareto_table(study: Study, played: Iterable[Played]) -> pd.DataFrame:
    """Return a row a setting, all its episodes together; see ``SearchResult.pareto``.

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


def as_json(frame: pd.DataFrame, places: Sequence[Place]) -> dict[str, Any]:
    """Return a ranking and the undominated settings of a table as plain JSON values."""
    ranked = [
        {**asdict(place), "interval": [_finite(end) for end in place.interval]} for place in places
    ]
    undominated = {
        cost: [_option(row, cost) for _, row in frame[frame[f"{cost}_pareto"]].iterrows()]
        for cost in MONEY
        if len(frame)
    }
    return {"ranking": ranked, "pareto": undominated}


def _option(row: pd.Series[Any], cost: str) -> dict[str, Any]:
    name = str(row["candidate"])
    mine = {str(p): v for p, v in row.items() if str(p).startswith(f"{name}.") and not pd.isna(v)}
    ends = ("", "_lower", "_upper")
    return {
        "candidate": name,
        "params": short_names(name, mine),
        "episodes": int(row["episodes"]),
        **{m: [float(row[f"{m}{end}"]) for end in ends] for m in ("attainment", cost)},
    }


def _finite(end: float) -> float | None:
    return end if math.isfinite(end) else None


def _row(study: Study, played: list[Played], level: float) -> dict[str, Any]:
    name, params = played[0][:2]
    outcomes = [outcome for *_, outcome, _ in played]
    size = [
        s for outcome in outcomes for s in sizes(study, name, short_names(name, params), outcome)
    ]
    row = {
        "candidate": name,
        "size": float(np.mean(size)),
        "episodes": len(size),
        "held_out": sum(len(outcome[ATTAINMENT]) for *_, outcome, held_out in played if held_out),
    }
    for measure in _MEASURES:
        found = summarise(np.array([v for outcome in outcomes for v in outcome[measure]]), level)
        row |= {
            measure: found.mean,
            f"{measure}_lower": found.ci95[0],
            f"{measure}_upper": found.ci95[1],
        }
    return {**row, **params}


def _marks(frame: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    gain = frame[["attainment_lower", "attainment_upper"]]
    for cost in MONEY:
        yield f"{cost}_pareto", pareto(frame["attainment"], frame[cost])
        yield f"{cost}_dominated", dominated(gain, frame[[f"{cost}_lower", f"{cost}_upper"]])
