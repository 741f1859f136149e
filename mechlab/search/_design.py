"""One attempt at a certificate: which doses to play afresh, and how many episodes each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from mechlab.flows import Array
from mechlab.search._direction import Direction, Dose
from mechlab.search.bounds import MIN_EPISODES

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
    direction: Direction,
    alpha: float,
    tolerance: float,
    least: int = MIN_EPISODES,
    left: int = 2 * MOST,
) -> Design:
    """Return the attempt that the belief recommends, of as many episodes as are left.

    Args:
        direction: the way through the parameters, with the belief.
        alpha: error that the first look may spend.
        tolerance: share of the true size within which the answer should come in 80 of 100 cases.
        least: fewest episodes a dose, where there are as many.
        left: most episodes of all doses.
    """
    crossings = direction.crossings
    if np.isfinite(crossings).mean() < 0.5:
        return single_dose(
            direction, Dose(np.inf, direction.belief.most_efficient, "lower"), alpha, (least, left)
        )
    if (crossings <= 0.0).mean() > 0.5:
        return single_dose(direction, direction.dose(0.0, "upper"), alpha, (least, left))
    return _bracket(direction, alpha, tolerance, (least, left // 2))


def single_dose(direction: Direction, dose: Dose, alpha: float, limits: Limits) -> Design:
    """Play one dose: nothing at all, hoped to be enough, or the best setting, believed too little,
    or one that is believed to be enough and to cost less than a smaller one."""
    gap = abs(float(direction.belief.curve([dose.params])[0][0]) - direction.belief.target)
    sd = _sd(direction)
    n = _count((sd * (norm.isf(alpha) + POWER) / max(gap, sd / 20)) ** 2, limits)
    return Design((dose,), n)


def _bracket(direction: Direction, alpha: float, tolerance: float, limits: Limits) -> Design:
    """Play on both sides of the boundary, as far apart as noise and doubt about it require."""
    jump = _jump(direction)
    if jump is not None:
        return _closer(direction, jump, alpha, tolerance, limits)
    mid, spread = direction.crossing
    n, error = required_episodes(direction, alpha, tolerance, limits)
    half = _quantile(direction, alpha) * error + MARGIN * math.hypot(error, spread)
    return Design((direction.dose(mid - half, "lower"), direction.dose(mid + half, "upper")), n)


@dataclass(frozen=True)
class Jump:
    """Where a response without any noise jumps: between two positions on a direction.

    Attributes:
        low, high: the positions. gap: how far efficiency there is from the target, at least.
    """

    low: float
    high: float
    gap: float


def _jump(direction: Direction) -> Jump | None:
    """Return where efficiency jumps over the target, where no episode ever differs from another.

    Then there is no noise that could tell how far from a jump a dose is, and no curve to fit.
    """
    plays = [(direction.position_of(play.x), play.values) for play in direction.belief.efficiencies]
    if any(len(set(values)) > 1 for _, values in plays):
        return None
    known = sorted((t, values[0] - direction.belief.target) for t, values in plays if t is not None)
    low = max((one for one in known if one[1] < 0.0), default=None)
    high = min((one for one in known if low and one > low and one[1] >= 0.0), default=None)
    if low is None or high is None:
        return None
    return Jump(low[0], high[0], min(-low[1], high[1]))


def _closer(
    direction: Direction, jump: Jump, alpha: float, tolerance: float, limits: Limits
) -> Design:
    """Play the two ends of a jump; where they are far apart, cut what lies between in three."""
    third = (jump.high - jump.low) / 3.0
    far = 3.0 * third > tolerance * jump.high
    ends = (jump.low + third * far, jump.high - third * far)
    # So many equal episodes show a mean that far from the target (see ``bounds.mean_bounds``).
    n = math.log(alpha / 4.0) / math.log1p(-min(max(jump.gap, 1e-3), 0.9))
    return Design(
        (direction.dose(ends[0], "lower"), direction.dose(ends[1], "upper")), _count(n, limits)
    )


def required_episodes(
    direction: Direction, alpha: float, tolerance: float, limits: Limits = (MIN_EPISODES, MOST)
) -> tuple[int, float]:
    """Return the episodes a dose that an answer within the tolerance takes, and the standard
    error, in t, with which so many episodes at one dose place the boundary."""
    mid, spread = direction.crossing
    growth = max(_slope(direction.sizes, mid, 0.05 * mid), 1e-12)
    steep = max(_slope(direction.curve, mid, max(spread, 0.05 * mid)), 1e-6)
    at = np.array([mid])
    near = tolerance * abs(float(direction.sizes(at)[0]))
    place = (
        _sd(direction) * growth / steep
    )  # what one episode leaves open of the size, by its place
    noise = direction.belief.size_sd(direction.points(at)[0])  # and by its own size
    far = _quantile(direction, alpha) * (place + noise) + POWER * math.hypot(place, noise)
    n = _count((far / near) ** 2 / 2.0 if near > 0.0 else MOST, limits)
    return n, _sd(direction) / (steep * math.sqrt(n))


def _quantile(direction: Direction, alpha: float) -> float:
    """Return the normal quantile of one claim about one of two doses (see ``InterimAnalysis``)."""
    return float(norm.isf(alpha / 2.0 / direction.belief.claims_per_end))


def _slope(curve: Callable[[Array], Array], t: float, step: float) -> float:
    ends = np.array([max(0.0, t - step), min(1.0, t + step)])
    return float(np.diff(curve(ends))[0] / np.diff(ends)[0])


def _sd(direction: Direction) -> float:
    points = direction.belief.posterior.data
    return float(np.sqrt(points.variance_at(np.array([direction.belief.target]))[0]))


def _count(n: float, limits: Limits) -> int:
    """Return a whole number of episodes within the limits; the upper one stands above all."""
    least, most = limits
    return min(most, max(least, int(min(MOST, math.ceil(n)))))
