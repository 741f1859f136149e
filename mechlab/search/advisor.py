"""Which trial tells most about the smallest sufficient size, given all trials so far."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial

from mechlab.search._acquisition import has_converged, next_point
from mechlab.search._space import Space
from mechlab.search._threshold import TOLERANCE, Belief
from mechlab.search.trials import (
    FEW,
    MANY,
    MECHANISM,
    REACHED,
    SIZE,
    by_mechanism,
    mechanism_of,
    own,
    plays,
    running,
)

Size = Callable[[Mapping[str, Any]], float]
Spaces = Mapping[str, Mapping[str, BaseDistribution]]  # parameters by mechanism

_START = (1.0, 0.0, 0.5, 0.25, 0.125, 0.75)  # doses first tried: the most, nothing, in between
_ASIDE = 0.1  # chance of being the cheapest that is granted to a mechanism that seems not to be
STALE = 1.05  # a belief serves until so many times the trials that it was fitted to are finished


@dataclass(frozen=True)
class Asked:
    """A trial to play: mechanism, its parameters, and how many replicates.

    First trials of a setting are ``alike`` in luck. All others have luck of their own, by their
    number, so that no episode is played twice, however many workers propose the same at once.
    """

    mechanism: str
    params: dict[str, Any]
    count: int
    alike: bool = False

    def replicates(self, number: int) -> range:
        """Return the indices of the replicates, for the trial of a number in its study.

        The same index means the same luck at every setting.

        >>> Asked("", {}, 2, alike=True).replicates(4), Asked("", {}, 8).replicates(4)
        (range(0, 2), range(34, 42))
        """
        first = 0 if self.alike else FEW + MANY * number
        return range(first, first + self.count)

    def within(self, left: int) -> Asked:
        """Return the same trial, of no more replicates than are left to play."""
        return replace(self, count=min(self.count, left))


@dataclass(frozen=True)
class _Known:
    """A belief, and the numbers of the trials that it was fitted to."""

    numbers: frozenset[int]
    belief: Belief
    tolerance: float

    @cached_property
    def has_converged(self) -> bool:
        return has_converged(
            self.belief, self.tolerance, start(len(self.belief.space.distributions))
        )

    def serves(self, trials: Sequence[FrozenTrial], stale: float) -> bool:
        """Whether it may stand for what these finished trials make one believe."""
        return len(trials) <= stale * len(self.numbers) and self.numbers <= {
            trial.number for trial in trials
        }


class Advisor:
    """Proposes trials, and says when there have been enough of them.

    Its beliefs are fitted anew as trials come in, at first with each one, later with every
    twentieth part: what is proposed in between allows for all that is being found out.

    Args:
        target: mean efficiency that is enough.
        size: size of an incentive from its parameters (``mechanism`` among them, where there
            are several); None where size is observed.
        confidence: of the intervals in ``Belief.threshold``.
        tolerance: how close to the true smallest size is close enough, as a share of it.
        seed: of the few choices left to chance.
    """

    def __init__(
        self,
        *,
        target: float,
        size: Size | None,
        confidence: float = 0.95,
        tolerance: float = TOLERANCE,
        seed: int | None = None,
    ) -> None:
        self.target, self.size = target, size
        self.confidence, self.tolerance = confidence, tolerance
        self._rng = np.random.default_rng(seed)
        self._fits: dict[str, _Known] = {}

    def ask(self, trials: Sequence[FrozenTrial], spaces: Spaces) -> Asked:
        """Return the next trial, given the finished and the running ones."""
        found = by_mechanism(trials)
        if self.young(trials, spaces) or not found:
            return self._start(trials, spaces)
        fits = {name: self._known(name, found[name]) for name in spaces if name in found}
        name = self._deserving(fits, trials)
        fit, belief = fits[name], fits[name].belief
        unseen = [t for t in found[name] if t.number not in fit.numbers]
        unseen += running(trials, name, spaces[name])
        proposal = next_point(belief, belief.space.encode([own(t.params) for t in unseen]))
        return Asked(name, belief.space.decode(proposal.x), proposal.count)

    def young(self, trials: Sequence[FrozenTrial], spaces: Spaces) -> bool:
        """Return whether a mechanism lacks first trials, those being played counted."""
        return any(share < 1.0 for share in _shares(trials, spaces).values())

    def beliefs(self, trials: Sequence[FrozenTrial]) -> dict[str, Belief]:
        """Return what is believed of each mechanism with finished trials, of all of them."""
        found = by_mechanism(trials)
        return {name: self._known(name, some, stale=1.0).belief for name, some in found.items()}

    def explored(self, trials: Sequence[FrozenTrial], mechanisms: Collection[str]) -> bool:
        """Return whether more exploring would hardly help the certificate."""
        found = by_mechanism(trials)
        return found.keys() >= set(mechanisms) and all(
            self._known(name, some).has_converged for name, some in found.items()
        )

    def _start(self, trials: Sequence[FrozenTrial], spaces: Spaces) -> Asked:
        """Return a first trial: the most, the least, then points spread in between; one more than
        there need be, where others still play all that there need be."""
        shares = _shares(trials, spaces)
        name = min(spaces, key=lambda name: (shares[name], name))
        visit = _tried(trials, name)
        space = Space.of(spaces[name])
        cube = np.full((1, len(spaces[name])), first_dose(visit))
        if visit > 1:  # further parameters: not along the diagonal for ever
            cube[:, 1:] = self._rng.random(cube[:, 1:].shape)
        params = space.decode(space.from_cube(cube)[0])
        again = any(mechanism_of(t) == name and own(t.params) == params for t in trials)
        return Asked(name, params, FEW, alike=not again)

    def _known(self, name: str, trials: Sequence[FrozenTrial], stale: float = STALE) -> _Known:
        """Return the belief after these finished trials, or after nearly all of them."""
        before = self._fits.get(name)
        if before is None or not before.serves(trials, stale):
            belief = self._fitted(name, trials, before.belief if before else None)
            numbers = frozenset(trial.number for trial in trials)
            self._fits[name] = _Known(numbers, belief, self.tolerance)
        return self._fits[name]

    def _fitted(self, name: str, trials: Sequence[FrozenTrial], before: Belief | None) -> Belief:
        space = Space.of(own(trials[-1].distributions))
        points = space.encode([own(t.params) for t in trials])
        mechanism = {MECHANISM: name} if name else {}
        return Belief(
            space,
            self.target,
            self.confidence,
            efficiencies=plays(trials, points, REACHED),
            size=self.size and partial(_sized, self.size, mechanism),
            observed_sizes=plays(trials, points, SIZE),
            shortlist=before.shortlist_for(len(trials)) if before else None,
        )

    def _deserving(self, fits: Mapping[str, _Known], trials: Sequence[FrozenTrial]) -> str:
        """Return the mechanism whose threshold is least certain, the cheap ones first."""
        waiting = [name for name, fit in fits.items() if not fit.has_converged] or list(fits)
        cheapest = np.min([fit.belief.draws.smallest for fit in fits.values()], axis=0)

        def worth(name: str) -> float:
            chance = float(np.mean(fits[name].belief.draws.smallest <= cheapest))
            return (chance + _ASIDE) / _tried(trials, name)

        return max(waiting, key=worth)


def first_dose(visit: int) -> float:
    """Return the share of its range that a parameter is first tried at, on visits from 0 on."""
    return _START[visit % len(_START)]


def start(parameters: int) -> int:
    """Trials with which a mechanism of so many parameters begins."""
    return {0: 1, 1: 5}.get(parameters, 2 * parameters + 2)


def _tried(trials: Sequence[FrozenTrial], name: str) -> int:
    return sum(mechanism_of(trial) == name for trial in trials)


def _shares(trials: Sequence[FrozenTrial], spaces: Spaces) -> dict[str, float]:
    """Return the share of its first trials that each mechanism has had."""
    return {name: _tried(trials, name) / start(len(space)) for name, space in spaces.items()}


def _sized(size: Size, mechanism: Mapping[str, str], params: Mapping[str, Any]) -> float:
    return size({**mechanism, **params})
