"""Which mechanisms are worth their cost, and which differences between them the data support."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

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


def beaten(efficiency: ArrayLike, cost: ArrayLike) -> NDArray[np.bool_]:
    """Return which of n options another one beats for certain, on both counts.

    Args:
        efficiency, cost: (n, 2) intervals that all hold at once (n options need intervals at
            1 - alpha / (2 n) each).

    An option that is neither on the frontier of means nor beaten for certain is undecided.

    >>> beaten([[0.7, 0.8], [0.4, 0.5], [0.6, 0.75]], [[10, 20], [30, 40], [15, 25]]).tolist()
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
