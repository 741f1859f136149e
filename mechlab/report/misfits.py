"""Where the replication misses the published study, in words that are computed from it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mechlab.agents.base import AGENTS
from mechlab.agents.emulated import Emulated
from mechlab.analysis.replication import Replica, Replication
from mechlab.calibrate.published import models
from mechlab.report.words import interval, number
from mechlab.simulation import simulate
from mechlab.statistics import summarise

FAR = 1.5  # times too large or too small: beyond this a misfit is named apart
_TWO_THINGS = 3.0  # odds ratio of answering peers and the system that makes them two things
_EPISODES = 100  # of each step towards a published response rate
_STEPS = 10


def words(found: Replication) -> dict[str, tuple[str, ...]]:
    """Return all that there is to say, by its kind."""
    return {
        "headline": (headline(found), rule(found)),
        "far": far(found),
        "tensions": tensions(found),
        "patterns": patterns(found),
        "near": near(found),
    }


def headline(found: Replication) -> str:
    """Return how many figures are met, fitted and held out apart."""
    parts = []
    for name, some in (("fitted", found.fitted), ("held out", found.held_out)):
        if some:
            inside = sum(r.cell.inside for r in some)
            parts.append(f"{inside} of {len(some)} {name} figures ({inside / len(some):.0%})")
    return f"Ours meet {' and '.join(parts)}."


def rule(found: Replication) -> str:
    """Return what counts as met, and how many figures cannot be compared."""
    apart = [r for r in found.replicas if not r.measured]
    reasons = "; ".join(sorted({r.cell.reason for r in apart} - {""}))
    return (
        "A figure is met where ours lies in its published 95% interval, or within 10% where none "
        f"is published. {len(apart)} figures cannot be compared"
        f"{f': {reasons}' if reasons else ''}."
    )


def named(replica: Replica) -> str:
    """Return a figure and ours in a sentence."""
    figure, ours = replica.figure, replica.ours
    where = f"{figure.model}, {figure.condition}, {figure.metric.replace('_', ' ')}"
    said = f"{where}: published {number(figure.target)}, ours {number(ours.mean)} "
    off = f"({interval(ours, number)}), {_factor(replica)}"
    return f"{said}{off}{f'; not fitted: {replica.cell.reason}' if replica.cell.reason else ''}."


def _factor(replica: Replica) -> str:
    factor = replica.cell.factor
    if math.isnan(factor):
        return "no factor, for one of them is 0"
    side = "large" if replica.residual > 0 else "small"
    return f"{factor:.2f} times too {side}"


def far(found: Replication) -> tuple[str, ...]:
    """Return every figure that is off by more than ``FAR``, the furthest first."""
    return tuple(named(r) for r in found.misfits if not r.cell.factor <= FAR)


def near(found: Replication) -> tuple[str, ...]:
    """Return the other figures that are missed."""
    return tuple(named(r) for r in found.misfits if r.cell.factor <= FAR)


def patterns(found: Replication) -> tuple[str, ...]:
    """Return, for each metric, how many are met and to which side the others are off."""
    said = []
    measured = [r for r in found.replicas if r.measured]
    for metric in dict.fromkeys(r.figure.metric for r in measured):
        some = [r for r in measured if r.figure.metric == metric]
        missed = [r for r in some if not r.cell.inside]
        high = sum(r.residual > 0 for r in missed)
        sides = f"; of the others {high} too large, {len(missed) - high} too small"
        met = f"{len(some) - len(missed)} of {len(some)} met"
        said.append(f"{metric.replace('_', ' ')}: {met}{sides if missed else ''}.")
    return tuple(said)


def tensions(found: Replication) -> tuple[str, ...]:
    """Return where published figures pull the common form of the agents apart."""
    figures = [r.figure for r in found.replicas]
    names = [name for name in models(figures) if isinstance(AGENTS.get(name), Emulated)]
    two = [line for name in names for line in _two_things(found, name)]
    rates = [line for name in names for line in _response_rate(found, name)]
    return (*two, *rates, *_optimum(found))


def _two_things(found: Replication, name: str) -> Iterator[str]:
    """Say where answering peers and answering the system are far apart."""
    rate = found.of(name, "baseline", "response_rate")
    asked = found.of(name, "auto_request", "efficiency")
    agent = AGENTS.get(name)
    assert isinstance(agent, Emulated)
    peer, system = agent.fitted.answer, agent.fitted.answer_system
    ratio = (peer / (1.0 - peer)) / (system / (1.0 - system))
    if not rate or not asked or 1.0 / _TWO_THINGS < ratio < _TWO_THINGS:
        return
    same = replace(agent, fitted=replace(agent.fitted, answer_system=peer))
    reached = simulate(population=same, episodes=_EPISODES, condition="auto_request")["efficiency"]
    if not asked.figure.holds(float(reached.mean())):
        yield (
            f"{name} answers peers and the system differently: its response rate to peers is "
            f"{number(rate.figure.target)}, yet with the system's requests it reaches "
            f"{number(asked.figure.target)} of perfect play. If it answered the system as it does "
            f"peers (chance {number(peer)} in place of {number(system)}), it would reach "
            f"{number(float(reached.mean()))}."
        )


def _response_rate(found: Replication, name: str) -> Iterator[str]:
    """Say what throughput the published response rate would mean, where ours misses the rate."""
    rate, tasks = (found.of(name, "baseline", m) for m in ("response_rate", "tasks"))
    if rate is None or tasks is None or rate.cell.inside:
        return
    reached, completed = _at_response_rate(name, rate.figure.target)
    if abs(reached - rate.figure.target) > rate.figure.tolerance:
        yield (
            f"{name}'s response rate of {number(rate.figure.target)} is out of this form's reach: "
            f"whatever its chance to answer, it comes to {number(reached)} at the nearest."
        )
    elif not tasks.figure.holds(completed):
        yield (
            f"{name}'s response rate does not fit its throughput: an agent of this form that "
            f"answered often enough for {number(rate.figure.target)} would complete "
            f"{number(completed)} tasks, not the published {number(tasks.figure.target)}."
        )


def _at_response_rate(name: str, target: float) -> tuple[float, float]:
    """Return response rate and tasks of a model that answers as often as the rate demands."""
    agent = AGENTS.get(name)
    assert isinstance(agent, Emulated)
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        other = replace(agent, fitted=replace(agent.fitted, answer=middle))
        played = simulate(population=other, episodes=_EPISODES)
        rate = float(np.nanmean(played["response_rate"]))
        low, high = (middle, high) if rate < target else (low, middle)
    return rate, float(played["tasks"].mean())


def _optimum(found: Replication) -> Iterator[str]:
    """Say what the study's optimum leaves out."""
    perfect = found.of("perfect", "baseline", "tasks")
    if perfect is None:
        return
    game = simulate(population="perfect", episodes=_EPISODES)
    asking, optimum = (summarise(game[name]).mean for name in ("perfect", "optimum"))
    yield (
        f"What the study calls optimal ({number(perfect.figure.target)} tasks; ours "
        f"{number(perfect.ours.mean)}) is the optimum of asking: where everybody gives all it has "
        f"unasked, the same rules permit {number(optimum / asking)} times as much."
    )
