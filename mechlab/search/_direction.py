"""The way along which a mechanism is certified: from no incentive through the believed answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from mechlab.flows import Array
from mechlab.search._directions import directions_through, refined
from mechlab.search._threshold import Belief

Purpose = Literal["upper", "lower"]


@dataclass(frozen=True)
class Dose:
    """A dose to play: its place on the ray, its setting and what is hoped to be shown."""

    t: float
    params: dict[str, Any]
    purpose: Purpose


@dataclass(frozen=True)
class Direction:
    """One way through the parameters, t from 0 (all numbers lowest) to 1 (the range's end).

    With one number this is its range. With several it is the straight line through ``aim``, words
    fixed.

    Attributes:
        belief: what is known of the mechanism.
        aim: a setting, such as the one believed to be the cheapest sufficient one.
    """

    belief: Belief
    aim: Mapping[str, Any]

    @cached_property
    def _ends(self) -> tuple[Array, Array]:
        only = directions_through(
            self.belief.space, self.belief.space.encode([self.aim]), np.zeros(1)
        )
        return only.start[0], only.end[0]

    def points(self, t: Array) -> Array:
        """Return the valid points (len(t), width) nearest to positions t."""
        start, end = self._ends
        return self.belief.space.rounded(start + np.asarray(t)[:, None] * (end - start))

    def params(self, t: float) -> dict[str, Any]:
        """Return the valid setting nearest to position t."""
        return self.belief.space.decode(self.points(np.array([t]))[0])

    def position(self, params: Mapping[str, Any]) -> float:
        """Return the position on the ray nearest to a setting."""
        start, end = self._ends
        way = end - start
        return float((self.belief.space.encode([params])[0] - start) @ way / max(way @ way, 1e-12))

    def position_of(self, x: Sequence[float]) -> float | None:
        """Return the position of a point (width,), or None where it is not on the ray."""
        start, end = self._ends
        way, off = end - start, np.asarray(x) - start
        t = float(off @ way) / max(float(way @ way), 1e-12)
        return t if np.abs(off - t * way).max(initial=0.0) < 1e-9 else None

    def dose(self, t: float, purpose: Purpose) -> Dose:
        """Return the valid dose nearest to position t."""
        params = self.params(t)
        return Dose(self.position(params), params, purpose)

    def next_valid(self, t: float, towards: float) -> float:
        """Return the first valid position from t on, in the direction of a valid one."""
        for at in np.linspace(t, towards, 65):
            position = self.position(self.params(at))
            if (position - t) * np.sign(towards - t) >= -1e-9:
                return position
        return towards

    def settings_between(self, low: float, high: float) -> int:
        """Return how many valid settings lie strictly between two valid positions."""
        return max(0, len(np.unique(self.points(np.linspace(low, high, 65)), axis=0)) - 2)

    def sizes(self, t: Array) -> Array:
        """Return the (expected) sizes at positions t."""
        return self.belief.sizes(self.points(t))

    def bend(self, low: float, t: float, high: float) -> tuple[float, Array]:
        """Return how far the observed size at t lies off the straight line from low to high, by
        what is believed on average, and by each drawn curve (S,)."""
        x = self.points(np.array([low, t, high]))
        share = (t - low) / (high - low) if high > low else 1.0
        off = np.array([share - 1.0, 1.0, -share])
        return float(self.belief.sizes(x) @ off), self.belief.draw_sizes(x) @ off

    def smallest_size_beyond(self, t: float) -> float:
        """Return the smallest observed size that is believed to lie at position t or further on:
        a fine so large that nobody has to pay it costs less than a small one."""
        return float(self.belief.draw_sizes(self._rest(t)).min(axis=1).mean())

    def cheapest(self, t: float) -> tuple[float, float]:
        """Return the position from t on that is believed to be the cheapest sufficient one, and
        its observed size; inf where none is believed to be sufficient."""
        x = self._rest(t)
        enough = self.belief.posterior.mean(x) >= self.belief.target
        sizes = np.where(enough, self.belief.sizes(x), np.inf)
        at = int(sizes.argmin())
        return self.position(self.belief.space.decode(x[at])), float(sizes[at])

    def _rest(self, t: float) -> Array:
        return self.points(np.linspace(min(t, 1.0), 1.0, 41))

    def curve(self, t: Array) -> Array:
        """Return the believed mean efficiency at positions t."""
        return self.belief.posterior.mean(self.points(t))

    @cached_property
    def crossings(self) -> Array:
        """Positions at which drawn curves first reach the target (S,); inf where never."""
        coarse = np.unique(np.concatenate([np.geomspace(1e-3, 1, 40), np.linspace(0, 1, 41)]))
        first = self.belief.first_crossing(self.points(coarse), coarse)
        found = first[np.isfinite(first)]
        if len(found) < len(first) // 20:
            return first
        fine = refined(coarse, *np.quantile(found, [0.01, 0.99]))
        return self.belief.first_crossing(self.points(fine), fine)

    @cached_property
    def crossing(self) -> tuple[float, float]:
        """The median of the crossings, and half the width of their central 68%."""
        found = self.crossings[np.isfinite(self.crossings)]
        low, mid, high = np.quantile(found, [0.16, 0.5, 0.84])
        return float(mid), float(high - low) / 2.0

    def rise_positions(self, low: float, high: float, shares: Array) -> tuple[Array, Array]:
        """Return where between two positions the curve has made shares (n,) of its rise.

        Only its shape matters: it is moved and stretched to whatever its two ends turn out to be.

        Returns:
            Positions (n,) by what is believed on average, and by each drawn curve (S, n).
        """
        t = np.linspace(low, high, 101)
        x = self.points(t)
        drawn = [_risen(curve, t, shares) for curve in self.belief.draw(x)]
        return _risen(self.belief.posterior.mean(x), t, shares), np.array(drawn)


def _risen(curve: Array, t: Array, shares: Array) -> Array:
    """Return where a curve (G,) at positions t (G,) has made shares of its rise."""
    curve = np.maximum.accumulate(curve)
    rise = curve + (curve[-1] - curve[0] + 1e-6) * np.linspace(0.0, 0.02, len(t))  # strictly
    return np.asarray(np.interp(rise[0] + shares * (rise[-1] - rise[0]), rise, t))
