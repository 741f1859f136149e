"""The model of the search: a Gaussian process around a saturating dose response.

Mean efficiency at a point x of the unit cube is modelled as

    f(x) = floor + rise h(x) + g(h(x), x),    h(x) = 1 - exp(-sum_k (x_k / c_k)^s),

a curve that rises and saturates, with a discrepancy g that takes up whatever has another shape:
humps, plateaus, declines (Kennedy & O'Hagan 2001, "Bayesian calibration of computer models"). Given
the hyperparameters, f is a Gaussian process with known mean and covariance, and its posterior is
exact (Rasmussen & Williams 2006, ch. 2). The hyperparameters are not optimised: predictions are
averaged over many values of them, each weighted by its marginal likelihood (ibid., ch. 5).

Notation:

    W, K    number of coordinates of a point, and of those that are numeric (the first K)
    D       number of points with data
    G       number of points where the model predicts
    M       number of hyperparameter vectors
    S       number of curves drawn
    x       point of the unit cube, (W,)
    y       means at the data points, (D,), with covariance `noise` (D, D) of their errors
    c       scale: where coordinate k has made 63% of its rise alone, (M, K)
    s       steepness: 1 saturates from the start, larger values are S-shaped, (M,)
    r       roughness: prior standard deviation of g, in units of efficiency, (M,)
    h(x)    saturation: share of the rise that is made at x, in [0, 1]
    k(x,x') prior covariance of f
    L       Cholesky factor of k(X, X) + noise
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
from mechlab.search._replicates import Index, TrainingData

FLOOR, FLOOR_SD = 0.3, 0.4  # prior of the floor: efficiency without incentive is mostly within 0..1
RISE, RISE_SD = 0.5, 0.6  # prior of the rise: incentives mostly help, and a few do harm
LENGTH_H, LENGTH_X = 0.4, 0.35  # length scales of g, of h and x: one hump fits in, ripples do not
ROUGHNESS = (0.04, 0.25)  # g as small as the noise of a few replicates, or as large as half a rise
SHORTLIST = 64  # hyperparameters kept for later fits: ten times as fast as all of them
KEPT = 16  # hyperparameters that predict; each costs a factor and a square root a fit
REFINED = 8  # best hyperparameters around which new ones are tried, as many around each
JITTER = 1e-9  # added to the variance of drawn curves: they are known to 3e-5 at best


@dataclass(frozen=True)
class Hyperparameters:
    """M vectors of hyperparameters: scale (M, K), steepness (M,) and roughness (M,)."""

    scale: Array
    steepness: Array
    roughness: Array

    def __getitem__(self, index: Any) -> Hyperparameters:
        """Return some of them."""
        return Hyperparameters(self.scale[index], self.steepness[index], self.roughness[index])

    def saturation(self, x: Array) -> Array:
        """Return h (M, G) at points x (G, W)."""
        ratio = x[None, :, : self.scale.shape[1]] / self.scale[:, None, :]
        return np.asarray(1.0 - np.exp(-(ratio ** self.steepness[:, None, None]).sum(axis=2)))

    def mean(self, x: Array) -> Array:
        """Return the prior mean (M, G) of f at points x (G, W)."""
        return FLOOR + RISE * self.saturation(x)

    def covariance(self, x: Array, other: Array) -> Array:
        """Return the prior covariance (M, G, H) of f between points x (G, W) and other (H, W).

        The kernel of g is rational quadratic with alpha = 2 (Rasmussen & Williams 2006, eq. 4.19):
        smooth, and without an exponential to compute.
        """
        left, right = self.saturation(x)[:, :, None], self.saturation(other)[:, None, :]
        out = left - right  # updated in place: these arrays are the largest of a fit
        out *= out
        out *= 0.25 / LENGTH_H**2
        out += 1.0 + cdist(x, other, "sqeuclidean") * (0.25 / LENGTH_X**2)
        out *= out
        np.divide(self.roughness[:, None, None] ** 2, out, out=out)
        out += RISE_SD**2 * left * right + FLOOR_SD**2
        return out


@lru_cache
def hyperparameter_grid(n_numeric: int) -> Hyperparameters:
    """Return the hyperparameters that a fit starts from.

    One numeric coordinate has a grid: scales from 0.003 of the range, which is next to no
    incentive, to 3 times the range, which is nearly a straight line; steepness up to 24, which is
    nearly a jump. Several have a Sobol sequence over narrower bounds, for `fit` refines it.
    """
    if n_numeric == 1:
        pairs = [
            (c, s)
            for s in (0.6, 1.0, 2.0, 4.0, 8.0, 24.0)
            for c in np.geomspace(0.003, 3.0, int(min(7 * s, 84)))  # finer where it is steeper
        ]
        scale, steepness = np.array(pairs)[:, :1], np.array(pairs)[:, 1]
    else:
        cube = qmc.Sobol(n_numeric + 1, seed=0).random(128)
        scale = 0.02 * (5.0 / 0.02) ** cube[:, :n_numeric]
        steepness = 0.8 * (6.0 / 0.8) ** cube[:, n_numeric]
    roughness = np.repeat(ROUGHNESS, len(steepness))
    return Hyperparameters(np.tile(scale, (2, 1)), np.tile(steepness, 2), roughness)


@dataclass(frozen=True)
class Posterior:
    """The model given data: a mixture of exact Gaussian posteriors.

    Attributes:
        data: what it was fitted to.
        hyperparameters: those that predict, P of them.
        weight: share of each in the mixture (P,).
        shortlist: hyperparameters that fit best, for later fits.
    """

    data: TrainingData
    hyperparameters: Hyperparameters
    weight: Array
    shortlist: Hyperparameters

    @cached_property
    def _factor(self) -> Array:
        """L (P, D, D)."""
        x = self.data.x
        covariance = self.hyperparameters.covariance(x, x) + self.data.noise
        return np.asarray(np.linalg.cholesky(covariance))

    @cached_property
    def _residual(self) -> Array:
        """L^-1 (y - prior mean), (P, D)."""
        gap = self.data.mean - self.hyperparameters.mean(self.data.x)
        return np.asarray(np.linalg.solve(self._factor, gap[:, :, None])[:, :, 0])

    def joint(self, x: Array) -> tuple[Array, Array]:
        """Return the mean (P, G) and covariance (P, G, G) of f at points x (G, W) given each vector
        of hyperparameters (Rasmussen & Williams 2006, eq. 2.23 and 2.24)."""
        cross = self.hyperparameters.covariance(self.data.x, x)
        solved = np.stack(
            [
                solve_triangular(f, c, lower=True, check_finite=False)
                for f, c in zip(self._factor, cross, strict=True)
            ]
        )
        mean = self.hyperparameters.mean(x) + np.einsum("pdg,pd->pg", solved, self._residual)
        prior = self.hyperparameters.covariance(x, x)
        return mean, prior - solved.swapaxes(1, 2) @ solved

    def mean(self, x: Array) -> Array:
        """Return the mean (G,) of f at points x (G, W)."""
        cross = self.hyperparameters.covariance(self.data.x, x)
        back = np.linalg.solve(self._factor.swapaxes(1, 2), self._residual[:, :, None])
        each = self.hyperparameters.mean(x) + (cross * back).sum(axis=1)
        return np.asarray(self.weight @ each)

    def draw(self, x: Array, normals: Array) -> Array:
        """Return curves (S, G) at points x (G, W), each hyperparameter's share of them in turn.

        Args:
            x: the points.
            normals: standard normal numbers (S, G), a row for each curve.
        """
        mean, cov = self.joint(x)
        cov = cov + JITTER * np.eye(len(x))
        owner = _stratified(self.weight, len(normals))
        out = np.empty_like(normals)
        for member in np.unique(owner):
            rows = owner == member
            out[rows] = mean[member] + normals[rows] @ _square_root(cov[member]).T
        return out


def log_evidence(data: TrainingData, candidates: Hyperparameters) -> Array:
    """Return the log marginal likelihood (M,) of the data, up to a constant (Rasmussen & Williams
    2006, eq. 2.30)."""
    cov = candidates.covariance(data.x, data.x) + data.noise
    factor = np.linalg.cholesky(cov)
    gap = data.mean - candidates.mean(data.x)
    scaled = np.linalg.solve(factor, gap[:, :, None])[:, :, 0]
    logdet = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    return np.asarray(-0.5 * (scaled**2).sum(axis=1) - logdet)


def fit(data: TrainingData, candidates: Hyperparameters | None = None) -> Posterior:
    """Fit the model.

    Args:
        data: means and their noise.
        candidates: hyperparameters to choose from, such as an earlier fit's shortlist; by default
            the whole grid.
    """
    pool = candidates or hyperparameter_grid(data.n_numeric)
    log = log_evidence(data, pool)
    if candidates is None and data.n_numeric > 1:
        pool, log = _refined(data, pool, log)
    order = np.argsort(-log, kind="stable")[:SHORTLIST]
    weight = np.exp(log - log.max())
    chosen, times = np.unique(_stratified(weight / weight.sum(), KEPT), return_counts=True)
    return Posterior(data, pool[chosen], times / KEPT, pool[np.sort(order)])


def _refined(
    data: TrainingData, pool: Hyperparameters, log: Array
) -> tuple[Hyperparameters, Array]:
    """Add hyperparameters around the best ones, twice, the second time closer: 128 points of a
    sequence are sparse in a space of three or more dimensions."""
    rng = np.random.default_rng(0)  # the same always, so that a search can be repeated
    for width in (0.5, 0.2):
        best = np.argsort(-log, kind="stable")[:REFINED]
        top = pool[np.repeat(best, REFINED)]
        scale = top.scale * np.exp(width * rng.normal(size=top.scale.shape))
        steepness = top.steepness * np.exp(width * rng.normal(size=len(top.steepness)))
        around = Hyperparameters(scale, np.clip(steepness, 0.7, 10.0), top.roughness)
        pool = Hyperparameters(
            np.vstack([pool.scale, around.scale]),
            np.append(pool.steepness, around.steepness),
            np.append(pool.roughness, around.roughness),
        )
        log = np.append(log, log_evidence(data, around))
    return pool, log


def _stratified(weight: Array, count: int) -> Index:
    """Return ``count`` members of a mixture, each as often as its weight says, without chance."""
    quantiles = (np.arange(count) + 0.5) / count * (1 - 1e-12)  # below 1 in spite of rounding
    return np.searchsorted(np.cumsum(weight), quantiles)


def _square_root(cov: Array) -> Array:
    """Return a square root (G, G) of a covariance that rounding may have made indefinite."""
    for jitter in (0.0, 1e-8, 1e-7, 1e-6, 1e-5):  # variances; 1e-5 is about that of the misfit
        try:
            return np.asarray(np.linalg.cholesky(cov + jitter * np.eye(len(cov))))
        except np.linalg.LinAlgError:
            continue
    value, vector = np.linalg.eigh(cov)
    return np.asarray(vector * np.sqrt(np.maximum(value, 0.0)))
