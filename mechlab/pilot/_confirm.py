"""What a study's own agents' episodes say of the smallest sufficient size.

The emulated agents say where it may lie and how the curve bends there. Level and slope come from
the agents themselves: what they reached at doses on both sides is regressed on what the emulated
agents reach at those doses, and the ends of the interval are where the bounds of that line cross
the target (Fieller 1954, "Some problems in interval estimation", JRSS B 16). So the interval
stays true for agents that give more or less than the emulated ones, or respond more or less to a
dose. The bend is only believed, and all of it may be wrong. So the interval is widened by how far
the size would move without any bend, in quadrature with the noise of the episodes, which is
independent of it.

Episodes are played until the interval is narrow. Its width says nothing of which way its middle is
off, so with many episodes to stop by it takes none of the permitted error (Chow & Robbins 1965, "On
the asymptotic theory of fixed-width sequential confidence intervals", Ann. Math. Stat. 36). With
few it stops early where spread or slope come out too well: half of the error is left for that.

The luck that an episode shares with its reference point is taken out, because the mean revenue of
the reference point is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mechlab.flows import Array
from mechlab.pilot._emulate import Emulation
from mechlab.search.bounds import Sample, mean_bounds
from mechlab.statistics import Summary

SPENT = 0.5  # of the permitted error; the rest is for stopping early (see above)
POINTS = 401  # sizes at which the bounds are evaluated: 0.1% of a usual bracket apart


@dataclass(frozen=True)
class Estimate:
    """Where some episodes of a candidate reach the target.

    Attributes:
        candidate: its name in the study.
        episodes: how many they are.
        lowest, highest: sizes between which they were played; the estimate is limited to these.
        size: where the mean reaches the target; -inf and inf for below and above these sizes.
        lower, upper: the interval of the smallest sufficient size, -inf and inf likewise.
        bend: how far the size would be without the curve's bend, relative to it.
        width: of the interval relative to ``size``, were the line straight and as long as needed.
    """

    candidate: str
    episodes: int
    lowest: float
    highest: float
    size: float
    lower: float
    upper: float
    bend: float
    width: float


@dataclass(frozen=True)
class Confirmation:
    """A candidate's own episodes beside what the emulated agents say of it.

    Attributes:
        emulation: the candidate, and the emulated agents' mean revenue by its size.
        episodes: one row each, see ``OwnEpisodes``.
        inverse: mean of one over the reference point's revenue, over many episodes.
    """

    emulation: Emulation
    episodes: pd.DataFrame
    inverse: float

    def estimate(self) -> Estimate:
        """Return where the target is reached, with its interval."""
        target, curve = self.emulation.candidate.study.target, self.emulation.curve
        lowest, highest = self.episodes["size"].min(), self.episodes["size"].max()
        sizes = np.linspace(lowest, highest, POINTS)
        fit, columns = self._regression("attainment"), self._columns(curve.at(sizes))
        mean = fit.mean(columns) - target.efficiency
        alpha = SPENT * (1.0 - target.confidence) / 2.0
        lower, upper = (fit.bounds(columns, alpha) - target.efficiency).T
        size = _first(sizes, mean)
        unbent = self._regression("attainment", bent=False).mean(self._columns(sizes))
        straight = float(np.clip(_first(sizes, unbent - target.efficiency), lowest, highest))
        bend = abs(straight - size) if math.isfinite(size) else 0.0
        low, high = _first(sizes, upper), _last(sizes, lower)
        if math.isfinite(size):  # where an end is infinite, so is what stands here
            low, high = size - math.hypot(size - low, bend), size + math.hypot(high - size, bend)
        return Estimate(
            candidate=self.emulation.candidate.name,
            episodes=len(self.episodes),
            lowest=float(lowest),
            highest=float(highest),
            size=size,
            lower=low if low >= lowest else -math.inf,
            upper=high if high <= highest else math.inf,
            bend=bend / size if bend else 0.0,
            width=_width(sizes, mean, upper - lower),
        )

    def at(self, size: float, measure: str) -> Summary:
        """Return the mean of a measure at a size, from all the episodes, with a 95% interval."""
        curve = self.emulation.curve.at(np.array([size]))
        fit, columns = self._regression(measure), self._columns(curve)
        low, high = fit.bounds(columns, 0.025)[0]
        spread = math.sqrt(fit.residuals.variance)
        mean = float(fit.mean(columns)[0])
        return Summary(mean, spread, (float(low), float(high)), len(self.episodes))

    def _regression(self, measure: str, bent: bool = True) -> Regression:
        sizes = self.episodes["size"].to_numpy(float)
        luck = 1.0 / (self.inverse * self.episodes["reference"].to_numpy(float)) - 1.0
        columns = self._columns(self.emulation.curve.at(sizes) if bent else sizes, luck)
        return Regression.of(columns, self.episodes[measure].to_numpy(float))

    @staticmethod
    def _columns(curve: Array, luck: Array | float = 0.0) -> Array:
        """Return level, curve and the luck of the reference point's deal, (n, 3)."""
        return np.stack(np.broadcast_arrays(1.0, curve, luck), axis=1)


