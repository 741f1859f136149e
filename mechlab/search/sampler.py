"""An Optuna sampler that looks for the smallest sufficient incentive, and drives every search.

It proposes the setting from which it learns most about the smallest size at which mean efficiency
reaches the target, given all replicates so far and the trials still running. It needs nothing
else of the lab:

>>> import numpy as np
>>> optuna.logging.set_verbosity(optuna.logging.ERROR)
>>> sampler = MinimumIncentiveSampler(target=0.8, size=lambda params: params["rate"], seed=0)
>>> study = optuna.create_study(sampler=sampler)
>>> rng = np.random.default_rng(0)
>>> for _ in range(12):
...     trial = study.ask()
...     rate = trial.suggest_float("rate", 0, 5000)
...     luck = rng.normal(0, 0.03, len(wanted_replicates(trial)))
...     report(trial, 0.2 + 0.7 * (1 - np.exp(-rate / 600)) + luck)
...     _ = study.tell(trial, rate)
>>> threshold = sampler.threshold(study.trials)
>>> bool(threshold.lower < 600 * np.log(7) < threshold.upper)  # where the mean is 0.8
True

The first trials share their luck, which makes the shape of the curve plain. Later ones have luck
of their own: the height of the curve, on which the threshold rests, is known no better than the
mean luck of all that was played.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial

from mechlab.search._acquisition import Fits, Size, first_trials, next_mechanism, next_point
from mechlab.search._space import Numeric, Space
from mechlab.search._threshold import TOLERANCE, Belief, Threshold
from mechlab.search.trials import (
    FEW,
    MANY,
    MECHANISM,
    PLAYED,
    REPLICATES,
    begun,
    by_mechanism,
    mechanism_of,
    played,
    running,
    without_mechanism,
)

__all__ = ["MECHANISM", "MinimumIncentiveSampler", "Threshold", "report", "wanted_replicates"]

Spaces = Mapping[str, Mapping[str, BaseDistribution]]  # parameters by mechanism

_FIRST_DOSES = (1.0, 0.0, 0.5, 0.25, 0.125, 0.75)  # shares of the range: the ends, then between


class MinimumIncentiveSampler(optuna.samplers.BaseSampler):
    """Propose settings that tell most about the smallest sufficient size.

    Several mechanisms in one study are told apart by a categorical parameter named
    ``mechanism``; each has parameters of its own. Beliefs are fitted anew as trials come in, at
    first with each one, later with every twentieth part of them; a proposal allows for all trials
    that the fit does not know.

    Args:
        target: mean efficiency that is enough.
        size: size of an incentive from its parameters (``mechanism`` among them, where there
            are several); None where size is observed and given to ``report``.
        spaces: the parameters of each mechanism; by default those that trials were seen to have.
        confidence: of the intervals in ``threshold``.
        tolerance: largest width of a certified interval, as a share of its upper end.
        seed: of the few choices left to chance.
    """

    def __init__(  # noqa: PLR0913 - all of them choices of a user
        self,
        *,
        target: float,
        size: Size | None = None,
        spaces: Spaces | None = None,
        confidence: float = 0.95,
        tolerance: float = TOLERANCE,
        seed: int | None = None,
    ) -> None:
        self.target, self.spaces = target, spaces
        self.fits = Fits(target, size, confidence, tolerance)
        self._rng = np.random.default_rng(seed)
        self._counts: dict[int, int] = {}  # replicates by number of trial; first trials have FEW
        self._read: tuple[int, list[FrozenTrial]] = (-1, [])

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the parameters of all mechanisms, or none where some are still unknown."""
        trials = self._others(study, trial.number)
        if self.spaces is None:
            found = {n: d for other in trials for n, d in other.distributions.items()}
            names = getattr(found.get(MECHANISM), "choices", ("",))
            spaces = _spaces(trials)
            known = spaces.keys() >= set(names) and not self.lacks_first_trials(trials, spaces)
            return found if known else {}
        found = {name: d for space in self.spaces.values() for name, d in space.items()}
        several = {MECHANISM: CategoricalDistribution(list(self.spaces))}
        return found if set(self.spaces) == {""} else {**several, **found}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the most telling setting, of the mechanism that deserves the next trial.

        A trial that has a mechanism already, because its worker died, keeps it.
        """
        if not search_space:
            return {}
        trials = self._others(study, trial.number)
        spaces = self.spaces if self.spaces is not None else _spaces(trials)
        if MECHANISM in trial.params:
            spaces = {mechanism_of(trial): spaces[mechanism_of(trial)]}
        name, params = self._proposal(trials, spaces, trial.number)
        return {MECHANISM: name, **params} if MECHANISM in search_space else params

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return the value of a first trial, of a mechanism whose parameters are unknown yet."""
        trials = self._others(study, trial.number)
        if param_name == MECHANISM and isinstance(param_distribution, CategoricalDistribution):
            spaces, names = _spaces(trials), map(str, param_distribution.choices)
            return _newest(trials, {name: spaces.get(name, {}) for name in names})
        visit = sum(param_name in t.params for t in trials)
        return self._first_value(param_distribution, visit, not without_mechanism(trial.params))

    def replicates(self, study: Study, number: int, params: Mapping[str, Any]) -> range:
        """Return the indices of the replicates to play for a trial, all its parameters known.

        First trials of a setting share their luck with those of other settings. All others have
        luck of their own, by their number, so that no episode is played twice, however many
        workers propose the same setting at once.
        """
        count, others = self._counts.get(number), self._others(study, number)
        shared = count is None and not any(other.params == params for other in others)
        first = 0 if shared else FEW + MANY * number
        return range(first, first + (count or FEW))

    def lacks_first_trials(
        self, trials: Sequence[FrozenTrial], spaces: Spaces | None = None
    ) -> bool:
        """Return whether a mechanism lacks first trials, those being played counted."""
        known = spaces or self.spaces or _spaces(trials)
        return any(share < 1.0 for share in _shares(trials, known).values())

    def beliefs(self, trials: Sequence[FrozenTrial]) -> dict[str, Belief]:
        """Return what is believed of each mechanism with finished trials, of all of them."""
        groups = by_mechanism(trials)
        return {name: self.fits.of(name, some, stale=1.0).belief for name, some in groups.items()}

    def threshold(self, trials: Sequence[FrozenTrial], mechanism: str = "") -> Threshold:
        """Return where the smallest sufficient size of a mechanism is believed to lie."""
        return self.beliefs(trials)[mechanism].threshold

    def explored(self, trials: Sequence[FrozenTrial]) -> bool:
        """Return whether more exploring would hardly help the certificate."""
        groups = by_mechanism(trials)
        names = set(self.spaces or {name for t in trials[-1:] for name in _names(t)})
        return (
            bool(names)
            and groups.keys() >= names
            and all(self.fits.of(name, some).has_converged for name, some in groups.items())
        )

    def _proposal(
        self, trials: Sequence[FrozenTrial], spaces: Spaces, number: int
    ) -> tuple[str, dict[str, Any]]:
        """Return the mechanism and the parameters of the next trial."""
        groups = {name: some for name, some in by_mechanism(trials).items() if name in spaces}
        if self.lacks_first_trials(trials, spaces) or not groups:
            name = _newest(trials, spaces)
            return name, self._first_setting(spaces[name], _tried(trials, name))
        fits = {name: self.fits.of(name, groups[name]) for name in spaces if name in groups}
        name = next_mechanism(fits, {name: _tried(trials, name) for name in fits})
        belief, numbers = fits[name].belief, fits[name].numbers
        unknown = [t for t in groups[name] if t.number not in numbers]
        unknown += running(trials, name, spaces[name])
        pending = belief.space.encode([without_mechanism(t.params) for t in unknown])
        proposal = next_point(belief, pending)
        self._counts[number] = proposal.count
        return name, belief.space.decode(proposal.x)

    def _first_setting(
        self, distributions: Mapping[str, BaseDistribution], visit: int
    ) -> dict[str, Any]:
        """Return the setting of a first trial: the most, the least, then points in between."""
        ordered = sorted((not isinstance(d, Numeric), name) for name, d in distributions.items())
        return {
            name: self._first_value(distributions[name], visit, place == 0)
            for place, (_, name) in enumerate(ordered)
        }

    def _first_value(self, distribution: BaseDistribution, visit: int, leads: bool) -> Any:
        """Return a value for a first trial: of the leading parameter one dose after another, of
        the further ones at random once the ends were played, to leave the diagonal."""
        share = _FIRST_DOSES[visit % len(_FIRST_DOSES)]
        if visit > 1 and not leads:
            share = float(self._rng.random())
        space = Space.of({"": distribution})
        return space.decode(space.from_cube(np.full((1, 1), share))[0])[""]

    def _others(self, study: Study, number: int) -> list[FrozenTrial]:
        """Return the other trials, read once for each trial."""
        if self._read[0] != number:
            self._read = number, [t for t in begun(study) if t.number != number]
        return self._read[1]


