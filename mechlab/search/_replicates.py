"""Training data of the model: the means of all replicates at each point, and the noise they carry.

A replicate is one episode of a trial. Its index is its stream of random numbers, so replicates
with the same index have the same luck at every point (common random numbers).

Symbols: D distinct points, W coordinates of a point (see ``Space``), E replicates in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mechlab.flows import Array

MAX_POINTS = 64  # a fit takes D^3 steps a hyperparameter: a tenth of a second for all of them
LEVEL = 0.1  # noise changes slowly with the mean: at this distance points share 0.6 of their weight
MISFIT = 0.003  # sd of what no smooth curve fits: a game without noise would be believed too much
PRIOR_SD = 0.1  # of one replicate, before any is known; it weighs one degree of freedom
PRIOR_DEGREES = 2.0  # weight of the overall variance: a point of two replicates hardly has its own
MAX_CORRELATION = 0.95  # of replicates with the same index: with 1 the noise has no inverse
PRIOR_PAIRS = 8.0  # pairs without correlation, added to those played: few pairs prove little
MIN_VARIANCE = 1e-6  # of one replicate: a tenth of MISFIT^2, so that it never decides

Index = NDArray[np.intp]


@dataclass(frozen=True)
class Replicates:
    """Replicates of one trial.

    Attributes:
        x: coordinates (W,) of the point.
        first: index of the first replicate; the others follow it.
        values: what was measured, one value a replicate.
    """

    x: tuple[float, ...]
    first: int
    values: tuple[float, ...]


@dataclass(frozen=True)
class TrainingData:
    """Means at distinct points.

    Attributes:
        x: points (D, W), of which the first ``n_numeric`` coordinates are numbers.
        mean: mean of the replicates (D,).
        variance: variance of one replicate (D,).
        noise: covariance (D, D) of the means about the true ones. Points that share indices share
            luck, so their means err together.
        n_numeric: number of numeric coordinates.
    """

    x: Array
    mean: Array
    variance: Array
    noise: Array
    n_numeric: int

    def variance_at(self, level: Array) -> Array:
        """Return the variance (n,) of one replicate where the mean is ``level`` (n,)."""
        alike = _similarity(level, self.mean) + 1e-9  # so that no weight is 0 where none is alike
        return np.asarray(alike @ self.variance / alike.sum(axis=1))


def training_data(trials: Sequence[Replicates], n_numeric: int) -> TrainingData:
    """Gather the replicates of all trials by distinct point.

    Args:
        trials: at least one.
        n_numeric: number of numeric coordinates, which come first.

    >>> data = training_data([Replicates((0.5,), 0, (0.2, 0.4)), Replicates((1.0,), 0, (0.9,))], 1)
    >>> data.x.ravel(), data.mean
    (array([0.5, 1. ]), array([0.3, 0.9]))
    """
    lengths = np.array([len(trial.values) for trial in trials])
    x, point = _distinct(np.array([trial.x for trial in trials]).reshape(len(trials), -1))
    owner = np.repeat(point, lengths)
    values = np.concatenate([trial.values for trial in trials])
    counts = np.bincount(owner, minlength=len(x))
    mean = np.bincount(owner, values) / counts
    residual = values - mean[owner]
    squares = np.asarray(np.bincount(owner, residual**2), dtype=float)
    variance = _pooled_variance(mean, squares, counts.astype(float) - 1.0)
    index = np.concatenate([np.arange(t.first, t.first + len(t.values)) for t in trials])
    standardised = residual / np.sqrt(variance[owner])
    sd = np.sqrt(variance) / counts
    noise = _covariance_of_sums(index, owner, standardised, len(x)) * np.outer(sd, sd)
    return TrainingData(x, mean, variance, noise + MISFIT**2 * np.eye(len(x)), n_numeric)


def _similarity(level: Array, other: Array) -> Array:
    """Return how alike levels of the mean are: (len(level), len(other)), 1 for equal ones."""
    return np.exp(-0.5 * ((level[:, None] - other[None, :]) / LEVEL) ** 2)


def _distinct(x: Array) -> tuple[Array, Index]:
    """Return the distinct points and the number of each row's point.

    Where there are more than ``MAX_POINTS``, near ones are merged: those in one cell of a grid that
    is made coarser by half until few enough are left.
    """
    points, owner = np.unique(x, axis=0, return_inverse=True)
    owner, cells = owner.ravel(), 4096
    while len(points) > MAX_POINTS and cells > 1:
        _, merged = np.unique(np.round(points * cells), axis=0, return_inverse=True)
        merged = merged.ravel()
        count = np.bincount(merged)
        points = np.stack([np.bincount(merged, column) / count for column in points.T], axis=1)
        owner, cells = merged[owner], cells // 2
    return points, owner


def _pooled_variance(mean: Array, squares: Array, degrees: Array) -> Array:
    """Return the variance (D,) of one replicate, pooled over points of similar mean.

    Args:
        mean: of each point.
        squares: sum of squared deviations from it.
        degrees: degrees of freedom, the replicates less one.
    """
    overall = (squares.sum() + PRIOR_SD**2) / (degrees.sum() + 1.0)
    alike = _similarity(mean, mean)
    pooled = alike @ squares + PRIOR_DEGREES * overall
    return np.asarray(pooled / (alike @ degrees + PRIOR_DEGREES)) + MIN_VARIANCE


def _covariance_of_sums(index: Index, owner: Index, standardised: Array, count: int) -> Array:
    """Return the covariance (D, D) of the points' sums of replicates that have variance one.

    Replicates with the same index are taken to have one correlation, at all points; it is
    estimated from the products of their residuals. They may also meet within a point, where near
    points were merged or several workers played the same index.

    Args:
        index: of each replicate (E,).
        owner: number of each replicate's point (E,).
        standardised: residual of each replicate in standard deviations (E,).
        count: D.
    """
    _, column, times = np.unique(index, return_inverse=True, return_counts=True)
    several = times[column] > 1
    _, column = np.unique(column[several], return_inverse=True)
    played, luck = np.zeros((2, count, column.max(initial=-1) + 1))
    np.add.at(played, (owner[several], column), 1.0)
    np.add.at(luck, (owner[several], column), standardised[several])
    apart = ~np.eye(count, dtype=bool)
    together, product = played @ played.T, luck @ luck.T
    pairs = np.maximum(0.0, together[apart] - 1.0).sum()  # each pair of means takes one away
    correlation = np.clip(product[apart].sum() / (pairs + PRIOR_PAIRS), 0.0, MAX_CORRELATION)
    replicates = np.bincount(owner, minlength=count)
    alone = np.diag(replicates - correlation * played.sum(axis=1))
    return np.asarray(correlation * together + alone)
