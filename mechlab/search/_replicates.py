"""All replicates played so far, gathered by distinct point: means and the noise they carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mechlab.flows import Array

MAX_POINTS = 64  # distinct points that the model is fitted to; near ones are merged beyond
LEVEL = 0.1  # episodes at doses whose mean efficiencies are this alike share their variance
MISFIT = 0.003  # what no model fits: without it, curves without noise would be believed too much
PRIOR_SD = 0.1  # noise of one episode before anything is known

Whole = np.ndarray[tuple[int, ...], np.dtype[np.intp]]


@dataclass(frozen=True)
class Replicates:
    """Replicates of one trial: where, from which replicate index on, and what came out."""

    x: tuple[float, ...]
    first: int
    values: tuple[float, ...]


@dataclass(frozen=True)
class TrainingData:
    """Distinct points: place (D, width), mean (D,), variance of one episode (D,), noise (D, D).

    ``noise`` is the covariance of the means: episodes with the same replicate index have the same
    luck at every point, so the means of points that share indices err together. The first
    ``n_numeric`` coordinates are numbers.
    """

    x: Array
    mean: Array
    variance: Array
    noise: Array
    n_numeric: int

    def variance_at(self, level: Array) -> Array:
        """Return the variance of one episode where mean efficiency is ``level``."""
        alike = _alike(level, self.mean) + 1e-9
        return np.asarray(alike @ self.variance / alike.sum(axis=1))


def training_data(plays: Sequence[Replicates], n_numeric: int) -> TrainingData:
    """Gather plays by distinct point; ``n_numeric`` of the coordinates are numbers."""
    lengths = np.array([len(p.values) for p in plays])
    x, place = _places(np.array([p.x for p in plays]).reshape(len(plays), -1))
    owner = np.repeat(place, lengths)
    values = np.concatenate([p.values for p in plays])
    counts = np.bincount(owner, minlength=len(x))
    mean = np.bincount(owner, values) / counts
    residual = values - mean[owner]
    squares = np.asarray(np.bincount(owner, residual**2), dtype=float)
    variance = _variance(mean, squares, counts.astype(float) - 1.0)
    index = np.concatenate([np.arange(p.first, p.first + len(p.values)) for p in plays])
    scaled = residual / np.sqrt(variance[owner])
    sd = np.sqrt(variance) / counts
    noise = _shared(index, owner, scaled, len(x)) * np.outer(sd, sd)
    return TrainingData(x, mean, variance, noise + MISFIT**2 * np.eye(len(x)), n_numeric)


def _alike(level: Array, other: Array) -> Array:
    return np.exp(-0.5 * ((level[:, None] - other[None, :]) / LEVEL) ** 2)


def _places(x: Array) -> tuple[Array, Whole]:
    """Return distinct points and the point of each row; near points are merged when many."""
    places, owner = np.unique(x, axis=0, return_inverse=True)
    owner, cells = owner.ravel(), 4096
    while len(places) > MAX_POINTS and cells > 1:
        _, merged = np.unique(np.round(places * cells), axis=0, return_inverse=True)
        merged = merged.ravel()
        count = np.bincount(merged)
        places = np.stack([np.bincount(merged, column) / count for column in places.T], axis=1)
        owner, cells = merged[owner], cells // 2
    return places, owner


def _variance(mean: Array, squares: Array, degrees: Array) -> Array:
    """Pool the variance of one episode over points of similar efficiency."""
    overall = (squares.sum() + PRIOR_SD**2) / (degrees.sum() + 1.0)
    alike = _alike(mean, mean)
    return np.asarray((alike @ squares + 2.0 * overall) / (alike @ degrees + 2.0)) + 1e-6


def _shared(index: Whole, owner: Whole, scaled: Array, count: int) -> Array:
    """Return the covariance of points' sums of episodes whose variance is one.

    Episodes that share a replicate share some luck, also within a point, where near points were
    merged or several workers played the same replicates.
    """
    _, column, times = np.unique(index, return_inverse=True, return_counts=True)
    several = times[column] > 1
    _, column = np.unique(column[several], return_inverse=True)
    played, luck = np.zeros((2, count, column.max(initial=-1) + 1))
    np.add.at(played, (owner[several], column), 1.0)
    np.add.at(luck, (owner[several], column), scaled[several])
    apart = ~np.eye(count, dtype=bool)
    together, product = played @ played.T, luck @ luck.T
    pairs = np.maximum(0.0, together[apart] - 1.0).sum()  # one is spent on each pair's means
    alike = np.clip(product[apart].sum() / (pairs + 8.0), 0.0, 0.95)
    episodes = np.bincount(owner, minlength=count)
    return np.asarray(alike * together + np.diag(episodes - alike * played.sum(axis=1)))
