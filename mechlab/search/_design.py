"""The design of one stage of a sequential test: which doses to play, and how many episodes each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from mechlab.flows import Array
from mechlab.search._direction import Direction, Dose
from mechlab.search.bounds import MIN_EPISODES

POWER = 1.6  # normal quantile of the chance that a claim succeeds: 0.8 would be 0.84, for each of
# two claims at once 1.25; the rest makes up for noise and slope that are only estimated
MARGIN = 2.0  # standard deviations of doubt about the boundary by which the doses lie further apart
MAX_EPISODES = 4096  # of a dose at a first analysis; a search can ask for more in later ones
STEP = 0.05  # share of a position over which a slope is taken: a tolerance
DOUBT = 0.5  # share of the curves drawn that says whether the target is reached, or already without
MIN_GAP, MAX_GAP = 1e-3, 0.9  # distance of efficiency from the target: a response that only just
# reaches it would take episodes without end, and the logarithm needs less than 1

Limits = tuple[int, int]  # fewest and most episodes of a dose


@dataclass(frozen=True)
class Design:
    """The design of a stage.

    Attributes:
        doses: one or two, in order of size.
        n: episodes of each at the first analysis.
    """

    doses: tuple[Dose, ...]
    n: int


def design(
    direction: Direction,
    alpha: float,
    tolerance: float,
    least: int = MIN_EPISODES,
    left: int = 2 * MAX_EPISODES,
) -> Design:
    """Return the stage that the belief recommends.

    Two doses, one on each side of the believed boundary; one, where the target is believed to be
    out of reach (the most efficient setting), or to be reached without any incentive.

    Args:
        direction: the direction, with the belief.
        alpha: error that the first analysis may spend.
        tolerance: share of the true size within which the answer should come in 80 of 100 cases.
        least: fewest episodes of a dose, where so many are left.
        left: most episodes of all doses.
    """
    crossings, limits = direction.crossings, (least, left)
    if np.isfinite(crossings).mean() < DOUBT:
        dose = Dose(np.inf, direction.belief.most_efficient, "lower")
        return single_dose(direction, dose, alpha, limits)
    if (crossings <= 0.0).mean() > DOUBT:
        return single_dose(direction, direction.dose(0.0, "upper"), alpha, limits)
    limits = least, left // 2
    jump = _jump(direction)
    if jump is not None:
        return _at_jump(direction, jump, alpha, tolerance, limits)
    return _bracket(direction, alpha, tolerance, limits)


def single_dose(direction: Direction, dose: Dose, alpha: float, limits: Limits) -> Design:
    """Return a stage of one dose, with the episodes that its distance from the target takes.

    A distance below a twentieth of the noise counts as that: nothing is to be shown there.
    """
    curve, _, _ = direction.belief.curve([dose.params])
    gap, sd = abs(float(curve[0]) - direction.belief.target), _sd(direction)
    n = _count((sd * (norm.isf(alpha) + POWER) / max(gap, sd / 20)) ** 2, limits)
    return Design((dose,), n)


def _bracket(direction: Direction, alpha: float, tolerance: float, limits: Limits) -> Design:
    """Return a stage on both sides of the boundary, as far apart as noise and doubt require."""
    median, spread = direction.crossing
    n, error = required_episodes(direction, alpha, tolerance, limits)
    half = _quantile(direction, alpha) * error + MARGIN * math.hypot(error, spread)
    return Design(
        (direction.dose(median - half, "lower"), direction.dose(median + half, "upper")), n
    )


@dataclass(frozen=True)
class Jump:
    """Where a response without any noise jumps over the target.

    Attributes:
        low, high: neighbouring positions, below the target and not below it.
        gap: how far efficiency is from the target at both of them, at least.
    """

    low: float
    high: float
    gap: float


def _jump(direction: Direction) -> Jump | None:
    """Return where efficiency jumps over the target, where no episode ever differs from another.

    Then there is no noise that could tell how far from a jump a dose is, and no curve to fit.
    """
    trials = [(direction.position_of(t.x), t.values) for t in direction.belief.efficiencies]
    if any(len(set(values)) > 1 for _, values in trials):
        return None
    known = sorted((t, v[0] - direction.belief.target) for t, v in trials if t is not None)
    low = max((one for one in known if one[1] < 0.0), default=None)
    high = min((one for one in known if low and one > low and one[1] >= 0.0), default=None)
    if low is None or high is None:
        return None
    return Jump(low[0], high[0], min(-low[1], high[1]))


def _at_jump(
    direction: Direction, jump: Jump, alpha: float, tolerance: float, limits: Limits
) -> Design:
    """Return a stage at the two ends of a jump; where they are further apart than the tolerance, at
    the two positions that cut what lies between in three."""
    third = (jump.high - jump.low) / 3.0
    far = 3.0 * third > tolerance * jump.high
    ends = (jump.low + third * far, jump.high - third * far)
    # So many equal episodes show a mean that far from the target (see `bounds`); two doses with two
    # claims each share the error
    n = math.log(alpha / 4.0) / math.log1p(-min(max(jump.gap, MIN_GAP), MAX_GAP))
    doses = direction.dose(ends[0], "lower"), direction.dose(ends[1], "upper")
    return Design(doses, _count(n, limits))


def required_episodes(
    direction: Direction,
    alpha: float,
    tolerance: float,
    limits: Limits = (MIN_EPISODES, MAX_EPISODES),
) -> tuple[int, float]:
    """Return the episodes of each of two doses that an answer within the tolerance takes.

    The answer errs by the noise of efficiency, divided by the curve's slope, and by that of size.

    Returns:
        The episodes, and the standard error (in t) with which so many at one dose place the
        boundary.
    """
    median, spread = direction.crossing
    per_t = max(_slope(direction.sizes, median, STEP * median), 1e-12)  # size
    slope = max(_slope(direction.curve, median, max(spread, STEP * median)), 1e-6)  # efficiency
    at = np.array([median])
    wanted = tolerance * abs(float(direction.sizes(at)[0]))
    by_place = _sd(direction) * per_t / slope  # what one episode leaves open of the size
    by_size = direction.belief.size_sd(direction.points(at)[0])
    error = _quantile(direction, alpha) * (by_place + by_size)
    error += POWER * math.hypot(by_place, by_size)
    if direction.belief.fixed_size is not None:
        error, wanted = 0.0, 1.0  # all doses are as large: it is free where the boundary lies
    n = _count((error / wanted) ** 2 / 2.0 if wanted > 0.0 else MAX_EPISODES, limits)
    return n, _sd(direction) / (slope * math.sqrt(n))


def _quantile(direction: Direction, alpha: float) -> float:
    """Return the normal quantile of one claim about one of two doses (see ``InterimAnalysis``)."""
    return float(norm.isf(alpha / 2.0 / direction.belief.claims_per_end))


def _slope(curve: Callable[[Array], Array], t: float, step: float) -> float:
    """Return the slope of a curve at position t, over a step to each side inside the range."""
    ends = np.array([max(0.0, t - step), min(1.0, t + step)])
    return float(np.diff(curve(ends))[0] / np.diff(ends)[0])


def _sd(direction: Direction) -> float:
    """Return the standard deviation of one episode's efficiency where its mean is the target."""
    data = direction.belief.posterior.data
    return float(np.sqrt(data.variance_at(np.array([direction.belief.target]))[0]))


def _count(n: float, limits: Limits) -> int:
    """Return a whole number of episodes within the limits; the upper one stands above all."""
    least, most = limits
    return min(most, max(least, int(min(MAX_EPISODES, math.ceil(n)))))
