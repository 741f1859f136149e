"""Where the published figures pull apart the one form that all emulated agents share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mechlab.agents.base import AGENTS
from mechlab.agents.emulated import Emulated
from mechlab.calibrate import Residual
from mechlab.calibrate.published import models
from mechlab.simulation import simulate
from mechlab.statistics import summarise

_SPLIT = 3.0  # odds ratio of answering peers and the system: below it, intervals often overlap
_EPISODES = 100  # of each play of a tension: its mean is within a few percent
_STEPS = 10  # halvings of a chance: to a thousandth

_Residuals = Mapping[tuple[str, str, str], Residual]  # by model, condition and metric


@dataclass(frozen=True)
class SplitAnswers:
    """A model that answers its peers and the system differently, as two of its figures demand.

    Attributes:
        response_rate, efficiency: published; efficiency is that with the system's requests.
        peer, system: the fitted chances to answer a peer and the system.
        if_alike: mean efficiency with the system's requests if it answered them as it does peers'.
    """

    model: str
    response_rate: float
    efficiency: float
    peer: float
    system: float
    if_alike: float


@dataclass(frozen=True)
class UnmetRate:
    """A model whose published response rate does not go with its published throughput.

    Attributes:
        response_rate, tasks: published.
        nearest: the response rate nearest to the published one, whatever the chance to answer.
        completed: mean tasks of an episode at that chance.
        reachable: whether ``nearest`` lies within the tolerance of the published rate.
    """

    model: str
    response_rate: float
    tasks: float
    nearest: float
    completed: float
    reachable: bool


@dataclass(frozen=True)
class Optimum:
    """What the study calls optimal, beside what the rules permit.

    Attributes:
        published, ours: tasks of perfect agents.
        factor: revenue of the rules' optimum over that of perfect play, which only asks.
    """

    published: float
    ours: float
    factor: float


@dataclass(frozen=True)
class Tensions:
    """The tensions: by model, and the optimum where a figure of perfect agents was published."""

    answers: tuple[SplitAnswers, ...] = ()
    rates: tuple[UnmetRate, ...] = ()
    optimum: Optimum | None = None


def tensions(cells: Sequence[Residual]) -> Tensions:
    """Find where the published figures of some cells pull apart, and play what shows it."""
    known = {(c.figure.model, c.figure.condition, c.figure.metric): c for c in cells}
    names = models([cell.figure for cell in cells])
    agents = [agent for name in names if isinstance(agent := AGENTS.get(name), Emulated)]
    return Tensions(
        answers=tuple(filter(None, (_split_answers(known, a) for a in agents))),
        rates=tuple(filter(None, (_unmet_rate(known, a) for a in agents))),
        optimum=_optimum(known),
    )


def _split_answers(known: _Residuals, agent: Emulated) -> SplitAnswers | None:
    rate = known.get((agent.name, "baseline", "response_rate"))
    requested = known.get((agent.name, "auto_request", "efficiency"))
    peer, system = agent.fitted.answer, agent.fitted.answer_system
    ratio = (peer / (1.0 - peer)) / (system / (1.0 - system))
    if not rate or not requested or 1.0 / _SPLIT < ratio < _SPLIT:
        return None
    alike = replace(agent, fitted=replace(agent.fitted, answer_system=peer))
    played = simulate(population=alike, episodes=_EPISODES, condition="auto_request")
    efficiency = float(played["efficiency"].mean())
    if requested.figure.holds(efficiency):
        return None
    published = rate.figure.target, requested.figure.target
    return SplitAnswers(agent.name, *published, peer, system, efficiency)


def _unmet_rate(known: _Residuals, agent: Emulated) -> UnmetRate | None:
    rate, tasks = (known.get((agent.name, "baseline", m)) for m in ("response_rate", "tasks"))
    if rate is None or tasks is None or rate.inside:
        return None
    nearest, completed = _at_response_rate(agent, rate.figure.target)
    reachable = abs(nearest - rate.figure.target) <= rate.figure.tolerance
    if reachable and tasks.figure.holds(completed):
        return None
    published = rate.figure.target, tasks.figure.target
    return UnmetRate(agent.name, *published, nearest, completed, reachable)


def _at_response_rate(agent: Emulated, target: float) -> tuple[float, float]:
    """Return response rate and tasks of an agent that answers as often as the rate demands."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        other = replace(agent, fitted=replace(agent.fitted, answer=middle))
        played = simulate(population=other, episodes=_EPISODES)
        rate = float(np.nanmean(played["response_rate"]))
        low, high = (middle, high) if rate < target else (low, middle)
    return rate, float(played["tasks"].mean())


def _optimum(known: _Residuals) -> Optimum | None:
    perfect = known.get(("perfect", "baseline", "tasks"))
    if perfect is None:
        return None
    played = simulate(population="perfect", episodes=_EPISODES)
    requested, optimum = (summarise(played[name]).mean for name in ("perfect", "optimum"))
    return Optimum(perfect.figure.target, perfect.ours, optimum / requested)
