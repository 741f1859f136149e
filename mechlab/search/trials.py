"""What stands on Optuna's trials: who plays them, which replicates, and what came out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from optuna.trial import FrozenTrial, TrialState

from mechlab.errors import UserError
from mechlab.search._replicates import Replicates

MECHANISM = "mechanism"  # the categorical parameter that separates mechanisms in one study
PLAYED = "mechlab:played"  # a list of values an episode for each measure, and FIRST
FIRST, SIZE = "first", "size"
REACHED = "reached"  # efficiency relative to the target's reference point
FEW, MANY = 2, 8  # replicates of a trial, far from the boundary and at it


def played(
    first: int, efficiency: Sequence[float], size: Sequence[float] | None = None
) -> dict[str, Any]:
    """Return the record of replicates from index ``first`` on.

    Raises:
        UserError: for no replicates, or for values that are not finite.
    """
    record: dict[str, Any] = {FIRST: first}
    for name, values in ((REACHED, efficiency), (SIZE, size)):
        if values is None:
            continue
        if not len(values) or not np.all(np.isfinite(values)):
            raise UserError(f"replicates must be finite and at least one, got {list(values)}")
        record[name] = [float(value) for value in values]
    return record


def outcome(trial: FrozenTrial) -> Mapping[str, Any]:
    """Return what came out of a trial, a list a measure; nothing where nothing did yet."""
    found: Mapping[str, Any] = trial.user_attrs.get(PLAYED, {})
    return found


def mechanism_of(trial: FrozenTrial) -> str:
    """Return the mechanism of a trial, "" where the study has only one."""
    return str(trial.params.get(MECHANISM, ""))


def own(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters (or distributions) of the mechanism itself."""
    return {name: value for name, value in params.items() if name != MECHANISM}


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
    return [trial for trial in mine if own(trial.params).keys() == set(parameters)]


def plays(
    trials: Sequence[FrozenTrial], points: np.ndarray, measure: str
) -> tuple[Replicates, ...]:
    """Return what trials at some points (n, width) recorded of a measure."""
    found = [(tuple(x), outcome(trial)) for x, trial in zip(points, trials, strict=True)]
    return tuple(Replicates(x, o[FIRST], tuple(o[measure])) for x, o in found if measure in o)
