"""Fresh episodes of a study's own agents at a size: whether it is enough.

A group-sequential design as in ``mechlab.search.sequences``: the episodes of a size are judged at
planned looks only, and every look, of every size, spends a part of the permitted error that was
fixed beforehand. So all that was ever claimed holds at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from mechlab.pilot.offline import Line
from mechlab.pilot.played import Played
from mechlab.search.sequences import LEAST, Sample, bounds, spent

LOOKS = 3  # at the episodes of one size
GROWTH = 1.5  # of their number, from each look to the next

Shown = Literal["sufficient", "insufficient", "neither"]


@dataclass(frozen=True)
class Look:
    """One look at the fresh episodes of a size.

    Attributes:
        candidate, size, episodes: at what, and at how many.
        mean: efficiency relative to the target's reference point.
        lower, upper: one-sided bounds at the error that the look spends.
        shown: what they show.
    """

    candidate: str
    size: float
    episodes: int
    mean: float
    lower: float
    upper: float
    shown: Shown


@dataclass
class Confirmation:
    """All looks so far."""

    played: Played
    looks: list[Look] = field(default_factory=list)

    def sufficient(self, line: Line) -> float | None:
        """Return the smallest size shown to be enough, None where there is none."""
        shown = self._shown(line, "sufficient")
        return min(shown) if shown else None

    def insufficient(self, line: Line) -> float:
        """Return the largest size shown not to be enough, -inf where there is none."""
        return max(self._shown(line, "insufficient"), default=-np.inf)

    def test(self, line: Line, size: float) -> None:
        """Play fresh episodes at a size and look, until they show something or the looks end."""
        values = np.empty(0)
        for look in range(LOOKS):
            more = int(LEAST * GROWTH**look) - len(values)
            if more > self.played.left:
                return
            run = self.played.play(line.at(size), more)
            values = np.concatenate([values, self.played.reached(run)])
            if self._judged(line, size, values) != "neither":
                return

    def _judged(self, line: Line, size: float, values: np.ndarray) -> Shown:
        target = self.played.study.target
        alpha = (1.0 - target.confidence) * spent(len(self.looks))
        mean, lower, upper = bounds([Sample.of(values.tolist())], [1.0], alpha)
        shown: Shown = "neither"
        if lower >= target.efficiency:
            shown = "sufficient"
        elif upper < target.efficiency:
            shown = "insufficient"
        self.looks.append(Look(line.candidate, float(size), len(values), mean, lower, upper, shown))
        return shown

    def _shown(self, line: Line, what: Shown) -> list[float]:
        return [x.size for x in self.looks if (x.candidate, x.shown) == (line.candidate, what)]
