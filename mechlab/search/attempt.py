"""One attempt at a certificate: which doses to play afresh, and how many episodes each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from mechlab.flows import Array
from mechlab.search.ray import Dose, Ray
from mechlab.search.sequences import LEAST

POWER = 1.6  # normal quantile of the share of answers within the tolerance: 0.8, with some in hand
MARGIN = 2.0  # standard deviations by which the doses are set off beyond what the test needs
MOST = 4096  # episodes a dose at a first look


@dataclass(frozen=True)
class Design:
    """Doses of an attempt, in order of size, and the episodes of each at the first look."""

    doses: tuple[Dose, ...]
    n: int


def design(ray: Ray, alpha: float, tolerance: float, least: int = LEAST) -> Design:
    """Return the attempt that the belief recommends.

    Args:
        ray: the way through the parameters, with the belief.
        alpha: error that the first look may spend.
        tolerance: share of the true size within which the answer should come in 80 of 100 cases.
        least: fewest episodes a dose.
    """
    crossings = ray.crossings
    if np.isfinite(crossings).mean() < 0.5:
        return _one(ray, Dose(np.inf, ray.belief.most, "lo"), alpha, least)
    if (crossings <= 0.0).mean() > 0.5:
        return _one(ray, ray.dose(0.0, "hi"), alpha, least)
    return _bracket(ray, alpha, tolerance, least)


def _one(ray: Ray, dose: Dose, alpha: float, least: int) -> Design:
    """Play nothing at all, hoped to be enough, or the best setting, believed too little."""
    gap = abs(float(ray.belief.curve([dose.params])[0][0]) - ray.belief.target)
    sd = _sd(ray)
    n = _count((sd * (norm.isf(alpha) + POWER) / max(gap, sd / 20)) ** 2, least)
    return Design((dose,), n)


def _bracket(ray: Ray, alpha: float, tolerance: float, least: int) -> Design:
    """Play on both sides of the boundary, as far apart as noise and doubt about it require."""
    mid, spread = ray.middle
    n, error = resolution(ray, alpha, tolerance, least)
    half = float(norm.isf(alpha / 2.0)) * error + MARGIN * math.hypot(error, spread)
    return Design((ray.dose(mid - half, "lo"), ray.dose(mid + half, "hi")), n)


def resolution(ray: Ray, alpha: float, tolerance: float, least: int = LEAST) -> tuple[int, float]:
    """Return the episodes a dose that an answer within the tolerance takes, and the standard
    error, in t, with which so many episodes at one dose place the boundary."""
    mid, spread = ray.middle
    growth = max(_slope(ray.sizes, mid, 0.05 * mid), 1e-12)
    near = tolerance * float(ray.sizes(np.array([mid]))[0]) / growth
    steep = max(_slope(ray.curve, mid, max(spread, 0.05 * mid)), 1e-6)
    z = float(norm.isf(alpha / 2.0))
    n = _count((_sd(ray) * (z + POWER) / (steep * near)) ** 2 / 2.0, least)
    return n, _sd(ray) / (steep * math.sqrt(n))


def _slope(curve: Callable[[Array], Array], t: float, step: float) -> float:
    ends = np.array([max(0.0, t - step), min(1.0, t + step)])
    return float(np.diff(curve(ends))[0] / np.diff(ends)[0])


def _sd(ray: Ray) -> float:
    points = ray.belief.posterior.points
    return float(np.sqrt(points.variance_at(np.array([ray.belief.target]))[0]))


def _count(n: float, least: int) -> int:
    return max(least, int(min(MOST, math.ceil(n))))