def _width(sizes: Array, mean: Array, bound: Array) -> float:
    """Return the width of the bounds over the slope, at the size that is nearest the target."""
    at = int(np.abs(mean).argmin())
    way = sizes[-1] - sizes[0]
    rise = float(mean[-1] - mean[0]) / way if way > 0.0 else 0.0
    return float(bound[at] / (rise * sizes[at])) if rise * sizes[at] > 0.0 else math.inf


def _first(sizes: Array, above: Array) -> float:
    """Return the size from which a curve may be above 0: -inf where it is at once, inf if never."""
    if above[0] >= 0.0:
        return -math.inf
    up = np.flatnonzero(above >= 0.0)
    return float(sizes[up[0]]) if len(up) else math.inf


def _last(sizes: Array, above: Array) -> float:
    """Return the size from which on a curve is never below 0 again, inf where there is none."""
    below = np.flatnonzero(~(above >= 0.0))
    if not len(below):
        return float(sizes[0])
    return float(sizes[below[-1] + 1]) if below[-1] + 1 < len(sizes) else math.inf


@dataclass(frozen=True)
class Regression:
    """A linear regression of n values on C columns.

    Attributes:
        slopes: (C,) coefficients; the shortest ones where the columns do not tell them all.
        inverse: (C, C) pseudo-inverse of the columns' products.
        residuals: moments of what is left, with as many values as degrees of freedom and one.
    """

    slopes: Array
    inverse: Array
    residuals: Sample

    @classmethod
    def of(cls, columns: Array, values: Array) -> Regression:
        """Fit values (n,) to columns (n, C).

        >>> line = Regression.of(np.array([[1.0, 0], [1, 1], [1, 2]]), np.array([0.0, 1, 2]))
        >>> line.slopes.round(9).tolist()
        [0.0, 1.0]
        """
        inverse: Array = np.asarray(np.linalg.pinv(columns.T @ columns, hermitian=True))
        slopes: Array = inverse @ columns.T @ values
        off = values - columns @ slopes
        n, freedom = len(values), len(values) - int(np.linalg.matrix_rank(columns))
        if np.ptp(values) == 0.0 or freedom < 2:
            moments = (0.0, 0.0) if freedom >= 2 else (math.nan, math.nan)
        else:
            moments = float(off @ off) / freedom, float((off**3).sum()) / n
        return cls(slopes, inverse, Sample(freedom + 1, 0.0, *moments, least=-1.0, most=1.0))

    def mean(self, columns: Array) -> Array:
        """Return the mean at some columns (m, C), (m,)."""
        return np.asarray(columns @ self.slopes)

    def bounds(self, columns: Array, alpha: float) -> Array:
        """Return lower and upper bounds of the mean at some columns (m, C), as (m, 2).

        Each is wrong with probability ``alpha``, where means are nearly normal (see
        ``mechlab.search.bounds``).
        """
        share = np.einsum("mc,cd,md->m", columns, self.inverse, columns)  # of a value's variance
        weights = np.sqrt(self.residuals.n * share)
        unseen = alpha if self.residuals.variance == 0.0 else 0.0
        below, above = mean_bounds(self.residuals, alpha, unseen)
        found: Array = self.mean(columns)[:, None] + np.outer(weights, [below, above])
        return found
