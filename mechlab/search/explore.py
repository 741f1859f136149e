"""Exploring: Optuna trials of a few episodes each, until the boundary of enough is known well.

A trial is written twice: when it is begun, with all that it will play, and when it was played. As
the same episodes come out the same, a trial whose worker has died is played again as it stands, and
one that two workers begin in the same moment is left to the first of them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from optuna.distributions import CategoricalDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.study import Study as Trials
from optuna.trial import FrozenTrial, TrialState, create_trial

from mechlab.agents.population import Population
from mechlab.search.advisor import Advisor, Asked, Spaces
from mechlab.search.heartbeat import living
from mechlab.search.play import outcome_of, sizes
from mechlab.search.trials import MECHANISM, PLAYED, REACHED, mechanism_of, outcome, played
from mechlab.search.trials import own as without_mechanism
from mechlab.store import Store
from mechlab.study import MONEY, Study

SHARE = 0.5  # of the budget may go into exploring
WORKER, REPLICATES = "mechlab:worker", "mechlab:replicates"
_LOOK_EVERY = 2.0  # seconds between looks for trials of dead workers


class Explorer:
    """Explores a study as one worker of any number.

    Args:
        store: the record.
        worker: this worker's id.
    """

    def __init__(self, store: Store, worker: str) -> None:
        self.store, self.study, self.worker = store, store.study, worker
        self.advisor, self.spaces = advisor(store.study), spaces(store.study)
        self.trials = store.trials()
        self._id = store.storage.get_study_id_from_name(self.trials.study_name)
        self._looked = float("-inf")

    def __iter__(self) -> Iterator[int]:
        """Play trials until exploring has ended; yield the episodes explored before each.

        Where the budget does not suffice for the first trials of all candidates, it does not end.
        """
        while self.store.explored is None:
            trials = begun(self.trials)
            complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
            explored = episodes(complete)
            yield explored
            left = math.ceil(SHARE * self.study.budget.episodes) - explored
            if left <= 0 and self.advisor.young(complete, self.spaces):
                return  # a larger budget goes on from here
            if left <= 0 or self.advisor.explored(complete, self.spaces):
                self.store.raise_budget(0, self.study.budget.episodes)
                self.store.end_exploring([trial.number for trial in complete])
            elif abandoned := self._abandoned(trials):
                self._play(abandoned)
                self.store.record(_key(abandoned), {})
            else:
                asked = self.advisor.ask(trials, self.spaces)
                trial = self._begin(asked.within(left))
                if asked.alike and _same(trial, begun(self.trials)):
                    self.store.storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
                else:
                    self._play(trial)

    def _begin(self, asked: Asked) -> FrozenTrial:
        """Write down a trial that is about to be played."""
        attributes = {WORKER: self.worker, REPLICATES: [0 if asked.alike else None, asked.count]}
        storage, asking = self.store.storage, described(asked, self.spaces)
        template = create_trial(state=TrialState.RUNNING, user_attrs=attributes, **asking)
        return storage.get_trial(storage.create_new_trial(self._id, template))

    def _play(self, trial: FrozenTrial) -> None:
        record, value = tried(self.study, _asked(trial), trial.number)
        with suppress(UpdateFinishedTrialError):  # taken for dead in a long sleep: played again
            self.store.storage.set_trial_user_attr(trial._trial_id, PLAYED, record)
            self.store.storage.set_trial_state_values(trial._trial_id, TrialState.COMPLETE, [value])

    def _abandoned(self, trials: Sequence[FrozenTrial]) -> FrozenTrial | None:
        """Return a trial that a dead worker has left, now claimed by this one."""
        if time.monotonic() < self._looked + _LOOK_EVERY:
            return None
        running = [trial for trial in trials if trial.state == TrialState.RUNNING]
        alive = living(self.store) if running else set()
        for trial in running:
            left = trial.user_attrs.get(WORKER) not in alive
            if left and self.store.claim(_key(trial), self.worker, lambda: living(self.store)):
                return trial
        self._looked = time.monotonic()
        return None


def advisor(study: Study) -> Advisor:
    """Return what proposes the trials of a study."""

    def known(params: Mapping[str, Any]) -> float:
        name = params[MECHANISM]
        return study.size(name, own(name, params)) or 0.0

    return Advisor(
        target=study.target.efficiency,
        size=None if study.minimise in MONEY else known,
        confidence=study.target.confidence,
        tolerance=study.target.tolerance,
        seed=study.seed,
    )


def spaces(study: Study) -> Spaces:
    """Return the free parameters of each candidate, by the names that they have in trials."""
    return {
        name: {f"{name}.{parameter}": free for parameter, free in candidate.space.items()}
        for name, candidate in study.candidates.items()
    }


def setting(trial: FrozenTrial) -> tuple[str, dict[str, Any]]:
    """Return the candidate of a trial and its free parameters."""
    name = trial.params[MECHANISM]
    return name, own(name, trial.params)


def begun(trials: Trials) -> list[FrozenTrial]:
    """Return the trials that are being played or were played; a withdrawn one counts nowhere."""
    states = (TrialState.RUNNING, TrialState.COMPLETE)
    return trials.get_trials(deepcopy=False, states=states)


def tried(
    study: Study, asked: Asked, number: int, group: Population | None = None
) -> tuple[dict[str, Any], float]:
    """Play the trial of a number; return its record and its value, the size."""
    name, replicates = asked.mechanism, asked.replicates(number)
    free = own(name, asked.params)
    members = group.members if group else None
    mechanism = study.candidates[name].build(free)
    found = outcome_of(study, study.play(mechanism, replicates, population=members))
    observed = sizes(study, name, free, found)
    told = observed if study.minimise in MONEY else None
    record = {**found, **played(replicates.start, found[REACHED], told)}
    return record, sum(observed) / len(observed)


def described(asked: Asked, free: Spaces) -> dict[str, Any]:
    """Return the parameters of a trial and their distributions, as Optuna takes them."""
    choice = CategoricalDistribution(list(free))
    return {
        "params": {MECHANISM: asked.mechanism, **asked.params},
        "distributions": {MECHANISM: choice, **free[asked.mechanism]},
    }


def episodes(trials: Sequence[FrozenTrial]) -> int:
    """Return how many episodes the trials played."""
    return sum(len(outcome(trial).get(REACHED, ())) for trial in trials)


def own(name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a candidate's parameters by their own names."""
    return {p.removeprefix(f"{name}."): v for p, v in params.items() if p != MECHANISM}


def _asked(trial: FrozenTrial) -> Asked:
    """Return what a trial was begun with."""
    first, count = trial.user_attrs[REPLICATES]
    return Asked(
        mechanism_of(trial), without_mechanism(trial.params), count, alike=first is not None
    )


def _same(trial: FrozenTrial, others: Sequence[FrozenTrial]) -> bool:
    """Whether an earlier trial plays the same episodes."""
    return any(
        other.number < trial.number
        and other.params == trial.params
        and other.user_attrs[REPLICATES] == trial.user_attrs[REPLICATES]
        for other in others
    )


def _key(trial: FrozenTrial) -> str:
    return f"trial {trial.number}"
