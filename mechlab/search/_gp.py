"""What efficiency is as a function of the parameters, with uncertainty.

Efficiency at a point x of the unit cube is modelled as a Gaussian process around a rising,
saturating curve with a floor and a ceiling of its own,

    f(x) = floor + rise * h(x) + g(h(x), x),    h(x) = 1 - exp(-sum_d (x_d / c_d)^s),

where g is a discrepancy (rational quadratic kernel) that takes up whatever has another shape:
humps, flats, declines. Given (c, s) and the size of g the model is Gaussian and exact; those few
numbers are averaged over many nodes, each weighted by its evidence (Rasmussen & Williams 2006,
ch. 2 and 5; Kennedy & O'Hagan 2001 for the discrepancy). One parameter has a grid of nodes,
several have a quasi-random one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.spatial.distance import cdist
from scipy.stats import qmc

from mechlab.flows import Array
from mechlab.search._replicates import TrainingData

FLOOR, FLOOR_SD = 0.3, 0.4  # prior of the floor, in units of efficiency
RISE, RISE_SD = 0.5, 0.6  # prior of the rise: more likely up than down, and either is possible
WARPED, RAW = 0.4, 0.35  # how far apart, along h and along each axis, g is still alike
SHORTLIST = 64  # most shapes to which later fits are confined
KEPT = 16  # most shapes that predict: a sample of all of them by their weights


@dataclass(frozen=True)
class Hyperparameters:
    """Candidate shapes: scales (M, numbers), steepness (M,), size of the discrepancy (M,)."""

    scale: Array
    steepness: Array
    roughness: Array

    def __getitem__(self, index: Any) -> Hyperparameters:
        return Hyperparameters(self.scale[index], self.steepness[index], self.roughness[index])

    def saturation(self, x: Array) -> Array:
        """Return h (M, len(x)): how much of its rise each curve has made at x."""
        axes = self.scale.shape[1]
        ratio = x[None, :, :axes] / self.scale[:, None, :]
        return np.asarray(1.0 - np.exp(-(ratio ** self.steepness[:, None, None]).sum(axis=2)))

    def covariance(self, x: Array, other: Array) -> Array:
        """Return the prior covariance (M, len(x), len(other))."""
        mine, theirs = self.saturation(x)[:, :, None], self.saturation(other)[:, None, :]
        out = mine - theirs
        out *= out
        out *= 0.25 / WARPED**2
        out += 1.0 + cdist(x, other, "sqeuclidean") * (0.25 / RAW**2)
        out *= out  # rational quadratic, alpha = 2: smooth, and needs no exponential
        np.divide(self.roughness[:, None, None] ** 2, out, out=out)
        out += RISE_SD**2 * mine * theirs + FLOOR_SD**2
        return out

    def mean(self, x: Array) -> Array:
        """Return the prior mean (M, len(x))."""
        return FLOOR + RISE * self.saturation(x)


@lru_cache
def hyperparameter_grid(axes: int) -> Hyperparameters:
    """Return the candidate shapes for so many numeric parameters."""
    if axes == 1:
        pairs = [
            (c, s)
            for s in (0.6, 1.0, 2.0, 4.0, 8.0, 24.0)
            for c in np.geomspace(0.003, 3.0, int(min(7 * s, 84)))  # finer where steeper
        ]
        scale, steepness = np.array(pairs)[:, :1], np.array(pairs)[:, 1]
    else:
        cube = qmc.Sobol(axes + 1, seed=0).random(128)
        scale = 0.02 * (5.0 / 0.02) ** cube[:, :axes]
        steepness = 0.8 * (6.0 / 0.8) ** cube[:, axes]
    count = len(steepness)
    roughness = np.repeat([0.04, 0.25], count)
    return Hyperparameters(np.tile(scale, (2, 1)), np.tile(steepness, 2), roughness)


@dataclass(frozen=True)
class Posterior:
    """Hyperparameters drawn by how well they fit, each with its exact Gaussian posterior.

    Attributes:
        data: the data; nodes, weight: the nodes drawn, and how often.
        shortlist: the nodes that fit best, for the fits to come.
    """

    data: TrainingData
    nodes: Hyperparameters
    weight: Array
    shortlist: Hyperparameters

    @cached_property
    def _factor(self) -> Array:
        x = self.data.x
        return np.asarray(np.linalg.cholesky(self.nodes.covariance(x, x) + self.data.noise))

    @cached_property
    def _residual(self) -> Array:
        gap = self.data.mean - self.nodes.mean(self.data.x)
        return np.asarray(np.linalg.solve(self._factor, gap[:, :, None])[:, :, 0])

    def joint(self, x: Array) -> tuple[Array, Array]:
        """Return mean (P, G) and covariance (P, G, G) of f at x (G, width), a node a row."""
        cross = self.nodes.covariance(self.data.x, x)
        solved = np.stack(
            [
                solve_triangular(f, c, lower=True, check_finite=False)
                for f, c in zip(self._factor, cross, strict=True)
            ]
        )
        mean = self.nodes.mean(x) + np.einsum("pdg,pd->pg", solved, self._residual)
        return mean, self.nodes.covariance(x, x) - solved.swapaxes(1, 2) @ solved

    def mean(self, x: Array) -> Array:
        """Return the mean of f at x."""
        cross = self.nodes.covariance(self.data.x, x)
        back = np.linalg.solve(self._factor.swapaxes(1, 2), self._residual[:, :, None])
        each = self.nodes.mean(x) + (cross * back).sum(axis=1)
        return np.asarray(self.weight @ each)

    def draw(self, x: Array, normals: Array) -> Array:
        """Return curves (S, G) at x from standard normals (S, G), nodes in proportion."""
        mean, cov = self.joint(x)
        cov = cov + 1e-9 * np.eye(len(x))
        owner = np.searchsorted(np.cumsum(self.weight), _strata(len(normals)))
        out = np.empty_like(normals)
        for node in np.unique(owner):
            rows = owner == node
            out[rows] = mean[node] + normals[rows] @ _root(cov[node]).T
        return out


def _strata(count: int) -> Array:
    return (np.arange(count) + 0.5) / count * (1 - 1e-12)


def _root(cov: Array) -> Array:
    """Return a square root; rounding can cost a nearly certain matrix its definiteness."""
    for jitter in (0.0, 1e-8, 1e-7, 1e-6, 1e-5):
        try:
            return np.asarray(np.linalg.cholesky(cov + jitter * np.eye(len(cov))))
        except np.linalg.LinAlgError:
            continue
    value, vector = np.linalg.eigh(cov)
    return np.asarray(vector * np.sqrt(np.maximum(value, 0.0)))


def log_evidence(data: TrainingData, candidates: Hyperparameters) -> Array:
    """Return the log evidence (M,) of each node."""
    cov = candidates.covariance(data.x, data.x) + data.noise
    factor = np.linalg.cholesky(cov)
    gap = data.mean - candidates.mean(data.x)
    scaled = np.linalg.solve(factor, gap[:, :, None])[:, :, 0]
    logdet = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    return np.asarray(-0.5 * (scaled**2).sum(axis=1) - logdet)


def fit(data: TrainingData, candidates: Hyperparameters | None = None) -> Posterior:
    """Fit the model to the points, over all candidate shapes or over a shortlist of them."""
    pool = candidates or hyperparameter_grid(data.n_numeric)
    log = log_evidence(data, pool)
    if candidates is None and data.n_numeric > 1:
        pool, log = _refined(data, pool, log)
    order = np.argsort(-log, kind="stable")[:SHORTLIST]
    weight = np.exp(log - log.max())
    kept = np.searchsorted(np.cumsum(weight / weight.sum()), _strata(KEPT))
    chosen, times = np.unique(kept, return_counts=True)
    return Posterior(data, pool[chosen], times / KEPT, pool[np.sort(order)])


def _refined(
    data: TrainingData, pool: Hyperparameters, log: Array
) -> tuple[Hyperparameters, Array]:
    """Look more closely around the best nodes, twice: a quasi-random start is sparse."""
    rng = np.random.default_rng(0)
    for width in (0.5, 0.2):
        top = pool[np.repeat(np.argsort(-log, kind="stable")[:8], 8)]
        around = Hyperparameters(
            top.scale * np.exp(width * rng.normal(size=top.scale.shape)),
            np.clip(top.steepness * np.exp(width * rng.normal(size=64)), 0.7, 10.0),
            top.roughness,
        )
        pool, log = _join(pool, around), np.append(log, log_evidence(data, around))
    return pool, log


def _join(a: Hyperparameters, b: Hyperparameters) -> Hyperparameters:
    return Hyperparameters(
        np.vstack([a.scale, b.scale]),
        np.append(a.steepness, b.steepness),
        np.append(a.roughness, b.roughness),
    )
