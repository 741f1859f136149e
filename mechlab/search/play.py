"""Plays some episodes of a study and keeps what the search needs of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mechlab.agents.population import Population
from mechlab.errors import UserError
from mechlab.measures import ratio
from mechlab.search.trials import REACHED
from mechlab.simulation import simulate
from mechlab.store import Outcome
from mechlab.study import BASELINE, MONEY, Study

FRESH = 1 << 40  # number of the certificate's first episode: exploring never comes near it
KEPT = ("efficiency", "group_revenue", "spend", "subsidy")


def play(
    study: Study,
    candidate: str,
    params: Mapping[str, Any],
    numbers: range,
    group: Population | None = None,
) -> Outcome:
    """Play the episodes of some numbers, of the study's seed, by its own group or by another one.

    Returns the measures in ``KEPT`` and ``reached``, each a value an episode.

    Raises:
        UserError: where a reference point earns nothing, so that efficiency is undefined.
    """
    episodes = simulate(
        study.played,
        (group or study.group).members,
        study.candidates[candidate].build(params),
        episodes=len(numbers),
        seed=study.seed,
        condition=study.condition,
        first=numbers.start,
    )
    reached = ratio(episodes["group_revenue"], episodes.reference(study.target.relative_to))
    outcome = {REACHED: reached, **{name: episodes[name] for name in KEPT}}
    if not all(np.isfinite(values).all() for values in outcome.values()):
        raise UserError(
            f"efficiency is undefined: a reference point of {study.game!r} earns nothing in an "
            "episode; make the episodes longer"
        )
    return {name: values.tolist() for name, values in outcome.items()}


def size(study: Study, candidate: str, params: Mapping[str, Any]) -> float | None:
    """Return the size of an incentive, or None where it is an outcome of episodes."""
    if study.minimise in MONEY:
        return None
    if candidate == BASELINE:
        return 0.0
    return float(study.candidates[candidate].value(study.minimise, params))


def sizes(
    study: Study, candidate: str, params: Mapping[str, Any], outcome: Mapping[str, Any]
) -> list[float]:
    """Return the size of each episode."""
    known = size(study, candidate, params)
    return outcome[study.minimise] if known is None else [known] * len(outcome[REACHED])
