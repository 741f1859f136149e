"""How far an agent is from its published figures: the episodes that are played to fit it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mechlab.agents.base import Agent
from mechlab.calibrate.published import Figure
from mechlab.flows import Array
from mechlab.games.sharing import Sharing
from mechlab.simulation import Episodes, simulate

_GAME = Sharing()  # the published setting


def means(agent: Agent, figures: Sequence[Figure], episodes: int, seed: int) -> Array:
    """Return our mean of each figure's measure, over the episodes in which it is defined.

    Figures of the same run share its episodes; all agents share all luck (common random numbers),
    so that the means are a deterministic function of the agent.
    """
    runs = {figure.run for figure in figures}
    played = {run: _play(agent, run, episodes, seed) for run in sorted(runs)}
    return np.array([_mean(played[f.run][str(f.measure)]) for f in figures])


def _play(agent: Agent, run: tuple[str, str], episodes: int, seed: int) -> Episodes:
    condition, mechanism = run
    return simulate(_GAME, agent, mechanism, episodes=episodes, seed=seed, condition=condition)


def _mean(values: Array) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else math.nan


def attainable(figure: Figure, figures: Sequence[Figure]) -> bool:
    """Whether any agent can come within the tolerance of a figure, given its model's tasks.

    Tasks that became feasible are either submitted or still open at the end, and an agent holds
    only so many open tasks: so pipeline efficiency is at least tasks / (tasks + open tasks).
    """
    if figure.measure != "pipeline_efficiency":
        return True
    done = [f.target for f in figures if f.measure == "tasks" and f.condition == figure.condition]
    open_tasks = _GAME.agents * _GAME.tasks
    return all(figure.target + figure.tolerance >= n / (n + open_tasks) for n in done)
