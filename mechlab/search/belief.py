"""What exploring believes about one mechanism: where its smallest sufficient incentive lies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from scipy.stats import norm, qmc

from mechlab.flows import Array
from mechlab.search.model import Nodes, Posterior, fit
from mechlab.search.points import Play, gather
from mechlab.search.space import Space

DRAWS = 384
TOLERANCE = 0.05  # how close to the true smallest size an answer should be, as a share of it

Sizes = Callable[[Sequence[Mapping[str, Any]]], Array]


@dataclass(frozen=True)
class Threshold:
    """The smallest sufficient size, as believed.

    Attributes:
        lo, mid, hi: quantiles of the size where efficiency first reaches the target, given that
            it is reached at all; nan where it hardly is.
        reachable: probability that the target is reached anywhere in the range.
    """

    lo: float
    mid: float
    hi: float
    reachable: float


@dataclass(frozen=True)
class Drawn:
    """Curves drawn from the posterior at candidate points, in order of size.

    Attributes:
        x: points (G, width); size: their sizes (G,); curves: efficiencies (S, G).
        least: the smallest sufficient size of each curve (S,), inf where there is none.
        where: index of the candidate at which it is reached (S,).
    """

    x: Array
    size: Array
    curves: Array
    least: Array
    where: np.ndarray


@dataclass(frozen=True)
class Belief:
    """What is known of one mechanism after some plays.

    Attributes:
        name: the mechanism ("" where the study has only one).
        space: its parameters.
        target: efficiency to reach.
        confidence: of the interval in ``threshold``.
        plays: efficiencies of all trials.
        sizes: plays of the observed size, or the function that gives the size.
        shortlist: shapes to which the fit is confined, for speed, and the number of plays after
            which they were chosen.
    """

    name: str
    space: Space
    target: float
    confidence: float
    plays: tuple[Play, ...]
    size: Callable[[Mapping[str, Any]], float] | None = None
    observed: tuple[Play, ...] = ()
    shortlist: tuple[Nodes, int] | None = None

    @cached_property
    def posterior(self) -> Posterior:
        """The fitted model of efficiency."""
        return fit(gather(self.plays, self.space.numbers), self.shortlist and self.shortlist[0])

    def shortlist_for(self, plays: int) -> tuple[Nodes, int] | None:
        """Return the shapes to consider after so many plays; None where all of them are due."""
        nodes, chosen = self.shortlist or (self.posterior.nodes, len(self.plays))
        return (nodes, chosen) if plays < 1.2 * chosen else None

    @cached_property
    def _cost(self) -> tuple[float, Posterior]:
        top = max(max(map(abs, p.values)) for p in self.observed) or 1.0
        scaled = [replace(p, values=tuple(v / top for v in p.values)) for p in self.observed]
        return top, fit(gather(scaled, self.space.numbers))

    def sizes(self, x: Array) -> Array:
        """Return the (expected) size at points (G, width)."""
        if self.size is not None:
            return np.array([self.size(self.space.decode(row)) for row in x], dtype=float)
        top, posterior = self._cost
        return top * posterior.mean(x)

    @cached_property
    def drawn(self) -> Drawn:
        """Posterior curves, first over the whole range, then also where thresholds were found."""
        wide = self._draw(self._everywhere())
        found = wide.where[np.isfinite(wide.least)]
        if len(found) < DRAWS // 20:
            return wide
        return self._draw(np.vstack([wide.x[:: 2 if self.line else 1], self._around(wide, found)]))

    @property
    def line(self) -> bool:
        """Whether there is one parameter, a number."""
        return self.space.width == 1 == self.space.numbers

    def _everywhere(self) -> Array:
        if self.line:
            grid = np.concatenate([[0.0], np.geomspace(1e-3, 1.0, 48), np.linspace(0, 1, 33)[1:-1]])
            return np.unique(grid)[:, None]
        cube = _quasi(len(self.space.distributions), 160)
        corners = np.array([np.zeros(cube.shape[1]), np.ones(cube.shape[1])])
        played = self.posterior.points.x[:40]
        return np.unique(np.vstack([self.space.spread(np.vstack([cube, corners])), played]), axis=0)

    def _around(self, wide: Drawn, found: np.ndarray) -> Array:
        if self.line:
            ends = np.quantile(found, [0.01, 0.99]).astype(int)
            low, high = wide.x[max(0, ends[0] - 1), 0], wide.x[min(len(wide.x) - 1, ends[1]), 0]
            return np.linspace(low, high, 48)[:, None]
        centres = wide.x[found[_even(len(found), 120)]]
        numbers = self.space.numbers
        shift = norm.ppf(_quasi(numbers + 1, 120) * 0.98 + 0.01)
        moved = centres.copy()
        step = 0.15 * np.exp(shift[:, -1:]) * (centres[:, :numbers].std(axis=0) + 0.02)
        moved[:, :numbers] = np.clip(centres[:, :numbers] + step * shift[:, :numbers], 0, 1)
        return moved

    def _draw(self, x: Array) -> Drawn:
        x = np.unique(self.space.valid(x), axis=0)
        size = self.sizes(x)
        order = np.argsort(size, kind="stable")
        x, size = x[order], size[order]
        curves = self.posterior.draws(x, _normals(len(x)))
        enough = curves >= self.target
        where = enough.argmax(axis=1)
        least = np.where(enough.any(axis=1), size[where], np.inf)
        if self.line:
            least = crossing(size, curves, self.target)
        return Drawn(x, size, curves, least, where)

    @cached_property
    def threshold(self) -> Threshold:
        """Where the smallest sufficient size lies."""
        least = self.drawn.least
        found = least[np.isfinite(least)]
        if not len(found):
            return Threshold(np.nan, np.nan, np.nan, 0.0)
        tail = (1.0 - self.confidence) / 2.0
        lo, mid, hi = np.quantile(found, [tail, 0.5, 1.0 - tail])
        return Threshold(float(lo), float(mid), float(hi), len(found) / len(least))

    @cached_property
    def best(self) -> dict[str, Any]:
        """Where the cheapest sufficient setting is believed to be: the mean over the drawn curves
        (of the commonest words); the most efficient setting where hardly a curve suffices."""
        found = self.drawn.x[self.drawn.where[np.isfinite(self.drawn.least)]]
        if len(found) < DRAWS // 20:
            return self.most
        words, count = np.unique(found[:, self.space.numbers :], axis=0, return_counts=True)
        same = (found[:, self.space.numbers :] == words[count.argmax()]).all(axis=1)
        return self.space.decode(found[same].mean(axis=0))

    @cached_property
    def most(self) -> dict[str, Any]:
        """The setting believed to be the most efficient one, the smallest of equals."""
        mean = self.drawn.curves.mean(axis=0)
        return self.space.decode(self.drawn.x[int(mean.argmax())])

    def first(self, x: Array, t: Array) -> Array:
        """Return the position t (G,) at which each drawn curve first reaches the target (S,),
        going through the points x (G, width) in turn; inf where it never does."""
        return crossing(t, self.posterior.draws(x, _normals(len(x))), self.target)

    def curve(self, params: Sequence[Mapping[str, Any]]) -> tuple[Array, Array, Array]:
        """Return mean, lower and upper believed efficiency at some settings."""
        x = self.space.encode(params)
        curves = self.posterior.draws(x, _normals(len(x)))
        tail = (1.0 - self.confidence) / 2.0
        lo, hi = np.quantile(curves, [tail, 1.0 - tail], axis=0)
        return self.posterior.mean(x), lo, hi


def crossing(t: Array, curves: Array, target: float) -> Array:
    """Return where curves (S, G) over positions t (G,) first reach the target, interpolated.

    >>> crossing(np.array([0.0, 1.0, 2.0]), np.array([[0.2, 0.4, 0.8], [0.0, 0.0, 0.0]]), 0.6)
    array([1.5, inf])
    """
    enough = curves >= target
    right = enough.argmax(axis=1)
    rows, left = np.arange(len(curves)), np.maximum(right - 1, 0)
    below, above = curves[rows, left], curves[rows, right]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(right > 0, (target - below) / (above - below), 0.0)
    return np.where(enough.any(axis=1), t[left] + share * (t[right] - t[left]), np.inf)


def _even(count: int, wanted: int) -> np.ndarray:
    return (np.arange(wanted) * count // wanted).astype(int)


@lru_cache
def _quasi(axes: int, count: int) -> Array:
    return np.asarray(qmc.Halton(axes, seed=1).random(count))


@lru_cache(maxsize=8)
def _normals(width: int) -> Array:
    return np.random.default_rng(2).normal(size=(DRAWS, width))