def wanted_replicates(trial: Trial, at_most: int | None = None) -> range:
    """Return the replicate indices that the study's sampler wants played for this trial.

    The same index means the same luck at every setting. They are written on the trial when first
    asked for, after all its parameters were suggested, and stand from then on.

    Args:
        trial: the trial.
        at_most: how many there may be, where the budget does not allow more.
    """
    if REPLICATES in trial.user_attrs:
        first, count = trial.user_attrs[REPLICATES]
        return range(first, first + count)
    sampler, wanted = trial.study.sampler, range(FEW)
    if isinstance(sampler, MinimumIncentiveSampler):
        wanted = sampler.replicates(trial.study, trial.number, trial.params)
    wanted = wanted[:at_most]
    trial.set_user_attr(REPLICATES, [wanted.start, len(wanted)])
    return wanted


def report(
    trial: Trial,
    efficiency: Sequence[float],
    size: Sequence[float] | None = None,
    others: Mapping[str, Sequence[float]] | None = None,
) -> None:
    """Record the replicates of a trial and set its Optuna constraint; then tell its size.

    Args:
        trial: the trial, with all its parameters suggested.
        efficiency: efficiency of each wanted replicate, in the order of their indices.
        size: observed size of each replicate, where size is an outcome (spend, subsidy).
        others: values of further measures to keep.

    Raises:
        UserError: for no replicates, or for values that are not finite.
    """
    record = played(wanted_replicates(trial).start, efficiency, size)
    trial.set_user_attr(PLAYED, {**(others or {}), **record})
    if isinstance(trial.study.sampler, MinimumIncentiveSampler):
        trial.set_constraint("efficiency", trial.study.sampler.target - float(np.mean(efficiency)))


def _newest(trials: Sequence[FrozenTrial], spaces: Spaces) -> str:
    """Return the mechanism that has had the least share of its first trials."""
    shares = _shares(trials, spaces)
    return min(spaces, key=lambda name: (shares[name], name))


def _shares(trials: Sequence[FrozenTrial], spaces: Spaces) -> dict[str, float]:
    """Return the share of its first trials that each mechanism has had."""
    return {name: _tried(trials, name) / first_trials(len(s)) for name, s in spaces.items()}


def _tried(trials: Sequence[FrozenTrial], name: str) -> int:
    return sum(mechanism_of(trial) == name for trial in trials)


def _spaces(trials: Sequence[FrozenTrial]) -> dict[str, dict[str, BaseDistribution]]:
    """Return the parameters of each mechanism with finished trials."""
    groups = by_mechanism(trials)
    return {name: without_mechanism(some[-1].distributions) for name, some in groups.items()}


def _names(trial: FrozenTrial) -> Sequence[str]:
    """Return the mechanisms among which a trial chose."""
    return getattr(trial.distributions.get(MECHANISM), "choices", ("",))
