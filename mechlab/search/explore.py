"""Exploring: Optuna trials of a few episodes each, until the boundary of enough is known well."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from mechlab.search.heart import GRACE, living
from mechlab.search.play import REACHED, play, size, sizes
from mechlab.search.sampler import (
    EFFICIENCY,
    MECHANISM,
    MinimumIncentiveSampler,
    report,
    wanted_replicates,
)
from mechlab.store import Store
from mechlab.study import MONEY, Study

SHARE = 0.5  # of the budget may go into exploring
OUTCOME = "mechlab:outcome"
_WORKER, _RETRY_OF = "mechlab:worker", "mechlab:retry_of"
_LOOK_EVERY = 2.0  # seconds between looks for trials of dead workers


class Explorer:
    """Explores a study as one worker of any number.

    Args:
        store: the record.
        worker: this worker's id.
    """

    def __init__(self, store: Store, worker: str) -> None:
        self.store, self.study, self.worker = store, store.study, worker
        self.sampler = sampler(store.study)
        self.trials = store.trials(self.sampler)
        self._looked = float("-inf")
        self._nameless: dict[int, float] = {}

    def __iter__(self) -> Iterator[int]:
        """Play trials until exploring has ended; yield the episodes explored before each."""
        while self.store.explored is None:
            self._take_up_dead_trials()
            complete = self.trials.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
            explored = episodes(complete)
            yield explored
            left = math.ceil(SHARE * self.study.budget.episodes) - explored
            if left <= 0 or self._settled(complete):
                self.store.end_exploring([trial.number for trial in complete])
            else:
                self._trial(left)

    def _settled(self, complete: Sequence[FrozenTrial]) -> bool:
        tried = {trial.params[MECHANISM] for trial in complete}
        return tried >= set(self.study.candidates) and self.sampler.explored(self.trials)

    def _trial(self, left: int) -> None:
        trial = self.trials.ask()
        with suppress(UpdateFinishedTrialError):  # taken for dead in a long sleep: its retry counts
            trial.set_user_attr(_WORKER, self.worker)
            name, params = suggest(trial, self.study)
            wanted = wanted_replicates(trial)[:left]
            outcome = play(self.study, name, params, wanted.start, len(wanted))
            observed = sizes(self.study, name, params, outcome)
            reached = outcome.pop(REACHED)  # the sampler keeps it
            trial.set_user_attr(OUTCOME, outcome)
            report(trial, reached, observed if self.sampler.size is None else None)
            self.trials.tell(trial, _mean(observed), skip_if_finished=True)

    def _take_up_dead_trials(self) -> None:
        if time.monotonic() < self._looked + _LOOK_EVERY:
            return
        self._looked = time.monotonic()
        running = self.trials.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        alive = living(self.store) if running else set()
        for trial in running:
            if self._is_dead(trial, alive):
                key = f"trial {trial.number}"
                if self.store.claim(key, self.worker, lambda: living(self.store)):
                    self._take_up(trial)
                    self.store.record(key, {})

    def _is_dead(self, trial: FrozenTrial, alive: set[str]) -> bool:
        if _WORKER in trial.user_attrs:
            return trial.user_attrs[_WORKER] not in alive
        since = self._nameless.setdefault(trial.number, time.monotonic())
        return time.monotonic() > since + GRACE  # killed before it had put its name down

    def _take_up(self, trial: FrozenTrial) -> None:
        """Tell a trial that was played to the end; play another one again."""
        if trial.constraints:  # the last thing that a report writes
            name, params = setting(trial)
            outcome = {**trial.user_attrs[OUTCOME], REACHED: trial.user_attrs[EFFICIENCY]}
            value = _mean(sizes(self.study, name, params, outcome))
            self.trials.tell(trial.number, value, skip_if_finished=True)
            return
        retried = {t.system_attrs.get(_RETRY_OF) for t in self.trials.get_trials(deepcopy=False)}
        if trial.params and trial.number not in retried:
            again = create_trial(
                state=TrialState.WAITING,
                params=trial.params,
                distributions=trial.distributions,
                system_attrs={_RETRY_OF: trial.number},
            )
            self.trials.add_trial(again)
        self.trials.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)


def sampler(study: Study) -> MinimumIncentiveSampler:
    """Return the sampler of a study."""

    def known(params: Mapping[str, Any]) -> float:
        name = params[MECHANISM]
        return size(study, name, own(name, params)) or 0.0

    return MinimumIncentiveSampler(
        target=study.target.efficiency,
        size=None if study.smallest in MONEY else known,
        confidence=study.target.confidence,
        seed=study.seed,
    )


def suggest(trial: Trial, study: Study) -> tuple[str, dict[str, Any]]:
    """Return the candidate of a new trial and its free parameters."""
    name = trial.suggest_categorical(MECHANISM, list(study.candidates))
    space = study.candidates[name].space
    return name, {p: _suggest(trial, f"{name}.{p}", free) for p, free in space.items()}


def setting(trial: FrozenTrial) -> tuple[str, dict[str, Any]]:
    """Return the candidate of a trial and its free parameters."""
    name = trial.params[MECHANISM]
    return name, own(name, trial.params)


def episodes(trials: Sequence[FrozenTrial]) -> int:
    """Return how many episodes the trials played."""
    return sum(len(trial.user_attrs.get(EFFICIENCY, ())) for trial in trials)


def own(name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a candidate's parameters by their own names."""
    return {p.removeprefix(f"{name}."): v for p, v in params.items() if p != MECHANISM}


def _suggest(trial: Trial, name: str, free: BaseDistribution) -> Any:
    match free:
        case FloatDistribution():
            return trial.suggest_float(name, free.low, free.high)
        case IntDistribution():
            return trial.suggest_int(name, free.low, free.high)
    return trial.suggest_categorical(name, free.choices)  # type: ignore[attr-defined]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
