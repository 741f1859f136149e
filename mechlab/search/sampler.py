"""An Optuna sampler that looks for the smallest sufficient incentive.

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
>>> threshold = sampler.threshold(study)
>>> bool(threshold.lower < 600 * np.log(7) < threshold.upper)  # where the mean is 0.8
True

The first trials share their luck, which makes the shape of the curve plain. Later ones have luck
of their own: the height of the curve, on which the threshold rests, is known no better than the
mean luck of all that was played.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from mechlab.search._space import Space
from mechlab.search._threshold import TOLERANCE, Belief, Threshold
from mechlab.search.advisor import Advisor, Size, first_dose, start
from mechlab.search.trials import FEW, MECHANISM, PLAYED, by_mechanism, mechanism_of, own, played

__all__ = [
    "MECHANISM",
    "Belief",
    "MinimumIncentiveSampler",
    "Threshold",
    "report",
    "wanted_replicates",
]


class MinimumIncentiveSampler(optuna.samplers.BaseSampler):
    """Propose settings that tell most about the smallest sufficient size.

    Several mechanisms in one study are told apart by a categorical parameter named
    ``mechanism``; each has parameters of its own.

    Args:
        target: mean efficiency that is enough.
        size: size of an incentive from its parameters (``mechanism`` among them, where there
            are several); None where size is observed and given to ``report``.
        confidence: of the intervals in ``threshold``.
        tolerance: how close to the true smallest size is close enough, as a share of it.
        seed: of the few choices left to chance.
    """

    def __init__(
        self,
        *,
        target: float,
        size: Size | None = None,
        confidence: float = 0.95,
        tolerance: float = TOLERANCE,
        seed: int | None = None,
    ) -> None:
        self.target = target
        self._advisor = Advisor(
            target=target, size=size, confidence=confidence, tolerance=tolerance, seed=seed
        )
        self._rng = np.random.default_rng(seed)
        self._wanted: dict[int, range] = {}
        self._read: tuple[int, list[FrozenTrial]] = (-1, [])

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return all parameters seen so far, or none while a mechanism is still new."""
        trials = self._others(study, trial)
        space: dict[str, BaseDistribution] = {}
        for other in trials:
            space.update(other.distributions)
        names = getattr(space.get(MECHANISM), "choices", ("",))
        spaces = _spaces(trials)
        known = spaces.keys() >= set(names) and not self._advisor.young(trials, spaces)
        return space if known else {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the most telling setting, of the mechanism that deserves the next trial."""
        if not search_space:
            return {}
        trials = self._others(study, trial)
        asked = self._advisor.ask(trials, _spaces(trials))
        self._wanted[trial.number] = asked.replicates(trial.number)
        mechanism = {MECHANISM: asked.mechanism} if MECHANISM in search_space else {}
        return {**mechanism, **asked.params}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return a starting point: the most, the least, then points spread in between."""
        trials = self._others(study, trial)
        if param_name == MECHANISM and isinstance(param_distribution, CategoricalDistribution):
            return min(param_distribution.choices, key=lambda name: _progress(trials, str(name)))
        visit = sum(param_name in t.params for t in trials)
        spread = first_dose(visit)
        if visit > 1 and own(trial.params):  # a further parameter: not along the diagonal for ever
            spread = float(self._rng.random())
        space = Space.of({param_name: param_distribution})
        return space.decode(space.from_cube(np.full((1, 1), spread))[0])[param_name]

    def wanted(self, number: int) -> range:
        """Return the indices of the replicates to play for a trial."""
        return self._wanted.get(number, range(FEW))

    def beliefs(self, study: Study) -> dict[str, Belief]:
        """Return what is believed of each mechanism of the study with finished trials."""
        return self._advisor.beliefs(study.get_trials(deepcopy=False))

    def threshold(self, study: Study, mechanism: str = "") -> Threshold:
        """Return where the smallest sufficient size of a mechanism is believed to lie."""
        return self.beliefs(study)[mechanism].threshold

    def explored(self, study: Study) -> bool:
        """Return whether more exploring would hardly help the certificate."""
        trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        names = {name for t in trials[-1:] for name in _names(t)}
        return bool(names) and self._advisor.explored(trials, names)

    def _others(self, study: Study, trial: FrozenTrial) -> list[FrozenTrial]:
        """Return the other trials, read once for each trial."""
        number, found = self._read
        if number != trial.number:
            states = (TrialState.COMPLETE, TrialState.RUNNING)
            trials = study.get_trials(deepcopy=False, states=states)
            found = [other for other in trials if other.number != trial.number]
            self._read = trial.number, found
        return found


def wanted_replicates(trial: Trial) -> range:
    """Return the replicate indices that the study's sampler wants played for this trial.

    The same index means the same luck at every setting. Ask after all parameters were suggested.
    """
    sampler = trial.study.sampler
    return (
        sampler.wanted(trial.number) if isinstance(sampler, MinimumIncentiveSampler) else range(FEW)
    )


def report(trial: Trial, efficiency: Sequence[float], size: Sequence[float] | None = None) -> None:
    """Record the replicates of a trial and set its Optuna constraint; then tell its size.

    Args:
        trial: the trial, with all its parameters suggested.
        efficiency: efficiency of each wanted replicate, in the order of their indices.
        size: observed size of each replicate, where size is an outcome (spend, subsidy).

    Raises:
        UserError: for no replicates, or for values that are not finite.
    """
    trial.set_user_attr(PLAYED, played(wanted_replicates(trial).start, efficiency, size))
    if isinstance(trial.study.sampler, MinimumIncentiveSampler):
        trial.set_constraint("efficiency", trial.study.sampler.target - float(np.mean(efficiency)))


def _spaces(trials: Sequence[FrozenTrial]) -> dict[str, dict[str, BaseDistribution]]:
    """Return the parameters of each mechanism with finished trials."""
    return {name: own(some[-1].distributions) for name, some in by_mechanism(trials).items()}


def _names(trial: FrozenTrial) -> Sequence[str]:
    """Return the mechanisms among which a trial chose."""
    return getattr(trial.distributions.get(MECHANISM), "choices", ("",))


def _progress(trials: Sequence[FrozenTrial], mechanism: str) -> float:
    """Return the share of its first trials that a mechanism has had."""
    mine = [own(trial.params) for trial in trials if mechanism_of(trial) == mechanism]
    return len(mine) / start(max(map(len, mine), default=0))
