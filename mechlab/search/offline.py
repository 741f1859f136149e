"""Exploring in memory: where the smallest sizes lie for a group that costs nothing to play."""

from __future__ import annotations

import math

from optuna.trial import FrozenTrial, create_trial

from mechlab.population import Population
from mechlab.search.belief import Threshold
from mechlab.search.explore import SHARE, advisor, described, spaces, tried
from mechlab.search.record import PLAYED
from mechlab.search.work import calm
from mechlab.study import Study


def thresholds(study: Study, group: Population | None = None) -> dict[str, Threshold]:
    """Explore a study and return where each candidate's smallest sufficient size lies.

    Nothing is written down and nothing certified. The luck is the study's own, so that two groups
    differ by what they are, not by their luck.

    Args:
        study: the study.
        group: who plays; the study's own population by default.
    """
    with calm():
        return _explored(study, group)


def _explored(study: Study, group: Population | None) -> dict[str, Threshold]:
    asks, free = advisor(study), spaces(study)
    trials: list[FrozenTrial] = []
    left = math.ceil(SHARE * study.budget.episodes)
    while left > 0 and not asks.explored(trials, free):
        asked = asks.ask(trials, free).within(left)
        record, value = tried(study, asked, len(trials), group)
        trial = create_trial(value=value, user_attrs={PLAYED: record}, **described(asked, free))
        trial.number = len(trials)
        trials.append(trial)
        left -= asked.count
    return {name: belief.threshold for name, belief in asks.beliefs(trials).items()}
