"""Which episodes to play next: at two doses on either side of where the answer is believed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mechlab.pilot.confirm import Look
from mechlab.pilot.emulate import Line, Offline

APART = 0.15  # of the believed size: how far either dose is from it
FARTHEST = 0.3  # where the fit leaves open where it is
CLOSEST = 0.02  # of the range, at least
REACH = 2.5  # half-widths of a bracket from its middle: how far episodes count
MIDDLE = 0.25  # of a bracket, from either end: it is kept while the answer is believed inside
WIDE = 1.5  # times the half-width that is wanted: a bracket is kept up to that
BENT = 0.015  # doses move half as far where the bend moves the answer by more than that share
BEGIN = 8  # episodes of the first bracket
FEWEST = 24  # near the answer before anything is said: of fewer the spread is too unsure to stop by
NARROW = 0.07  # widest interval of an answer, relative to its upper end: as a search's
"""See ``mechlab.search.certifier``: an interval 1.4 tolerances of 5% wide is narrow enough."""


@dataclass(frozen=True)
class Bracket:
    """Two doses of a line: the lower hoped to be too little, the upper to be enough."""

    low: float
    high: float

    @classmethod
    def around(cls, line: Line, size: float, apart: float = APART) -> Bracket:
        """Return the bracket around a size, within the line's range."""
        inside = min(max(size, line.low), line.high)
        half = max(apart * inside, CLOSEST * (line.high - line.low))
        return cls(max(line.low, inside - half), min(line.high, inside + half))

    @classmethod
    def first(cls, line: Line, found: Offline) -> Bracket:
        """Return the bracket that the emulated agents advise, as wide as their draws differ."""
        drawn = np.minimum(found.draws, line.high)
        size = min(found.size, line.high)
        apart = float(drawn.std()) / size if size > 0.0 else APART
        return cls.around(line, size, min(max(apart, APART), FARTHEST))

    def near(self, size: float) -> bool:
        """Whether episodes at a size count: whether it is within reach of the middle."""
        middle = (self.low + self.high) / 2.0
        return abs(size - middle) <= REACH * (self.high - middle)

    def moved(self, line: Line, size: float, bend: float) -> Bracket:
        """Return the bracket for the next episodes: this one while it is as good as another.

        Args:
            line: the candidate.
            size: where the answer is believed.
            bend: of the look, see there.
        """
        way = self.high - self.low
        inside = self.low + MIDDLE * way <= size <= self.high - MIDDLE * way
        wide = way > 2.0 * WIDE * APART * size
        if inside and not wide and bend <= BENT:
            return self
        return Bracket.around(line, size, APART if wide or bend <= BENT else way / size / 4.0)

    def doses(self, size: float, episodes: int) -> dict[float, int]:
        """Return how many of some episodes to play at each end, so that their mean is a size."""
        share = (size - self.low) / (self.high - self.low)
        upper = round(episodes * min(max(share, 0.0), 1.0))
        return {self.low: episodes - upper, self.high: upper}


def wanted(look: Look) -> int:
    """Return how many episodes to play before the next look: half of what narrow seems to take.

    An even number, at least four, and at most as many as there are.
    """
    luck = max(NARROW**2 - (2.0 * look.bend) ** 2, (NARROW / 2.0) ** 2)  # what the bend leaves
    need = max(FEWEST, look.episodes * look.width**2 / luck) - look.episodes
    return 2 * math.ceil(min(max(4.0, need / 2.0), look.episodes) / 2.0)


def believed(line: Line, found: Offline, look: Look | None, means: Mapping[float, float]) -> float:
    """Return where the answer is believed: where the look has it, or else where it may yet lie.

    Args:
        line: the candidate.
        found: what emulated agents say of it, who are asked beyond all that was played.
        look: the latest look at its episodes, None before the first.
        means: of its episodes by size, those included that the look leaves out.
    """
    if look is None or math.isfinite(look.size):
        return look.size if look else found.size
    target = line.study.target.efficiency
    below = max((x for x in means if means[x] < target), default=None)
    if below is None:
        least = min(means)
        return found.size if found.size < least else (line.low + least) / 2.0
    above = min((x for x in means if x > below), default=None)
    if above is None:
        return found.size if found.size > below else (below + line.high) / 2.0
    share = (target - means[below]) / (means[above] - means[below])
    return below + share * (above - below)
