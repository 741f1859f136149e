"""What the sampler and those who play write on Optuna's trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.trial import FrozenTrial, Trial, TrialState

from mechlab.errors import UserError
from mechlab.search.points import Play

MECHANISM = "mechanism"  # the categorical parameter that separates mechanisms in one study
WANTED, TARGET = "mechlab:replicates", "mechlab:target"
EFFICIENCY, SIZE = "mechlab:efficiency", "mechlab:size"
FEW, MANY = 2, 8  # replicates of a trial, far from the boundary and at it


def wanted_replicates(trial: Trial | FrozenTrial) -> range:
    """Return the replicate indices that the sampler wants played for this trial.

    The same index means the same luck at every setting. Ask after all parameters were suggested.
    """
    first, count = _attributes(trial).get(WANTED, (0, FEW))
    return range(first, first + count)


def report(trial: Trial, efficiency: Sequence[float], size: Sequence[float] | None = None) -> None:
    """Record the replicates of a trial and set its Optuna constraint; then tell its size.

    Args:
        trial: the trial, with all its parameters suggested.
        efficiency: efficiency of each wanted replicate, in the order of their indices.
        size: observed size of each replicate, where size is an outcome (spend, subsidy).

    Raises:
        UserError: for no replicates, or for values that are not finite.
    """
    for name, values in ((EFFICIENCY, efficiency), (SIZE, size)):
        if values is None:
            continue
        if not len(values) or not np.all(np.isfinite(values)):
            raise UserError(f"trial {trial.number}: replicates must be finite, got {list(values)}")
        trial.set_user_attr(name, [float(v) for v in values])
    target = _attributes(trial).get(TARGET)
    if target is not None:
        trial.set_constraint("efficiency", target - float(np.mean(efficiency)))


def mechanism_of(trial: FrozenTrial) -> str:
    """Return the mechanism of a trial, "" where the study has only one."""
    return str(trial.params.get(MECHANISM, ""))


def own(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters (or distributions) of the mechanism itself."""
    return {name: value for name, value in params.items() if name != MECHANISM}


def running(trials: Sequence[FrozenTrial], mechanism: str) -> list[FrozenTrial]:
    """Return the trials of a mechanism that are being played."""
    return [t for t in trials if t.state == TrialState.RUNNING and mechanism_of(t) == mechanism]


def plays(trials: Sequence[FrozenTrial], points: np.ndarray, attribute: str) -> tuple[Play, ...]:
    """Return what trials at some points (n, width) recorded under ``attribute``."""
    return tuple(
        Play(tuple(x), t.user_attrs.get(WANTED, (0, 0))[0], tuple(t.user_attrs[attribute]))
        for x, t in zip(points, trials, strict=True)
        if attribute in t.user_attrs
    )


def _attributes(trial: Trial | FrozenTrial) -> dict[str, Any]:
    if isinstance(trial, Trial):  # a live trial keeps an older copy of what the sampler wrote
        trial = trial.storage.get_trial(trial._trial_id)
    return trial.user_attrs
