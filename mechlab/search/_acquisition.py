"""The acquisition function of the search: where the next trial tells most about the threshold, and
when exploring more would hardly help.

A trial is worth the part of the variance of the log smallest sufficient size that it would explain.
That is the entropy search for a level set rather than for an optimum, in its Gaussian form: of
jointly normal variables, the one with the largest squared correlation tells most (Gotovos et al.
2013, "Active learning for level set estimation"; Wang & Jegelka 2017, "Max-value entropy search").

Symbols: G candidate points, S drawn curves, W coordinates (see ``Belief``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from optuna.trial import FrozenTrial

from mechlab.flows import Array
from mechlab.search._direction import Direction
from mechlab.search._replicates import Index
from mechlab.search._space import Space
from mechlab.search._threshold import Belief
from mechlab.search.trials import (
    ATTAINMENT,
    FEW,
    MANY,
    MECHANISM,
    SIZE,
    replicates,
    without_mechanism,
)

DOUBT = 0.4  # tolerances of doubt about the boundary at which held-out episodes take over: they
# place it themselves, as long as their doses lie on both sides of it
DETOUR = 0.6  # tolerances by which a direction may miss the cheapest one: the certificate adds it
HOPELESS = 0.02  # chance to reach the target that counts as none, or as certainty if lacking
SAME = 0.005  # share of a dose within which another one is the same: far below any tolerance
NOTHING = 1e-3  # share of the range below which that share is of this instead: 0 has no part
BENEFIT = 0.1  # chance to be the cheapest, granted to a mechanism that seems not to be: it may err
STALE = 1.05  # a fit serves until so many times its trials are finished: a twentieth moves little

Size = Callable[[Mapping[str, Any]], float]


@dataclass(frozen=True)
class Fit:
    """What is believed of a mechanism, and the numbers of the trials that it was fitted to."""

    numbers: frozenset[int]
    belief: Belief
    tolerance: float

    @cached_property
    def has_converged(self) -> bool:
        """Whether more trials would hardly help."""
        first = first_trials(len(self.belief.space.distributions))
        return has_converged(self.belief, self.tolerance, first)

    def serves(self, trials: Sequence[FrozenTrial], stale: float) -> bool:
        """Whether it may stand for what these finished trials make one believe."""
        return len(trials) <= stale * len(self.numbers) and self.numbers <= {
            trial.number for trial in trials
        }


class Fits:
    """The latest fit of each mechanism; arguments as in ``MinimumIncentiveSampler``."""

    def __init__(
        self, target: float, size: Size | None, confidence: float, tolerance: float
    ) -> None:
        self.target, self.size = target, size
        self.confidence, self.tolerance = confidence, tolerance
        self._latest: dict[str, Fit] = {}

    def of(self, name: str, trials: Sequence[FrozenTrial], stale: float = STALE) -> Fit:
        """Return what these finished trials, or nearly all of them, make one believe."""
        before = self._latest.get(name)
        if before is None or not before.serves(trials, stale):
            belief = self._fitted(name, trials, before.belief if before else None)
            numbers = frozenset(trial.number for trial in trials)
            self._latest[name] = Fit(numbers, belief, self.tolerance)
        return self._latest[name]

    def _fitted(self, name: str, trials: Sequence[FrozenTrial], before: Belief | None) -> Belief:
        space = Space.of(without_mechanism(trials[-1].distributions))
        points = space.encode([without_mechanism(t.params) for t in trials])
        mechanism = {MECHANISM: name} if name else {}
        return Belief(
            space,
            self.target,
            self.confidence,
            efficiencies=replicates(trials, points, ATTAINMENT),
            size=self.size and partial(_size_of, self.size, mechanism),
            observed_sizes=replicates(trials, points, SIZE),
            shortlist=before.shortlist_for(len(trials)) if before else None,
        )


def first_trials(parameters: int) -> int:
    """Return with how many trials a mechanism of so many parameters begins.

    None leaves nothing to vary; one takes the ends and three doses between to show a bend; more
    take two for each, and the ends.
    """
    return {0: 1, 1: 5}.get(parameters, 2 * parameters + 2)


def next_mechanism(fits: Mapping[str, Fit], trials: Mapping[str, int]) -> str:
    """Return the mechanism whose threshold is least certain, the cheap ones first.

    Args:
        fits: of the mechanisms.
        trials: how many each has had.
    """
    waiting = [name for name, fit in fits.items() if not fit.has_converged] or list(fits)
    cheapest = np.min([fit.belief.draws.smallest for fit in fits.values()], axis=0)

    def worth(name: str) -> float:
        chance = float(np.mean(fits[name].belief.draws.smallest <= cheapest))
        return (chance + BENEFIT) / trials[name]

    return max(waiting, key=worth)


@dataclass(frozen=True)
class Proposal:
    """A point to play next (W,), and its number of replicates."""

    x: Array
    count: int


def next_point(belief: Belief, pending: Array) -> Proposal:
    """Return the point with the largest acquisition value.

    Args:
        belief: what is known.
        pending: points (n, W) of trials that the belief does not hold yet; what they will tell is
            discounted.

    Returns:
        The point, with ``MANY`` replicates where it may as well suffice as not, and ``FEW`` where
        that is hardly open.
    """
    draws = belief.draws
    variance = belief.posterior.data.variance_at(draws.curves.mean(axis=0))
    value = _variance_explained(belief, variance / MANY, _nearest(draws.x, pending))
    best = int(np.argmax(value))
    enough = float((draws.curves[:, best] >= belief.target).mean())
    count = FEW + round((MANY - FEW) * 4.0 * enough * (1.0 - enough))
    return Proposal(_as_played(belief, draws.x[best]), count)


def _variance_explained(belief: Belief, noise: Array, pending: Index) -> Array:
    """Return how much of the variance of the log threshold a trial at each candidate explains (G,).

    Linear Bayes over the drawn curves: Cov(threshold, f)^2 / (Var f + noise), after the covariance
    was conditioned on the pending trials.

    Args:
        belief: what is known.
        noise: variance of a trial's mean at each candidate (G,).
        pending: candidates that are being played.
    """
    cov = belief.draws.covariance
    for index in pending:
        column = cov[:, index]
        cov = cov - np.outer(column, column) / (cov[index, index] + noise[index])
    return np.asarray(cov[:-1, -1] ** 2 / (np.diag(cov)[:-1] + noise))


def _nearest(x: Array, points: Array) -> Index:
    """Return the candidates x (G, W) that are nearest to some points (n, W)."""
    return np.array([((x - point) ** 2).sum(axis=1).argmin() for point in points], dtype=np.intp)


def _as_played(belief: Belief, x: Array) -> Array:
    """Return the point of an earlier trial where one is practically the same as x (W,), so that
    one mean has all their replicates."""
    played = belief.posterior.data.x
    distance = np.abs(played - x).max(axis=1, initial=0.0)
    near = SAME * max(float(np.abs(x).max(initial=0.0)), NOTHING)
    return played[int(distance.argmin())] if distance.min() <= near else x


def has_converged(belief: Belief, tolerance: float, first_trials: int) -> bool:
    """Return whether the boundary is known about as well as held-out episodes can place it.

    Args:
        belief: what is known.
        tolerance: largest width of the interval, as a share of its upper end.
        first_trials: trials before which nothing has converged.
    """
    threshold = belief.threshold
    if len(belief.efficiencies) < first_trials:
        return False
    if HOPELESS < threshold.reachable < 1.0 - HOPELESS:
        return False
    if threshold.reachable <= HOPELESS:
        return True
    vague = threshold.spread > DOUBT * tolerance * threshold.median
    if vague or belief.draws.excess.mean() > DETOUR * tolerance:
        return False
    return _is_placed(belief, tolerance)


def _is_placed(belief: Belief, tolerance: float) -> bool:
    """Return whether the boundary is placed as well on the direction to certify."""
    direction = Direction(belief, belief.best)
    median, spread = direction.crossing
    if median <= 0.0:  # enough without incentive, or no number to choose
        return spread <= 0.0
    ends = max(0.0, median - 2 * spread), min(1.0, median + 2 * spread)
    if not direction.positions_between(*ends):
        return True
    return spread <= DOUBT * tolerance * median


def _size_of(size: Size, mechanism: Mapping[str, str], params: Mapping[str, Any]) -> float:
    return size({**mechanism, **params})
