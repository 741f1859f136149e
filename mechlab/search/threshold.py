"""What exploring believes about one mechanism: where its smallest sufficient incentive lies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from mechlab.flows import Array
from mechlab.search.directions import Fan, Index, around, crossing, everywhere, middle
from mechlab.search.gp import Nodes, Posterior, fit
from mechlab.search.replicates import Play, gather
from mechlab.search.space import Space

DRAWS = 384
TOLERANCE = 0.05  # how close to the true smallest size an answer should be, as a share of it
NEAR = 0.1  # plays so close to a point, as a share of it, are all alike

Sizes = Callable[[Sequence[Mapping[str, Any]]], Array]


@dataclass(frozen=True)
class Threshold:
    """The smallest sufficient size, as believed.

    Attributes:
        lo, mid, hi: quantiles of the size where efficiency first reaches the target, given that
            it is reached at all; nan where it hardly is.
        spread: half the width of the central 68%.
        reachable: probability that the target is reached anywhere in the range.
    """

    lo: float
    mid: float
    hi: float
    spread: float
    reachable: float


@dataclass(frozen=True)
class Drawn:
    """Curves drawn from the posterior at candidate points on some rays.

    Attributes:
        x: points (G, width); size: their sizes (G,); curves: efficiencies (S, G).
        reached: the smallest sufficient size on each ray (S, R), inf where there is none.
        ray, t: which ray has the smallest of them (S,), and the position on it (S,).
    """

    fan: Fan
    x: Array
    size: Array
    curves: Array
    reached: Array
    ray: Index
    t: Array

    @cached_property
    def least(self) -> Array:
        """The smallest sufficient size of each curve (S,), inf where there is none."""
        return np.asarray(self.reached.min(axis=1))

    @cached_property
    def excess(self) -> Array:
        """How much larger the size on the first ray is, as a share (S,); 0 where neither is."""
        found = np.isfinite(self.reached[:, 0]) & (self.least > 0.0)
        ratio = np.divide(self.reached[:, 0], self.least, where=found, out=np.ones(len(found)))
        return np.asarray(ratio - 1.0)

    @cached_property
    def covariance(self) -> Array:
        """Covariance (G + 1, G + 1) of the curves at the points, and of the log threshold, last."""
        largest = float(np.abs(self.size).max())
        least = np.where(np.isfinite(self.least), self.least, 1.3 * largest)
        log = np.log(np.maximum(least, 0.0) + 0.01 * largest + 1e-12)
        return np.asarray(np.cov(np.column_stack([self.curves, log]), rowvar=False))

    @cached_property
    def where(self) -> Array:
        """The points of the smallest sufficient sizes, of the curves that suffice anywhere."""
        found = np.isfinite(self.least)
        return self.fan.at(self.ray[found], self.t[found])


@dataclass(frozen=True)
class Belief:
    """What is known of one mechanism after some plays.

    Attributes:
        space: the mechanism's parameters.
        target: efficiency to reach.
        confidence: of the interval in ``threshold``.
        plays: efficiencies of all trials.
        sizes: plays of the observed size, or the function that gives the size.
        shortlist: shapes to which the fit is confined, for speed, and the number of plays after
            which they were chosen.
    """

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
        nodes, chosen = self.shortlist or (self.posterior.shortlist, len(self.plays))
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

    @property
    def claims(self) -> int:
        """What is claimed of an end of the interval: efficiency, and size where it is observed."""
        return 1 if self.size is not None else 2

    def sizes_drawn(self, x: Array) -> Array:
        """Return curves (S, G) of the expected size, where it is observed, at points (G, width)."""
        top, posterior = self._cost
        return top * posterior.draws(x, _normals(len(x)))

    def size_sd(self, x: Array) -> float:
        """Return the standard deviation of one episode's size near a point (width,); 0 where it is
        known.

        Plays count by how near they are, not by how alike their sizes: a fine that hardly anyone
        pays and a small one may cost the same, and differ in their spread.
        """
        varied = [p for p in self.observed if len(p.values) > 1]
        if self.size is not None or not varied:
            return 0.0
        degrees = np.array([len(p.values) - 1.0 for p in varied])
        off = np.linalg.norm(np.array([p.x for p in varied]) - x, axis=1)
        weight = degrees / (off + NEAR * np.linalg.norm(x) + 1e-9) ** 2
        return float((weight @ [np.var(p.values, ddof=1) for p in varied] / weight.sum()) ** 0.5)

    @cached_property
    def drawn(self) -> Drawn:
        """Posterior curves, first over the whole range, then close to where thresholds are."""
        wide = self._draw(everywhere(self.space))
        found = np.isfinite(wide.least)
        if found.sum() < DRAWS // 20 or not self.space.numbers:
            return wide
        return self._draw(around(wide.fan, wide.ray[found], wide.t[found]))

    @property
    def line(self) -> bool:
        """Whether there is one parameter, a number."""
        return self.space.line

    def _draw(self, fan: Fan) -> Drawn:
        x = fan.points
        size, curves = self.sizes(x), self.draws(x)
        rays = curves.reshape(DRAWS, *fan.t.shape)
        t = crossing(fan.t, rays, self.target, self.space.smooth)
        reached = np.stack(
            [
                np.interp(t[:, ray], fan.t[ray], sizes, right=np.inf)
                for ray, sizes in enumerate(size.reshape(fan.t.shape))
            ],
            axis=1,
        )
        ray = reached.argmin(axis=1)
        return Drawn(fan, x, size, curves, reached, ray, t[np.arange(DRAWS), ray])

    @cached_property
    def threshold(self) -> Threshold:
        """Where the smallest sufficient size lies."""
        least = self.drawn.least
        found = least[np.isfinite(least)]
        if not len(found):
            return Threshold(np.nan, np.nan, np.nan, np.nan, 0.0)
        tail = (1.0 - self.confidence) / 2.0
        lo, left, mid, right, hi = map(
            float, np.quantile(found, [tail, 0.16, 0.5, 0.84, 1.0 - tail])
        )
        return Threshold(lo, mid, hi, (right - left) / 2.0, len(found) / len(least))

    @cached_property
    def best(self) -> dict[str, Any]:
        """Where the cheapest sufficient setting is believed to be: the mean over the drawn curves
        (of the commonest words); the most efficient setting where hardly a curve suffices."""
        found = self.drawn.where
        if len(found) < DRAWS // 20:
            return self.most
        return self.space.decode(middle(self.space, found))

    @cached_property
    def most(self) -> dict[str, Any]:
        """The setting believed to be the most efficient one, the smallest of equals."""
        mean = self.drawn.curves.mean(axis=0)
        return self.space.decode(self.drawn.x[int(mean.argmax())])

    def first(self, x: Array, t: Array) -> Array:
        """Return the position t (G,) at which each drawn curve first reaches the target (S,),
        going through the points x (G, width) in turn; inf where it never does."""
        return crossing(t, self.draws(x), self.target, self.space.smooth)

    def draws(self, x: Array) -> Array:
        """Return curves drawn from what is believed (S, G) at points (G, width); they are always
        the same, so that a search can be repeated."""
        return self.posterior.draws(x, _normals(len(x)))

    def curve(self, params: Sequence[Mapping[str, Any]]) -> tuple[Array, Array, Array]:
        """Return mean, lower and upper believed efficiency at some settings."""
        x = self.space.encode(params)
        curves = self.draws(x)
        tail = (1.0 - self.confidence) / 2.0
        lo, hi = np.quantile(curves, [tail, 1.0 - tail], axis=0)
        return self.posterior.mean(x), lo, hi


@lru_cache(maxsize=8)
def _normals(width: int) -> Array:
    return np.random.default_rng(2).normal(size=(DRAWS, width))
