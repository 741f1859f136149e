"""What stands on Optuna's trials: which replicates they play, what came out, and how to read it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from optuna.study import Study as Trials
from optuna.trial import FrozenTrial, TrialState

from mechlab.checks.requirements import Requirement
from mechlab.errors import UserError
from mechlab.measures import COSTS
from mechlab.mechanism import Mechanism
from mechlab.search._replicates import Replicates
from mechlab.search.bounds import ROUNDING
from mechlab.store import Outcome
from mechlab.study import Study

MECHANISM = "mechanism"  # the categorical parameter that separates mechanisms in one study
REPLICATES = "mechlab:replicates"  # index of the first replicate to play, and their number
PLAYED = "mechlab:played"  # a list of values an episode for each measure, and FIRST
FIRST, SIZE = "first", "size"
ATTAINMENT = "attainment"  # efficiency relative to the target's reference point
KEPT = ("efficiency", "group_revenue", "spend", "subsidy")  # what answers are described by
FEW, MANY = 2, 8  # replicates of a trial: two show noise; at the boundary as many as pay for a fit


def play_outcome(study: Study, mechanism: Mechanism, numbers: range) -> Outcome:
    """Play some episodes and return what a search keeps of them: values for each measure.

    Without a property that the study requires, nothing is reached. A subsidy that is only the error
    of rounding in adding up what agents pay each other is 0.

    Raises:
        UserError: where a reference point earns nothing, so that efficiency is undefined.
    """
    episodes = study.play(mechanism, numbers)
    reached = episodes.attainment(study.target.relative_to)
    for text in study.require:
        if Requirement.read(text).missed_by(mechanism, study.played):
            reached = np.zeros_like(reached)
    outcome = {ATTAINMENT: reached, **{name: episodes[name] for name in KEPT}}
    if not np.isfinite(outcome["efficiency"]).all():
        raise UserError(
            f"efficiency is undefined: perfect play of {study.game!r} earns nothing in an "
            "episode; make the episodes longer"
        )
    subsidy = outcome["subsidy"]
    spend, slack = outcome["spend"], ROUNDING * outcome["spend"]
    outcome["subsidy"] = np.where(abs(subsidy) <= slack, 0.0, subsidy)
    if study.minimise in COSTS:
        size = COSTS[study.minimise](spend, outcome["subsidy"])
        outcome[study.minimise] = np.where(size <= slack, 0.0, size)
    return {name: values.tolist() for name, values in outcome.items()}


def sizes(
    study: Study, candidate: str, params: Mapping[str, Any], outcome: Mapping[str, Any]
) -> list[float]:
    """Return the size of each episode: measured, or the same for all."""
    size = study.size(candidate, params)
    return outcome[study.minimise] if size is None else [size] * len(outcome[ATTAINMENT])


def played(
    first: int, efficiency: Sequence[float], size: Sequence[float] | None = None
) -> dict[str, Any]:
    """Return the record of replicates from index ``first`` on.

    Raises:
        UserError: for no replicates, or for values that are not finite.
    """
    record: dict[str, Any] = {FIRST: first}
    for name, values in ((ATTAINMENT, efficiency), (SIZE, size)):
        if values is None:
            continue
        if not len(values) or not np.all(np.isfinite(values)):
            raise UserError(f"replicates must be finite and at least one, got {list(values)}")
        record[name] = [float(value) for value in values]
    return record


def outcome(trial: FrozenTrial) -> Mapping[str, Any]:
    """Return what came out of a trial: a list for each measure, nothing before it was played."""
    record: Mapping[str, Any] = trial.user_attrs.get(PLAYED, {})
    return record


def episodes(trials: Iterable[FrozenTrial]) -> int:
    """Return the number of episodes that trials played."""
    return sum(len(outcome(trial).get(ATTAINMENT, ())) for trial in trials)


def begun(trials: Trials) -> list[FrozenTrial]:
    """Return the trials that are being played or were played; a withdrawn one counts nowhere."""
    return trials.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.COMPLETE))


def finished(trials: Trials) -> list[FrozenTrial]:
    """Return the trials that were played."""
    return trials.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def mechanism_of(trial: FrozenTrial) -> str:
    """Return the mechanism of a trial, "" where the study has only one."""
    return str(trial.params.get(MECHANISM, ""))


def without_mechanism(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters (or distributions) of the mechanism itself."""
    return {name: value for name, value in params.items() if name != MECHANISM}


def short_names(candidate: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a candidate's parameters by their names in its specification.

    >>> short_names("sharing_bonus", {"mechanism": "sharing_bonus", "sharing_bonus.rate": 5.0})
    {'rate': 5.0}
    """
    return {
        name.removeprefix(f"{candidate}."): value
        for name, value in without_mechanism(params).items()
    }


def setting(trial: FrozenTrial) -> tuple[str, dict[str, Any]]:
    """Return the candidate of a trial and its free parameters, by their short names."""
    name = mechanism_of(trial)
    return name, short_names(name, trial.params)


def by_mechanism(trials: Iterable[FrozenTrial]) -> dict[str, list[FrozenTrial]]:
    """Return the finished trials that have an outcome, by mechanism."""
    groups: dict[str, list[FrozenTrial]] = {}
    for trial in trials:
        if trial.state == TrialState.COMPLETE and PLAYED in trial.user_attrs:
            groups.setdefault(mechanism_of(trial), []).append(trial)
    return groups


def running(
    trials: Sequence[FrozenTrial], mechanism: str, parameters: Collection[str]
) -> list[FrozenTrial]:
    """Return the trials of a mechanism that are being played, all its parameters known."""
    mine = [t for t in trials if t.state == TrialState.RUNNING and mechanism_of(t) == mechanism]
    return [t for t in mine if without_mechanism(t.params).keys() == set(parameters)]


def replicates(
    trials: Sequence[FrozenTrial], points: np.ndarray, measure: str
) -> tuple[Replicates, ...]:
    """Return what trials at some points (n, width) recorded of a measure."""
    records = [(tuple(x), outcome(trial)) for x, trial in zip(points, trials, strict=True)]
    return tuple(Replicates(x, r[FIRST], tuple(r[measure])) for x, r in records if measure in r)
