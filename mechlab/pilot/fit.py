"""Emulated agents fitted to a pilot, and draws of them that carry the fit's uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

from mechlab.agents.emulated import Emulated
from mechlab.calibrate import fit_episodes
from mechlab.pilot.episodes import Played

DRAWS = 24  # of the posterior


@dataclass(frozen=True)
class Fitted:
    """What a pilot makes one believe of its agents.

    Attributes:
        agent: the best fit. draws: agents as likely as it, within the fit's uncertainty.
        warnings: what the episodes could not identify.
    """

    agent: Emulated
    draws: tuple[Emulated, ...]
    warnings: tuple[str, ...]


def fitted(played: Played) -> Fitted:
    """Fit emulated agents to all episodes of a study's own agents."""
    study = played.study
    fit = fit_episodes(played.table(), settings=study.settings, name=study.name, seed=study.seed)
    return Fitted(fit.agent, tuple(fit.agents(DRAWS)), tuple(fit.warnings))
