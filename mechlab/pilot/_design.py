"""Which episodes to play next: at two doses, one on either side of the believed answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mechlab.pilot._confirm import Estimate
from mechlab.pilot._emulate import DoseRange, Emulation

# What a pilot costs with these widths: benchmarks/pilot.py.
APART = 0.15  # of the believed size, from it to either dose: wider bends, narrower tells no slope
FARTHEST = 0.3  # the same where the draws of the fit disagree: beyond, the bend dominates
CLOSEST = 0.02  # of the range: closer doses hardly differ
REACH = 2.5  # half-widths from a bracket's middle where episodes still count: 1 for its own doses
MIDDLE = 0.25  # of a bracket from either end: while the answer is believed inside, it is kept
WIDE = 1.5  # times the half-width aimed at: up to that a bracket is kept
BENT = 0.015  # share by which the bend may move the answer before the doses move half as far apart
BEGIN = 8  # episodes of the first bracket: four a dose show its side of the target
FEWEST = 24  # episodes near the answer before it is decided: of fewer the spread is too uncertain
NARROW = 0.07  # widest interval, relative to its upper end: as in a search


@dataclass(frozen=True)
class Bracket:
    """Two doses of a candidate: the lower believed too small, the upper enough."""

    low: float
    high: float

    @classmethod
    def around(cls, candidate: DoseRange, size: float, apart: float = APART) -> Bracket:
        """Return the bracket around a size, within the candidate's range."""
        inside = min(max(size, candidate.low), candidate.high)
        half = max(apart * inside, CLOSEST * (candidate.high - candidate.low))
        return cls(max(candidate.low, inside - half), min(candidate.high, inside + half))

    @classmethod
    def first(cls, emulation: Emulation) -> Bracket:
        """Return the bracket that the emulated agents advise, as wide as their draws differ."""
        candidate = emulation.candidate
        drawn = np.minimum(emulation.draws, candidate.high)
        size = min(emulation.size, candidate.high)
        apart = float(drawn.std()) / size if size > 0.0 else APART
        return cls.around(candidate, size, min(max(apart, APART), FARTHEST))

    def near(self, size: float) -> bool:
        """Whether episodes at a size count: whether it is within reach of the middle."""
        middle = (self.low + self.high) / 2.0
        return abs(size - middle) <= REACH * (self.high - middle)

    def moved(self, candidate: DoseRange, size: float, bend: float) -> Bracket:
        """Return the bracket for the next episodes: this one while it is as good as another.

        ``size`` is where the answer is believed; for ``bend`` see ``Estimate``.
        """
        way = self.high - self.low
        inside = self.low + MIDDLE * way <= size <= self.high - MIDDLE * way
        wide = way > 2.0 * WIDE * APART * size
        if inside and not wide and bend <= BENT:
            return self
        return Bracket.around(candidate, size, APART if wide or bend <= BENT else way / size / 4.0)

    def doses(self, size: float, episodes: int) -> dict[float, int]:
        """Return how many of some episodes to play at each end, so that their mean is a size."""
        share = (size - self.low) / (self.high - self.low)
        upper = round(episodes * min(max(share, 0.0), 1.0))
        return {self.low: episodes - upper, self.high: upper}


def next_episodes(estimate: Estimate) -> int:
    """Return how many episodes to play before the next estimate: half of what narrow seems to take.

    An even number, at least four, and at most as many as there are.
    """
    luck = max(NARROW**2 - (2.0 * estimate.bend) ** 2, (NARROW / 2.0) ** 2)  # what the bend leaves
    need = max(FEWEST, estimate.episodes * estimate.width**2 / luck) - estimate.episodes
    return 2 * math.ceil(min(max(4.0, need / 2.0), estimate.episodes) / 2.0)


def believed_size(
    emulation: Emulation, estimate: Estimate | None, means: Mapping[float, float]
) -> float:
    """Return where the answer is believed: where the estimate has it, or else where it may yet lie.

    Args:
        emulation: what emulated agents say of a candidate; asked beyond all that was played.
        estimate: the latest estimate at its episodes, None before the first.
        means: of its episodes by size, those included that the estimate leaves out.
    """
    if estimate is None or math.isfinite(estimate.size):
        return estimate.size if estimate else emulation.size
    candidate = emulation.candidate
    target = candidate.study.target.efficiency
    below = max((x for x in means if means[x] < target), default=None)
    if below is None:
        least = min(means)
        return emulation.size if emulation.size < least else (candidate.low + least) / 2.0
    above = min((x for x in means if x > below), default=None)
    if above is None:
        return emulation.size if emulation.size > below else (below + candidate.high) / 2.0
    share = (target - means[below]) / (means[above] - means[below])
    return below + share * (above - below)
