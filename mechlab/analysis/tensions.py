"""Where the published figures pull apart the one form that all emulated agents share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mechlab.agents.base import AGENTS
from mechlab.agents.emulated import Emulated
from mechlab.calibrate import Residual
from mechlab.calibrate.published import models
from mechlab.simulation import simulate

_SPLIT = 3.0  # odds ratio of answering peers and the system: below it, intervals often overlap
_EPISODES = 100  # of each play of a tension: its mean is within a few percent
_STEPS = 10  # halvings of a chance: to a thousandth

_Residuals = Mapping[tuple[str, str, str], Residual]  # by model, condition and metric


@dataclass(frozen=True)
class Tension:
    """Published figures that pull apart.

    Attributes:
        kind: ``answers``: two figures demand that peers and the system are answered differently;
            ``rate``: no chance to answer gives the published response rate; ``throughput``: the one
            that gives it does not give the published tasks; ``optimum``: the rules permit more than
            what the study calls optimal.
        values: ``response_rate, tasks, efficiency`` (with the system's requests) are published,
            ``peer, system`` the fitted chances to answer these, ``if_alike`` the efficiency with
            the system's requests if it were answered as peers are; ``nearest`` is the response rate
            nearest to the published one, ``completed`` the tasks at that chance; ``ours`` tasks of
            perfect agents, ``factor`` the rules' optimum over perfect play, which only asks.
    """

    kind: Literal["answers", "rate", "throughput", "optimum"]
    model: str
    values: Mapping[str, float]


def tensions(residuals: Sequence[Residual]) -> tuple[Tension, ...]:
    """Find where the published figures of some residuals pull apart, and play what shows it."""
    known = {(r.figure.model, r.figure.condition, r.figure.metric): r for r in residuals}
    names = models([residual.figure for residual in residuals])
    agents = [agent for name in names if isinstance(agent := AGENTS.get(name), Emulated)]
    answers = (tension for agent in agents for tension in _split_answers(known, agent))
    rates = (tension for agent in agents for tension in _unmet_rate(known, agent))
    return (*answers, *rates, *_optimum(known))


def _split_answers(known: _Residuals, agent: Emulated) -> Iterator[Tension]:
    rate = known.get((agent.name, "baseline", "response_rate"))
    requested = known.get((agent.name, "auto_request", "efficiency"))
    peer, system = agent.fitted.answer, agent.fitted.answer_system
    ratio = (peer / (1.0 - peer)) / (system / (1.0 - system))
    if not rate or not requested or 1.0 / _SPLIT < ratio < _SPLIT:
        return
    alike = replace(agent, fitted=replace(agent.fitted, answer_system=peer))
    played = simulate(population=alike, episodes=_EPISODES, condition="auto_request")
    efficiency = float(played["efficiency"].mean())
    if not requested.figure.holds(efficiency):
        published = {"response_rate": rate.figure.target, "efficiency": requested.figure.target}
        fitted = {"peer": peer, "system": system, "if_alike": efficiency}
        yield Tension("answers", agent.name, {**published, **fitted})


def _unmet_rate(known: _Residuals, agent: Emulated) -> Iterator[Tension]:
    rate, tasks = (known.get((agent.name, "baseline", m)) for m in ("response_rate", "tasks"))
    if rate is None or tasks is None or rate.inside:
        return
    nearest, completed = _at_response_rate(agent, rate.figure.target)
    reachable = abs(nearest - rate.figure.target) <= rate.figure.tolerance
    if not (reachable and tasks.figure.holds(completed)):
        published = {"response_rate": rate.figure.target, "tasks": tasks.figure.target}
        values = {**published, "nearest": nearest, "completed": completed}
        yield Tension("throughput" if reachable else "rate", agent.name, values)


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


def _optimum(known: _Residuals) -> Iterator[Tension]:
    if perfect := known.get(("perfect", "baseline", "tasks")):
        played = simulate(population="perfect", episodes=_EPISODES)
        factor = float(np.nanmean(played["optimum"]) / np.nanmean(played["perfect"]))
        values = {"tasks": perfect.figure.target, "ours": perfect.ours, "factor": factor}
        yield Tension("optimum", "perfect", values)
