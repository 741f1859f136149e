"""Exploring: trials of a few episodes each, until the boundary of enough is known well.

This is Optuna's ask-and-tell loop with ``MinimumIncentiveSampler``. What a trial is to play is
written on it before it is played, and the same episodes come out the same: so a trial whose worker
has died is claimed by another one, which goes on with it where its worker stopped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import Trial, TrialState

from mechlab.search.heartbeat import living
from mechlab.search.sampler import MinimumIncentiveSampler, report, wanted_replicates
from mechlab.search.trials import (
    ATTAINMENT,
    MECHANISM,
    begun,
    episodes,
    finished,
    play_outcome,
    short_names,
    sizes,
)
from mechlab.store import Store, setting_key, trial_key
from mechlab.streams import EXPLORE
from mechlab.study import OUTCOMES, Study

SHARE = 0.5  # of the budget may go into exploring: what it finds must be shown with the rest
_LOOK_EVERY = 2.0  # seconds between looks for trials of dead workers: as often as hearts beat


class Explorer:
    """Explores a study as one worker of any number.

    Args:
        store: the record.
        worker: this worker's id.
    """

    def __init__(self, store: Store, worker: str) -> None:
        self.store, self.study, self.worker = store, store.study, worker
        self.sampler = sampler_for(store.study)
        self.trials = store.trials(self.sampler)
        self._looked = float("-inf")

    def __iter__(self) -> Iterator[int]:
        """Play trials until exploring has ended; yield the episodes explored before each.

        Where the budget does not suffice for the first trials of all candidates, it does not end.
        """
        while self.store.explored is None:
            complete = finished(self.trials)
            explored = episodes(complete)
            yield explored
            left = math.ceil(SHARE * self.study.budget.episodes) - explored
            if left <= 0 and self.sampler.lacks_first_trials(complete):
                return  # a larger budget goes on from here
            if left <= 0 or self.sampler.explored(complete):
                self.store.raise_budget(0, self.study.budget.episodes)
                self.store.end_exploring([trial.number for trial in complete])
            elif trial := self.claim():
                self.play(trial, left)

    def claim(self) -> Trial | None:
        """Return the trial of a dead worker, or a new one; None where another worker has it."""
        if time.monotonic() >= self._looked + _LOOK_EVERY:
            for trial in begun(self.trials):
                if trial.state == TrialState.RUNNING and self._claims(trial_key(trial.number)):
                    return self._taken_up(trial.number)
            self._looked = time.monotonic()
        new = self.trials.ask()
        return new if self._claims(trial_key(new.number)) else None

    def play(self, trial: Trial, left: int) -> None:
        """Play a claimed trial, of as many replicates as are left, from wherever it stands.

        A first trial that another worker plays too is withdrawn: all of them share their luck.
        """
        name, params = self._setting(trial)
        numbers = wanted_replicates(trial, left)
        episodes = setting_key(name, params, numbers)
        shared = numbers.start == EXPLORE.start
        with suppress(UpdateFinishedTrialError):  # taken for dead in a long sleep: played again
            if shared and not self._claims(episodes):
                self.trials.tell(trial, state=TrialState.FAIL)
            else:
                self._report(trial, name, params, numbers)
                if shared:
                    self.store.record(episodes, {})
        self.store.record(trial_key(trial.number), {})

    def _setting(self, trial: Trial) -> tuple[str, dict[str, Any]]:
        """Return candidate and parameters, those that the trial lacks proposed by the sampler."""
        name = trial.suggest_categorical(MECHANISM, list(self.study.candidates))
        space = spaces_of(self.study)[name]
        params = {parameter: _suggested(trial, parameter, d) for parameter, d in space.items()}
        return name, short_names(name, params)

    def _report(self, trial: Trial, name: str, params: Mapping[str, Any], numbers: range) -> None:
        mechanism = self.study.candidates[name].build(params)
        outcome = play_outcome(self.study, mechanism, numbers)
        size = sizes(self.study, name, params, outcome)
        observed = size if self.study.minimise in OUTCOMES else None
        report(trial, outcome[ATTAINMENT], observed, outcome)
        self.trials.tell(trial, sum(size) / len(size), skip_if_finished=True)

    def _taken_up(self, number: int) -> Trial:
        storage = self.store.storage
        study = storage.get_study_id_from_name(self.trials.study_name)
        return Trial(self.trials, storage.get_trial_id_from_study_id_trial_number(study, number))

    def _claims(self, key: str) -> bool:
        return self.store.claim(key, self.worker, lambda: living(self.store))


def sampler_for(study: Study) -> MinimumIncentiveSampler:
    """Return the sampler that proposes the trials of a study."""

    def size(params: Mapping[str, Any]) -> float:
        name = params[MECHANISM]
        return study.size(name, short_names(name, params)) or 0.0

    return MinimumIncentiveSampler(
        target=study.target.efficiency,
        size=None if study.minimise in OUTCOMES else size,
        spaces=spaces_of(study),
        confidence=study.target.confidence,
        tolerance=study.target.tolerance,
        seed=study.seed,
    )


def spaces_of(study: Study) -> dict[str, dict[str, BaseDistribution]]:
    """Return the free parameters of each candidate, by the names that they have in trials."""
    return {
        name: {f"{name}.{parameter}": free for parameter, free in candidate.space.items()}
        for name, candidate in study.candidates.items()
    }


def _suggested(trial: Trial, name: str, distribution: BaseDistribution) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return trial.suggest_categorical(name, distribution.choices)
    suggest = (
        trial.suggest_int if isinstance(distribution, IntDistribution) else trial.suggest_float
    )
    d: Any = distribution
    return suggest(name, d.low, d.high, step=d.step, log=d.log)
