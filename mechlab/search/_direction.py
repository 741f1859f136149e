"""The direction along which a mechanism is certified: from no incentive through a chosen setting.

Symbols: t is a position, 0 with all numbers at their lowest, 1 at the end of the range; W is the
number of coordinates, S of drawn curves (see ``Belief``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from mechlab.flows import Array
from mechlab.search._directions import SURROUNDINGS, directions_through, refined
from mechlab.search._threshold import CENTRAL, MIN_CROSSINGS, Belief

Purpose = Literal["upper", "lower"]

STEPS = 65  # positions tried in looking for valid settings: every one of a range of 64 units
COARSE = 41  # positions for the whole range


@dataclass(frozen=True)
class Dose:
    """A dose to play.

    Attributes:
        t: its position; inf where it is no position on the direction.
        params: its setting.
        purpose: the end of the interval that it is hoped to show: "upper" where the dose is
            believed to be enough, "lower" where it is believed to be too little.
    """

    t: float
    params: dict[str, Any]
    purpose: Purpose


@dataclass(frozen=True)
class Direction:
    """One direction through the parameters, with what is believed along it.

    With one number it is that number's range. With several it is the straight line through ``aim``,
    its categories fixed.

    Attributes:
        belief: what is known of the mechanism.
        aim: a setting, such as the one believed to be the smallest sufficient one.
    """

    belief: Belief
    aim: Mapping[str, Any]

    @cached_property
    def _ends(self) -> tuple[Array, Array]:
        """The points (W,) at t = 0 and t = 1."""
        space = self.belief.space
        one = directions_through(space, space.encode([self.aim]), np.zeros(1))
        return one.start[0], one.end[0]

    def points(self, t: Array) -> Array:
        """Return the valid points (len(t), W) nearest to positions t."""
        start, end = self._ends
        return self.belief.space.rounded(start + np.asarray(t)[:, None] * (end - start))

    def params(self, t: float) -> dict[str, Any]:
        """Return the valid setting nearest to position t."""
        return self.belief.space.decode(self.points(np.array([t]))[0])

    def position(self, params: Mapping[str, Any]) -> float:
        """Return the position nearest to a setting."""
        return self._projected(self.belief.space.encode([params])[0])[0]

    def _projected(self, x: Array) -> tuple[float, float]:
        """Return the position nearest to a point (W,), and the largest distance of a coordinate."""
        start, end = self._ends
        way, off = end - start, x - start
        t = float(off @ way / max(float(way @ way), 1e-12))
        return t, float(np.abs(off - t * way).max(initial=0.0))

    def dose(self, t: float, purpose: Purpose) -> Dose:
        """Return the valid dose nearest to position t."""
        params = self.params(t)
        return Dose(self.position(params), params, purpose)

    def next_valid(self, t: float, towards: float) -> float:
        """Return the first valid position from t on, on the way to the valid one ``towards``."""
        for at in np.linspace(t, towards, STEPS):
            position = self.position(self.params(at))
            if (position - t) * np.sign(towards - t) >= -1e-9:
                return position
        return towards

    def positions_between(self, low: float, high: float) -> list[float]:
        """Return the valid positions strictly between two valid ones (at most 63)."""
        points = np.unique(self.points(np.linspace(low, high, STEPS)), axis=0)
        positions = sorted({self._projected(x)[0] for x in points})
        return positions[1:-1]

    def sizes(self, t: Array) -> Array:
        """Return the (expected) sizes at positions t."""
        return self.belief.sizes(self.points(t))

    def curve(self, t: Array) -> Array:
        """Return the believed mean efficiency at positions t."""
        return self.belief.posterior.mean(self.points(t))

    def smallest_size_from(self, t: float) -> float:
        """Return the smallest observed size that is believed to lie at position t or beyond: a fine
        so large that nobody has to pay it costs less than a small one."""
        return float(self.belief.draw_sizes(self._rest(t)).min(axis=1).mean())

    def cheapest(self, t: float) -> tuple[float, float]:
        """Return the position from t on that is believed to be enough at the smallest observed
        size, and that size; inf where none is believed to be enough."""
        x = self._rest(t)
        enough = self.belief.posterior.mean(x) >= self.belief.target
        sizes = np.where(enough, self.belief.sizes(x), np.inf)
        at = int(sizes.argmin())
        return self.position(self.belief.space.decode(x[at])), float(sizes[at])

    def _rest(self, t: float) -> Array:
        return self.points(np.linspace(min(t, 1.0), 1.0, COARSE))

    @cached_property
    def crossings(self) -> Array:
        """Positions at which drawn curves first reach the target (S,), inf where they never do;
        found on the whole range, then again close to where they are."""
        coarse = np.unique(np.concatenate([np.geomspace(1e-3, 1, 40), np.linspace(0, 1, COARSE)]))
        first = self.belief.first_crossing(self.points(coarse), coarse)
        finite = first[np.isfinite(first)]
        if len(finite) < MIN_CROSSINGS:
            return first
        fine = refined(coarse, *np.quantile(finite, SURROUNDINGS))
        return self.belief.first_crossing(self.points(fine), fine)

    @cached_property
    def crossing(self) -> tuple[float, float]:
        """The median of the crossings, and half the width of their central 68%."""
        finite = self.crossings[np.isfinite(self.crossings)]
        low, median, high = np.quantile(finite, CENTRAL)
        return float(median), float(high - low) / 2.0
