"""What exploring believes about one mechanism: where its smallest sufficient incentive lies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from mechlab.flows import Array
from mechlab.search._directions import (
    Directions,
    Index,
    centre,
    covering_directions,
    directions_near,
    first_crossing,
)
from mechlab.search._gp import Hyperparameters, Posterior, fit
from mechlab.search._replicates import Replicates, training_data
from mechlab.search._space import Space

DRAWS = 384
TOLERANCE = 0.05  # how close to the true smallest size an answer should be, as a share of it
NEAR = 0.1  # plays so close to a point, as a share of it, are all alike

Sizes = Callable[[Sequence[Mapping[str, Any]]], Array]


@dataclass(frozen=True)
class Threshold:
    """The smallest sufficient size, as believed.

    Attributes:
        lower, median, upper: quantiles of the size where efficiency first reaches the target,
            given that it is reached at all; nan where it hardly is.
        spread: half the width of the central 68%.
        reachable: probability that the target is reached anywhere in the range.
    """

    lower: float
    median: float
    upper: float
    spread: float
    reachable: float


@dataclass(frozen=True)
class Draws:
    """Curves drawn from the posterior at candidate points on some rays.

    Attributes:
        x: points (G, width); size: their sizes (G,); curves: efficiencies (S, G).
        reached: the smallest sufficient size on each ray (S, R), inf where there is none.
        ray, t: which ray has the smallest of them (S,), and the position on it (S,).
    """

    directions: Directions
    x: Array
    size: Array
    curves: Array
    reached: Array
    ray: Index
    t: Array

    @cached_property
    def smallest(self) -> Array:
        """The smallest sufficient size of each curve (S,), inf where there is none."""
        return np.asarray(self.reached.min(axis=1))

    @cached_property
    def excess(self) -> Array:
        """How much larger the size on the first ray is, as a share (S,); 0 where neither is."""
        found = np.isfinite(self.reached[:, 0]) & (self.smallest > 0.0)
        ratio = np.divide(self.reached[:, 0], self.smallest, where=found, out=np.ones(len(found)))
        return np.asarray(ratio - 1.0)

    @cached_property
    def covariance(self) -> Array:
        """Covariance (G + 1, G + 1) of the curves at the points, and of the log threshold, last."""
        largest = float(np.abs(self.size).max())
        smallest = np.where(np.isfinite(self.smallest), self.smallest, 1.3 * largest)
        log = np.log(np.maximum(smallest, 0.0) + 0.01 * largest + 1e-12)
        return np.asarray(np.cov(np.column_stack([self.curves, log]), rowvar=False))

    @cached_property
    def locations(self) -> Array:
        """The points of the smallest sufficient sizes, of the curves that suffice anywhere."""
        found = np.isfinite(self.smallest)
        return self.directions.at(self.ray[found], self.t[found])


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
    efficiencies: tuple[Replicates, ...]
    size: Callable[[Mapping[str, Any]], float] | None = None
    observed_sizes: tuple[Replicates, ...] = ()
    shortlist: tuple[Hyperparameters, int] | None = None

    @cached_property
    def posterior(self) -> Posterior:
        """The fitted model of efficiency."""
        return fit(
            training_data(self.efficiencies, self.space.n_numeric),
            self.shortlist and self.shortlist[0],
        )

    def shortlist_for(self, plays: int) -> tuple[Hyperparameters, int] | None:
        """Return the shapes to consider after so many plays; None where all of them are due."""
        nodes, chosen = self.shortlist or (self.posterior.shortlist, len(self.efficiencies))
        return (nodes, chosen) if plays < 1.2 * chosen else None

    @cached_property
    def _cost(self) -> tuple[float, Posterior]:
        top = max(max(map(abs, p.values)) for p in self.observed_sizes) or 1.0
        scaled = [replace(p, values=tuple(v / top for v in p.values)) for p in self.observed_sizes]
        return top, fit(training_data(scaled, self.space.n_numeric))

    def sizes(self, x: Array) -> Array:
        """Return the (expected) size at points (G, width)."""
        if self.size is not None:
            return np.array([self.size(self.space.decode(row)) for row in x], dtype=float)
        top, posterior = self._cost
        return top * posterior.mean(x)

    @property
    def claims_per_end(self) -> int:
        """What is claimed of an end of the interval: efficiency, and size where it is observed."""
        return 1 if self.size is not None else 2

    def draw_sizes(self, x: Array) -> Array:
        """Return curves (S, G) of the expected size, where it is observed, at points (G, width)."""
        top, posterior = self._cost
        return top * posterior.draw(x, _normals(len(x)))

    def size_sd(self, x: Array) -> float:
        """Return the standard deviation of one episode's size near a point (width,); 0 where it is
        known.

        Plays count by how near they are, not by how alike their sizes: a fine that hardly anyone
        pays and a small one may cost the same, and differ in their spread.
        """
        varied = [p for p in self.observed_sizes if len(p.values) > 1]
        if self.size is not None or not varied:
            return 0.0
        degrees = np.array([len(p.values) - 1.0 for p in varied])
        off = np.linalg.norm(np.array([p.x for p in varied]) - x, axis=1)
        weight = degrees / (off + NEAR * np.linalg.norm(x) + 1e-9) ** 2
        return float((weight @ [np.var(p.values, ddof=1) for p in varied] / weight.sum()) ** 0.5)

    @cached_property
    def draws(self) -> Draws:
        """Posterior curves, first over the whole range, then close to where thresholds are."""
        wide = self._draw(covering_directions(self.space))
        found = np.isfinite(wide.smallest)
        if found.sum() < DRAWS // 20 or not self.space.n_numeric:
            return wide
        return self._draw(directions_near(wide.directions, wide.ray[found], wide.t[found]))

    def _draw(self, directions: Directions) -> Draws:
        x = directions.points
        size, curves = self.sizes(x), self.draw(x)
        rays = curves.reshape(DRAWS, *directions.t.shape)
        t = first_crossing(directions.t, rays, self.target, self.space.continuous)
        reached = np.stack(
            [
                np.interp(t[:, ray], directions.t[ray], sizes, right=np.inf)
                for ray, sizes in enumerate(size.reshape(directions.t.shape))
            ],
            axis=1,
        )
        ray = reached.argmin(axis=1)
        return Draws(directions, x, size, curves, reached, ray, t[np.arange(DRAWS), ray])

    @cached_property
    def threshold(self) -> Threshold:
        """Where the smallest sufficient size lies."""
        smallest = self.draws.smallest
        found = smallest[np.isfinite(smallest)]
        if not len(found):
            return Threshold(np.nan, np.nan, np.nan, np.nan, 0.0)
        tail = (1.0 - self.confidence) / 2.0
        lo, left, mid, right, hi = map(
            float, np.quantile(found, [tail, 0.16, 0.5, 0.84, 1.0 - tail])
        )
        return Threshold(lo, mid, hi, (right - left) / 2.0, len(found) / len(smallest))

    @cached_property
    def best(self) -> dict[str, Any]:
        """Where the cheapest sufficient setting is believed to be: the mean over the drawn curves
        (of the commonest words); the most efficient setting where hardly a curve suffices."""
        found = self.draws.locations
        if len(found) < DRAWS // 20:
            return self.most_efficient
        return self.space.decode(centre(self.space, found))

    @cached_property
    def most_efficient(self) -> dict[str, Any]:
        """The setting believed to be the most efficient one, the smallest of equals."""
        mean = self.draws.curves.mean(axis=0)
        return self.space.decode(self.draws.x[int(mean.argmax())])

    def first_crossing(self, x: Array, t: Array) -> Array:
        """Return the position t (G,) at which each drawn curve first reaches the target (S,),
        going through the points x (G, width) in turn; inf where it never does."""
        return first_crossing(t, self.draw(x), self.target, self.space.continuous)

    def draw(self, x: Array) -> Array:
        """Return curves drawn from what is believed (S, G) at points (G, width); they are always
        the same, so that a search can be repeated."""
        return self.posterior.draw(x, _normals(len(x)))

    def curve(self, params: Sequence[Mapping[str, Any]]) -> tuple[Array, Array, Array]:
        """Return mean, lower and upper believed efficiency at some settings."""
        x = self.space.encode(params)
        curves = self.draw(x)
        tail = (1.0 - self.confidence) / 2.0
        lo, hi = np.quantile(curves, [tail, 1.0 - tail], axis=0)
        return self.posterior.mean(x), lo, hi


@lru_cache(maxsize=8)
def _normals(width: int) -> Array:
    return np.random.default_rng(2).normal(size=(DRAWS, width))
