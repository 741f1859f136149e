"""What exploring believes about one mechanism: where its smallest sufficient size lies.

Symbols: G points, S curves drawn from the posterior, R directions, W coordinates (see ``Space``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from mechlab.flows import Array
from mechlab.search._directions import (
    Directions,
    centre,
    covering_directions,
    directions_near,
    first_crossing,
)
from mechlab.search._gp import Hyperparameters, Posterior, fit
from mechlab.search._replicates import Index, Replicates, training_data
from mechlab.search._space import Space

DRAWS = 384  # curves drawn, S: about 10 of them lie beyond each end of a 95% interval
MIN_CROSSINGS = DRAWS // 20  # curves that must reach the target before their thresholds are used
CENTRAL = (0.16, 0.5, 0.84)  # quantiles: of a normal variable the mean and one sd to each side
TOLERANCE = 0.07  # width of an interval, as a share of its upper end
REFRESH = 1.2  # trials, relative to those at the last full fit, after which the next one is due


@dataclass(frozen=True)
class Threshold:
    """The smallest sufficient size, as believed.

    Attributes:
        lower, median, upper: quantiles of the size at which efficiency first reaches the target,
            given that it does; nan where no curve does.
        spread: half the width of the central 68%, in the unit of size.
        reachable: probability that the target is reached anywhere in the range.
    """

    lower: float
    median: float
    upper: float
    spread: float
    reachable: float


@dataclass(frozen=True)
class Draws:
    """Curves drawn from the posterior, and the smallest sufficient size of each.

    Attributes:
        directions: on which the points lie.
        x: points (G, W). size: at each point (G,). curves: efficiency at them (S, G).
        sizes: smallest sufficient size on each direction (S, R), inf where there is none.
        direction, t: the direction with the smallest of them (S,), and the position on it (S,).
    """

    directions: Directions
    x: Array
    size: Array
    curves: Array
    sizes: Array
    direction: Index
    t: Array

    @cached_property
    def smallest(self) -> Array:
        """The smallest sufficient size of each curve (S,), inf where there is none."""
        return np.asarray(self.sizes.min(axis=1))

    @cached_property
    def excess(self) -> Array:
        """How much larger the size on the first direction is than the smallest, as a share (S,);
        0 where the first has none, or nothing is enough."""
        defined = np.isfinite(self.sizes[:, 0]) & (self.smallest > 0.0)
        ratio = np.divide(self.sizes[:, 0], self.smallest, where=defined, out=np.ones(len(defined)))
        return np.asarray(ratio - 1.0)

    @cached_property
    def covariance(self) -> Array:
        """Covariance (G + 1, G + 1) of efficiency at the points and, last, of the log threshold.

        A curve that never suffices has its threshold 30% beyond the largest size; a hundredth of
        that size is added to all, for a threshold of 0 has no logarithm.
        """
        largest = float(np.abs(self.size).max())
        smallest = np.where(np.isfinite(self.smallest), self.smallest, 1.3 * largest)
        log = np.log(np.maximum(smallest, 0.0) + 0.01 * largest + 1e-12)  # all sizes may be 0
        return np.asarray(np.cov(np.column_stack([self.curves, log]), rowvar=False))

    @cached_property
    def locations(self) -> Array:
        """The points (n, W) of the smallest sufficient sizes, of the n curves that have one."""
        reaching = np.isfinite(self.smallest)
        return self.directions.at(self.direction[reaching], self.t[reaching])


@dataclass(frozen=True)
class Belief:
    """What is known of one mechanism after some trials.

    Attributes:
        space: the mechanism's parameters.
        target: efficiency to reach.
        confidence: of the interval in ``threshold``.
        efficiencies: those of all trials.
        size: the function from parameters to size; None where size is observed.
        observed_sizes: those of all trials, where size is observed.
        shortlist: hyperparameters to which the fit is confined, for speed, and the number of
            trials after which they were chosen.
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
        data = training_data(self.efficiencies, self.space.n_numeric)
        return fit(data, self.shortlist and self.shortlist[0])

    def shortlist_for(self, trials: int) -> tuple[Hyperparameters, int] | None:
        """Return the shortlist for a fit to so many trials; None where a full fit is due."""
        hyperparameters, chosen = self.shortlist or (
            self.posterior.shortlist,
            len(self.efficiencies),
        )
        return (hyperparameters, chosen) if trials < REFRESH * chosen else None

    @cached_property
    def fixed_size(self) -> float | None:
        """The observed size that all episodes of all trials had; None where they differ."""
        values = {value for trial in self.observed_sizes for value in trial.values}
        return values.pop() if len(values) == 1 else None

    @cached_property
    def _size_posterior(self) -> tuple[float, Posterior]:
        """The largest observed size, and the model of sizes relative to it: its prior is made for
        values around 1."""
        top = max(max(map(abs, trial.values)) for trial in self.observed_sizes)
        scaled = [replace(t, values=tuple(v / top for v in t.values)) for t in self.observed_sizes]
        return top, fit(training_data(scaled, self.space.n_numeric))

    def sizes(self, x: Array) -> Array:
        """Return the size (G,) at points x (G, W); the expected one where it is observed."""
        if self.size is not None:
            return np.array([self.size(self.space.decode(row)) for row in x], dtype=float)
        if self.fixed_size is not None:
            return np.full(len(x), self.fixed_size)
        top, posterior = self._size_posterior
        return top * posterior.mean(x)

    @property
    def claims_per_end(self) -> int:
        """How many bounds an end of the interval needs: on efficiency, and on an observed size."""
        return 1 if self.size is not None else 2

    def draw_sizes(self, x: Array) -> Array:
        """Return curves (S, G) of the expected size at points x (G, W), where it is observed."""
        if self.fixed_size is not None:
            return np.full((DRAWS, len(x)), self.fixed_size)
        top, posterior = self._size_posterior
        return top * posterior.draw(x, _normals(len(x)))

    def draw(self, x: Array) -> Array:
        """Return curves (S, G) of efficiency at points x (G, W), drawn from the posterior with the
        same random numbers each time, so that a search can be repeated."""
        return self.posterior.draw(x, _normals(len(x)))

    def first_crossing(self, x: Array, t: Array) -> Array:
        """Return the position (S,) at which each drawn curve first reaches the target on its way
        through points x (G, W) at positions t (G,); inf where it never does."""
        return first_crossing(t, self.draw(x), self.target, self.space.continuous)

    @cached_property
    def draws(self) -> Draws:
        """Curves drawn over the whole range, then again close to where their thresholds are."""
        wide = self._draws_on(covering_directions(self.space))
        reaching = np.isfinite(wide.smallest)
        if reaching.sum() < MIN_CROSSINGS or not self.space.n_numeric:
            return wide
        near = directions_near(wide.directions, wide.direction[reaching], wide.t[reaching])
        return self._draws_on(near)

    def _draws_on(self, directions: Directions) -> Draws:
        x = directions.points
        size, curves = self.sizes(x), self.draw(x)
        by_direction = curves.reshape(DRAWS, *directions.t.shape)
        t = first_crossing(directions.t, by_direction, self.target, self.space.continuous)
        sizes = np.stack(
            [
                np.interp(t[:, number], directions.t[number], on_it, right=np.inf)
                for number, on_it in enumerate(size.reshape(directions.t.shape))
            ],
            axis=1,
        )
        best = sizes.argmin(axis=1)
        return Draws(directions, x, size, curves, sizes, best, t[np.arange(DRAWS), best])

    @cached_property
    def threshold(self) -> Threshold:
        """Where the smallest sufficient size lies."""
        smallest = self.draws.smallest
        finite = smallest[np.isfinite(smallest)]
        if not len(finite):
            return Threshold(np.nan, np.nan, np.nan, np.nan, 0.0)
        tail = (1.0 - self.confidence) / 2.0
        lower, left, median, right, upper = map(
            float, np.quantile(finite, [tail, *CENTRAL, 1.0 - tail])
        )
        return Threshold(lower, median, upper, (right - left) / 2.0, len(finite) / len(smallest))

    @cached_property
    def best(self) -> dict[str, Any]:
        """Where the smallest sufficient setting is believed to be: the mean over the drawn curves,
        of the commonest categories; the most efficient setting where hardly any curve suffices."""
        locations = self.draws.locations
        if len(locations) < MIN_CROSSINGS:
            return self.most_efficient
        return self.space.decode(centre(self.space, locations))

    @cached_property
    def most_efficient(self) -> dict[str, Any]:
        """The setting believed to be the most efficient, the first one of equals."""
        mean = self.draws.curves.mean(axis=0)
        return self.space.decode(self.draws.x[int(mean.argmax())])

    def mean(self, params: Sequence[Mapping[str, Any]]) -> Array:
        """Return the believed mean efficiency (G,) at some settings."""
        return self.posterior.mean(self.space.encode(params))

    def curve(self, params: Sequence[Mapping[str, Any]]) -> tuple[Array, Array, Array]:
        """Return the mean and the ends of the interval of efficiency at some settings, (G,) each;
        the interval holds at each setting with the belief's ``confidence``."""
        x = self.space.encode(params)
        tail = (1.0 - self.confidence) / 2.0
        lower, upper = np.quantile(self.draw(x), [tail, 1.0 - tail], axis=0)
        return self.mean(params), lower, upper


@lru_cache(maxsize=8)  # one for each set of points that a fit is drawn at
def _normals(width: int) -> Array:
    """Return standard normal numbers (S, width), the same for a width each time."""
    return np.random.default_rng(2).normal(size=(DRAWS, width))
