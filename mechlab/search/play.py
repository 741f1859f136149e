"""What the search keeps of the episodes of a study, an array of values for each measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mechlab.errors import UserError
from mechlab.search.trials import REACHED
from mechlab.simulation import Episodes
from mechlab.store import Outcome
from mechlab.study import Study

KEPT = ("efficiency", "group_revenue", "spend", "subsidy")


def outcome_of(study: Study, episodes: Episodes) -> Outcome:
    """Return ``reached`` and the measures in ``KEPT``, a list of values for each.

    Raises:
        UserError: where a reference point earns nothing, so that efficiency is undefined.
    """
    outcome = {REACHED: study.attainment(episodes), **{name: episodes[name] for name in KEPT}}
    if not np.isfinite(outcome["efficiency"]).all():
        raise UserError(
            f"efficiency is undefined: perfect play of {study.game!r} earns nothing in an "
            "episode; make the episodes longer"
        )
    return {name: values.tolist() for name, values in outcome.items()}


def sizes(
    study: Study, candidate: str, params: Mapping[str, Any], outcome: Mapping[str, Any]
) -> list[float]:
    """Return the size of each episode."""
    known = study.size(candidate, params)
    return outcome[study.minimise] if known is None else [known] * len(outcome[REACHED])
