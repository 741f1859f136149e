"""All replicates played so far, gathered by distinct point: means and the noise they carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mechlab.flows import Array

MOST = 96  # distinct points that the model is fitted to; nearest ones are merged beyond
LEVEL = 0.1  # episodes at doses whose mean efficiencies are this alike share their variance
PRIOR_SD = 0.1  # noise of one episode before anything is known


@dataclass(frozen=True)
class Play:
    """Replicates of one trial: where, from which replicate index on, and what came out."""

    x: tuple[float, ...]
    first: int
    values: tuple[float, ...]


@dataclass(frozen=True)
class Points:
    """Distinct points: place (D, width), mean (D,), variance of one episode (D,), noise (D, D).

    ``noise`` is the covariance of the means: episodes with the same replicate index have the same
    luck at every point, so the means of points that share indices err together.
    """

    x: Array
    mean: Array
    variance: Array
    noise: Array
    axes: int

    def variance_at(self, level: Array) -> Array:
        """Return the variance of one episode where efficiency is ``level``."""
        alike = np.exp(-0.5 * ((level[:, None] - self.mean[None, :]) / LEVEL) ** 2) + 1e-9
        return np.asarray(alike @ self.variance / alike.sum(axis=1))


def gather(plays: Sequence[Play], axes: int) -> Points:
    """Gather plays by distinct point; ``axes`` of the coordinates are numbers."""
    x, owner = _places(np.array([p.x for p in plays]))
    counts = np.bincount(owner, [len(p.values) for p in plays], len(x))
    mean = np.bincount(owner, [sum(p.values) for p in plays], len(x)) / counts
    squares = [sum((v - mean[o]) ** 2 for v in p.values) for p, o in zip(plays, owner, strict=True)]
    variance = _variance(mean, np.bincount(owner, squares, len(x)), counts - 1)
    noise = np.diag(variance / counts + 1e-7)
    shared = _shared(plays, owner, mean, variance, counts)
    return Points(x, mean, variance, noise + shared, axes)


def _places(x: Array) -> tuple[Array, np.ndarray]:
    """Return distinct points and the point of each row; near points are merged when many."""
    places, owner = np.unique(x, axis=0, return_inverse=True)
    cells = 4096
    while len(places) > MOST and cells > 1:
        _, merged = np.unique(np.round(places * cells), axis=0, return_inverse=True)
        owner = merged.ravel()[owner.ravel()]
        count = np.bincount(merged.ravel()).astype(float)
        places = np.stack(
            [np.bincount(merged.ravel(), column) / count for column in places.T], axis=1
        )
        cells //= 2
    return places, owner.ravel()


def _variance(mean: Array, squares: Array, degrees: Array) -> Array:
    """Pool the variance of one episode over points of similar efficiency."""
    overall = (squares.sum() + PRIOR_SD**2) / (degrees.sum() + 1.0)
    alike = np.exp(-0.5 * ((mean[:, None] - mean[None, :]) / LEVEL) ** 2)
    return np.asarray((alike @ squares + 2.0 * overall) / (alike @ degrees + 2.0)) + 1e-6


def _shared(
    plays: Sequence[Play], owner: np.ndarray, mean: Array, variance: Array, counts: Array
) -> Array:
    """Return the covariance of the means of points that share replicate indices."""
    index = np.concatenate([np.arange(p.first, p.first + len(p.values)) for p in plays])
    place = np.repeat(owner, [len(p.values) for p in plays])
    value = np.concatenate([p.values for p in plays]) - mean[place]
    _, column = np.unique(index, return_inverse=True)
    several = np.bincount(column)[column] > 1
    _, column = np.unique(column[several], return_inverse=True)
    times, residual = np.zeros((2, len(mean), column.max(initial=-1) + 1))
    np.add.at(times, (place[several], column), 1.0)
    np.add.at(residual, (place[several], column), value[several])
    scaled = residual / np.sqrt(variance)[:, None]
    off = ~np.eye(len(mean), dtype=bool)
    together = (times @ times.T) * off
    pairs = np.maximum(0.0, together - (together > 0))  # one is spent on each pair's means
    rho = max(0.0, (scaled @ scaled.T * off).sum() / (pairs.sum() + 8.0))
    sd = np.sqrt(variance) / counts
    return np.asarray(min(rho, 0.95) * together * sd[:, None] * sd[None, :])
