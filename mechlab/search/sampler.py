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
>>> bool(threshold.lo < 600 * np.log(7) < threshold.hi)  # where the mean is 0.8
True

The first trials share their luck, which makes the shape of the curve plain. Later ones have luck
of their own: the height of the curve, on which the threshold rests, is known no better than the
mean luck of all that was played.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from mechlab.search.belief import TOLERANCE, Belief, Threshold
from mechlab.search.propose import propose, settled
from mechlab.search.record import (
    EFFICIENCY,
    MANY,
    MECHANISM,
    SIZE,
    TARGET,
    WANTED,
    mechanism_of,
    own,
    plays,
    report,
    running,
    wanted_replicates,
)
from mechlab.search.space import Space

__all__ = [
    "EFFICIENCY",
    "MECHANISM",
    "SIZE",
    "Belief",
    "MinimumIncentiveSampler",
    "Threshold",
    "report",
    "wanted_replicates",
]

Size = Callable[[Mapping[str, Any]], float]

_START = (1.0, 0.0, 0.5, 0.25, 0.125, 0.75)  # doses first tried: the most, nothing, in between
_ASIDE = 0.1  # chance of being the cheapest that is granted to a mechanism that seems not to be


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
        self.target, self.size = target, size
        self.confidence, self.tolerance = confidence, tolerance
        self._rng = np.random.default_rng(seed)
        self._known: dict[str, tuple[list[int], Belief]] = {}

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Write the target on the trial, for its constraint."""
        study._storage.set_trial_user_attr(trial._trial_id, TARGET, self.target)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return all parameters seen so far, or none while a mechanism is still new."""
        trials = _others(study, trial)
        space: dict[str, BaseDistribution] = {}
        for other in trials:
            space.update(other.distributions)
        return {} if _starting(space, trials) else space

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the most telling setting, of the mechanism that deserves the next trial."""
        if not search_space:
            return {}
        trials, beliefs = _others(study, trial), self.beliefs(study)
        name = self._mechanism(beliefs, trials)
        belief, busy = beliefs[name], running(trials, name)
        names = {parameter for parameter, _ in belief.space.distributions}
        known = [own(t.params) for t in busy if own(t.params).keys() == names]
        proposal = propose(belief, belief.space.encode(known))
        first = max(play.first + len(play.values) for play in belief.plays) + MANY * len(busy)
        wanted = [first, proposal.count]
        study._storage.set_trial_user_attr(trial._trial_id, WANTED, wanted)
        mechanism = {MECHANISM: name} if MECHANISM in search_space else {}
        return {**mechanism, **belief.space.decode(proposal.x)}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return a starting point: the most, the least, then points spread in between."""
        trials = _others(study, trial)
        if param_name == MECHANISM and isinstance(param_distribution, CategoricalDistribution):
            return min(
                param_distribution.choices,
                key=lambda choice: sum(t.params.get(MECHANISM) == choice for t in trials),
            )
        visit = sum(param_name in t.params for t in trials)
        spread = _START[visit % len(_START)]
        if visit > 1 and own(trial.params):  # a further parameter: not along the diagonal for ever
            spread = float(self._rng.random())
        space = Space.of({param_name: param_distribution})
        return space.decode(space.spread(np.full((1, 1), spread))[0])[param_name]

    def beliefs(self, study: Study) -> dict[str, Belief]:
        """Return what is believed of each mechanism of the study with finished trials."""
        groups: dict[str, list[FrozenTrial]] = {}
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            if EFFICIENCY in trial.user_attrs:
                groups.setdefault(mechanism_of(trial), []).append(trial)
        return {name: self._believed(name, trials) for name, trials in groups.items()}

    def threshold(self, study: Study, mechanism: str = "") -> Threshold:
        """Return where the smallest sufficient size of a mechanism is believed to lie."""
        return self.beliefs(study)[mechanism].threshold

    def explored(self, study: Study) -> bool:
        """Return whether more exploring would hardly help the certificate."""
        beliefs = self.beliefs(study)
        names = set(beliefs)
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))[-1:]:
            names.update(getattr(trial.distributions.get(MECHANISM), "choices", ()))
        return bool(names) and names == set(beliefs) and all(map(self._settled, beliefs.values()))

    def _settled(self, belief: Belief) -> bool:
        return settled(belief, self.tolerance, _start(len(belief.space.distributions)))

    def _believed(self, name: str, trials: Sequence[FrozenTrial]) -> Belief:
        """Return the belief after these trials; fitted anew only where there are others."""
        numbers = [trial.number for trial in trials]
        before = self._known.get(name)
        if before is None or before[0] != numbers:
            self._known[name] = numbers, self._fitted(name, trials, before and before[1])
        return self._known[name][1]

    def _fitted(self, name: str, trials: Sequence[FrozenTrial], before: Belief | None) -> Belief:
        space = Space.of(own(trials[-1].distributions))
        points = space.encode([own(t.params) for t in trials])
        mechanism = {MECHANISM: name} if name else {}
        return Belief(
            space,
            self.target,
            self.confidence,
            plays=plays(trials, points, EFFICIENCY),
            size=self.size and partial(_sized, self.size, mechanism),
            observed=plays(trials, points, SIZE),
            shortlist=before.shortlist_for(len(trials)) if before else None,
        )

    def _mechanism(self, beliefs: Mapping[str, Belief], trials: Sequence[FrozenTrial]) -> str:
        """Return the mechanism whose threshold is least settled, the cheap ones first."""
        waiting = {n: b for n, b in beliefs.items() if not self._settled(b)} or beliefs
        cheapest = np.min([belief.drawn.least for belief in beliefs.values()], axis=0)

        def worth(name: str) -> float:
            tried = len(beliefs[name].plays) + len(running(trials, name))
            chance = float(np.mean(beliefs[name].drawn.least <= cheapest))
            return (chance + _ASIDE) / tried

        return max(waiting, key=worth)


def _others(study: Study, trial: FrozenTrial) -> list[FrozenTrial]:
    states = (TrialState.COMPLETE, TrialState.RUNNING)
    found = study.get_trials(deepcopy=False, states=states)
    return [other for other in found if other.number != trial.number]


def _starting(space: Mapping[str, BaseDistribution], trials: Sequence[FrozenTrial]) -> bool:
    """Whether a mechanism has not finished its first trials."""
    done = [t for t in trials if t.state == TrialState.COMPLETE]
    choices: Sequence[Any] = getattr(space.get(MECHANISM), "choices", ("",))
    groups = [[t for t in done if mechanism_of(t) == name] for name in choices]
    return any(len(ts) < _start(max((len(own(t.params)) for t in ts), default=1)) for ts in groups)


def _start(parameters: int) -> int:
    """Trials with which a mechanism of so many parameters begins."""
    return {0: 1, 1: 5}.get(parameters, 2 * parameters + 2)


def _sized(size: Size, mechanism: Mapping[str, str], params: Mapping[str, Any]) -> float:
    return size({**mechanism, **params})
