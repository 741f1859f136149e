"""One attempt at a certificate: which doses to play afresh, and how many episodes each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from mechlab.flows import Array
from mechlab.search.bounds import LEAST
from mechlab.search.direction import Dose, Ray

POWER = 1.6  # normal quantile of the share of answers within the tolerance: 0.8, with some in hand
MARGIN = 2.0  # standard deviations by which the doses are set off beyond what the test needs
MOST = 4096  # episodes a dose at a first look

Limits = tuple[int, int]  # fewest and most episodes a dose


@dataclass(frozen=True)
class Design:
    """Doses of an attempt, in order of size, and the episodes of each at the first look."""

    doses: tuple[Dose, ...]
    n: int


def design(
    ray: Ray, alpha: float, tolerance: float, least: int = LEAST, left: int = 2 * MOST
) -> Design:
    """Return the attempt that the belief recommends, of as many episodes as are left.

    Args:
        ray: the way through the parameters, with the belief.
        alpha: error that the first look may spend.
        tolerance: share of the true size within which the answer should come in 80 of 100 cases.
        least: fewest episodes a dose, where there are as many.
        left: most episodes of all doses.
    """
    crossings = ray.crossings
    if np.isfinite(crossings).mean() < 0.5:
        return alone(ray, Dose(np.inf, ray.belief.most, "lo"), alpha, (least, left))
    if (crossings <= 0.0).mean() > 0.5:
        return alone(ray, ray.dose(0.0, "hi"), alpha, (least, left))
    return _bracket(ray, alpha, tolerance, (least, left // 2))


def alone(ray: Ray, dose: Dose, alpha: float, limits: Limits) -> Design:
    """Play one dose: nothing at all, hoped to be enough, or the best setting, believed too little,
    or one that is believed to be enough and to cost less than a smaller one."""
    gap = abs(float(ray.belief.curve([dose.params])[0][0]) - ray.belief.target)
    sd = _sd(ray)
    n = _count((sd * (norm.isf(alpha) + POWER) / max(gap, sd / 20)) ** 2, limits)
    return Design((dose,), n)


def _bracket(ray: Ray, alpha: float, tolerance: float, limits: Limits) -> Design:
    """Play on both sides of the boundary, as far apart as noise and doubt about it require."""
    step = _step(ray)
    if step is not None:
        return _closer(ray, step, alpha, tolerance, limits)
    mid, spread = ray.middle
    n, error = resolution(ray, alpha, tolerance, limits)
    half = _quantile(ray, alpha) * error + MARGIN * math.hypot(error, spread)
    return Design((ray.dose(mid - half, "lo"), ray.dose(mid + half, "hi")), n)


@dataclass(frozen=True)
class Step:
    """Where a response without any noise jumps: between two positions on a ray.

    Attributes:
        low, high: the positions. gap: how far efficiency there is from the target, at least.
    """

    low: float
    high: float
    gap: float


def _step(ray: Ray) -> Step | None:
    """Return where efficiency jumps over the target, where no episode ever differs from another.

    Then there is no noise that could tell how far from a jump a dose is, and no curve to fit.
    """
    plays = [(ray.on(play.x), play.values) for play in ray.belief.plays]
    if any(len(set(values)) > 1 for _, values in plays):
        return None
    known = sorted((t, values[0] - ray.belief.target) for t, values in plays if t is not None)
    low = max((one for one in known if one[1] < 0.0), default=None)
    high = min((one for one in known if low and one > low and one[1] >= 0.0), default=None)
    if low is None or high is None:
        return None
    return Step(low[0], high[0], min(-low[1], high[1]))


def _closer(ray: Ray, step: Step, alpha: float, tolerance: float, limits: Limits) -> Design:
    """Play the two ends of a jump; where they are far apart, cut what lies between in three."""
    third = (step.high - step.low) / 3.0
    far = 3.0 * third > tolerance * step.high
    ends = (step.low + third * far, step.high - third * far)
    # So many equal episodes show a mean that far from the target (see ``sequences.bounds``).
    n = math.log(alpha / 4.0) / math.log1p(-min(max(step.gap, 1e-3), 0.9))
    return Design((ray.dose(ends[0], "lo"), ray.dose(ends[1], "hi")), _count(n, limits))


def resolution(
    ray: Ray, alpha: float, tolerance: float, limits: Limits = (LEAST, MOST)
) -> tuple[int, float]:
    """Return the episodes a dose that an answer within the tolerance takes, and the standard
    error, in t, with which so many episodes at one dose place the boundary."""
    mid, spread = ray.middle
    growth = max(_slope(ray.sizes, mid, 0.05 * mid), 1e-12)
    steep = max(_slope(ray.curve, mid, max(spread, 0.05 * mid)), 1e-6)
    at = np.array([mid])
    near = tolerance * abs(float(ray.sizes(at)[0]))
    place = _sd(ray) * growth / steep  # what one episode leaves open of the size, by its place
    noise = ray.belief.size_sd(ray.x(at)[0])  # and by its own size
    far = _quantile(ray, alpha) * (place + noise) + POWER * math.hypot(place, noise)
    n = _count((far / near) ** 2 / 2.0 if near > 0.0 else MOST, limits)
    return n, _sd(ray) / (steep * math.sqrt(n))


def _quantile(ray: Ray, alpha: float) -> float:
    """Return the normal quantile of one claim about one of two doses (see ``judge.Look``)."""
    return float(norm.isf(alpha / 2.0 / ray.belief.claims))


def _slope(curve: Callable[[Array], Array], t: float, step: float) -> float:
    ends = np.array([max(0.0, t - step), min(1.0, t + step)])
    return float(np.diff(curve(ends))[0] / np.diff(ends)[0])


def _sd(ray: Ray) -> float:
    points = ray.belief.posterior.points
    return float(np.sqrt(points.variance_at(np.array([ray.belief.target]))[0]))


def _count(n: float, limits: Limits) -> int:
    """Return a whole number of episodes within the limits; the upper one stands above all."""
    least, most = limits
    return min(most, max(least, int(min(MOST, math.ceil(n)))))
