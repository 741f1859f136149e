"""Where the next trial tells most about the smallest sufficient size, and when to stop asking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mechlab.flows import Array
from mechlab.search._design import required_episodes
from mechlab.search._direction import Direction
from mechlab.search._directions import Index
from mechlab.search._threshold import Belief
from mechlab.search.bounds import alpha_spent
from mechlab.search.trials import FEW, MANY

DOUBT = 0.55  # tolerances of doubt about the boundary at which fresh episodes take over
DETOUR = 0.8  # tolerances by which the way to be certified may miss the cheapest one
SURE = 0.02  # chance to reach the target that counts as none
SAME = 0.005  # share of a dose within which another one is the same


@dataclass(frozen=True)
class Proposal:
    """A point to play next (width,), and replicates: more of them near the boundary."""

    x: Array
    count: int


def next_point(belief: Belief, pending: Array) -> Proposal:
    """Return the most telling point, given the points (n, width) that are being played."""
    drawn = belief.draws
    variance = belief.posterior.data.variance_at(drawn.curves.mean(axis=0))
    index = int(np.argmax(_variance_reduction(belief, variance / MANY, _nearest(drawn.x, pending))))
    enough = float((drawn.curves[:, index] >= belief.target).mean())
    count = FEW + round((MANY - FEW) * 4.0 * enough * (1.0 - enough))
    return Proposal(_snapped(belief, drawn.x[index]), count)


def _variance_reduction(belief: Belief, noise: Array, pending: Index) -> Array:
    """Return how much of the variance of the log threshold a trial at each candidate explains.

    Linear Bayes over the drawn curves: Cov(threshold, f)^2 / (Var f + noise). What the running
    trials will tell is taken out first.
    """
    cov = belief.draws.covariance
    for index in pending:
        told = cov[:, index]
        cov = cov - np.outer(told, told) / (cov[index, index] + noise[index])
    return np.asarray(cov[:-1, -1] ** 2 / (np.diag(cov)[:-1] + noise))


def _nearest(x: Array, points: Array) -> Index:
    """Return the candidates nearest to some points."""
    return np.array([((x - point) ** 2).sum(axis=1).argmin() for point in points], dtype=np.intp)


def _snapped(belief: Belief, x: Array) -> Array:
    """Return a point already played where one is practically the same, so that means gather."""
    played = belief.posterior.data.x
    apart = np.abs(played - x).max(axis=1, initial=0.0)
    near = SAME * max(float(np.abs(x).max(initial=0.0)), 1e-3)
    return played[int(apart.argmin())] if apart.min() <= near else x


def has_converged(belief: Belief, tolerance: float, start: int) -> bool:
    """Return whether the boundary is known about as well as fresh episodes can resolve it.

    Args:
        belief: what is known.
        tolerance: share of the true size within which the answer should come.
        start: trials before which nothing is settled.
    """
    threshold = belief.threshold
    if len(belief.efficiencies) < start or SURE < threshold.reachable < 1.0 - SURE:
        return False
    if threshold.reachable <= SURE:
        return True
    vague = threshold.spread > DOUBT * tolerance * threshold.median
    if vague or belief.draws.excess.mean() > DETOUR * tolerance:
        return False
    direction = Direction(belief, belief.best)
    mid, spread = direction.crossing
    if mid <= 0.0:  # sufficient at no incentive, or no number to choose
        return spread <= 0.0
    if not direction.settings_between(max(0.0, mid - 2 * spread), min(1.0, mid + 2 * spread)):
        return True
    _, error = required_episodes(direction, (1.0 - belief.confidence) * alpha_spent(0), tolerance)
    return spread <= max(2.0 * error, 0.1 * tolerance * mid)
