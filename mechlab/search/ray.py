"""The way along which a mechanism is certified: from no incentive through the believed answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from mechlab.flows import Array
from mechlab.search.belief import Belief

Purpose = Literal["hi", "lo"]


@dataclass(frozen=True)
class Dose:
    """A dose to play: its place on the ray, its setting and what is hoped to be shown."""

    t: float
    params: dict[str, Any]
    purpose: Purpose


@dataclass(frozen=True)
class Ray:
    """One way through the parameters, t from 0 (all numbers lowest) to 1 (the range's end).

    With one number this is its range. With several it is the straight line through the setting
    believed to be the cheapest sufficient one, words fixed.
    """

    belief: Belief

    @cached_property
    def _ends(self) -> tuple[Array, Array]:
        space = self.belief.space
        best = space.encode([self.belief.best])[0]
        start, numbers = best.copy(), space.numbers
        start[:numbers] = 0.0
        reach = best[:numbers].max(initial=0.0)
        if reach <= 0.0:
            best[:numbers], reach = 1.0, 1.0
        end = best.copy()
        end[:numbers] = best[:numbers] / reach
        return start, end

    def x(self, t: Array) -> Array:
        """Return the valid points (len(t), width) nearest to positions t."""
        start, end = self._ends
        return self.belief.space.valid(start + np.asarray(t)[:, None] * (end - start))

    def params(self, t: float) -> dict[str, Any]:
        """Return the valid setting nearest to position t."""
        return self.belief.space.decode(self.x(np.array([t]))[0])

    def position(self, params: Mapping[str, Any]) -> float:
        """Return the position on the ray nearest to a setting."""
        start, end = self._ends
        way = end - start
        return float((self.belief.space.encode([params])[0] - start) @ way / max(way @ way, 1e-12))

    def dose(self, t: float, purpose: Purpose) -> Dose:
        """Return the valid dose nearest to position t."""
        params = self.params(t)
        return Dose(self.position(params), params, purpose)

    def valid(self, t: float, towards: float) -> float:
        """Return the first valid position from t on, in the direction of a valid one."""
        for at in np.linspace(t, towards, 65):
            position = self.position(self.params(at))
            if (position - t) * np.sign(towards - t) >= -1e-9:
                return position
        return towards

    def adjacent(self, low: float, high: float) -> bool:
        """Whether no valid position lies between two valid ones."""
        inner = self.x(np.linspace(low, high, 65))
        return len(np.unique(inner, axis=0)) <= 2

    def sizes(self, t: Array) -> Array:
        """Return the (expected) sizes at positions t."""
        return self.belief.sizes(self.x(t))

    def curve(self, t: Array) -> Array:
        """Return the believed mean efficiency at positions t."""
        return self.belief.posterior.mean(self.x(t))

    @cached_property
    def crossings(self) -> Array:
        """Positions at which drawn curves first reach the target (S,); inf where never."""
        coarse = np.unique(np.concatenate([np.geomspace(1e-3, 1, 40), np.linspace(0, 1, 41)]))
        first = self.belief.first(self.x(coarse), coarse)
        found = first[np.isfinite(first)]
        if len(found) < len(first) // 20:
            return first
        cells = np.searchsorted(coarse, np.quantile(found, [0.01, 0.99]))
        low, high = coarse[max(0, cells[0] - 1)], coarse[min(cells[1] + 1, len(coarse) - 1)]
        fine = np.union1d(coarse[::2], np.linspace(low, high, 60))
        return self.belief.first(self.x(fine), fine)
