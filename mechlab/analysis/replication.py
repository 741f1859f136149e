"""The published study, replicated: every figure beside ours, with interval and residual."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from mechlab.agents.base import AGENTS
from mechlab.agents.emulated import Emulated, stored
from mechlab.calibrate import Cell
from mechlab.calibrate.published import Figure, models, published
from mechlab.simulation import Episodes, simulate
from mechlab.statistics import Summary, summarise

UNKNOWN = "not among the figures of the stored fit"
FAR = 1.5  # times too large or too small: half as much again, which no interval published explains
_NOTHING = Summary(math.nan, math.nan, (math.nan, math.nan), 0)
_SPLIT = 3.0  # odds ratio of answering peers and the system: below it, intervals often overlap
_EPISODES = 100  # of each play of a tension: its mean is within a few percent
_STEPS = 10  # halvings of a chance: to a thousandth


@dataclass(frozen=True)
class Replica:
    """A published figure and ours.

    Attributes:
        cell: the figure, our mean, and whether the stored fit had tried to meet it.
        ours: our mean with its interval; of no episodes where there is no measure of ours.
    """

    cell: Cell
    ours: Summary

    @property
    def figure(self) -> Figure:
        """The published figure."""
        return self.cell.figure

    @property
    def measured(self) -> bool:
        """Whether it can be compared: what was read from thoughts cannot."""
        return self.figure.measure is not None

    @property
    def residual(self) -> float:
        """Ours less the published, in the measure's unit."""
        return self.ours.mean - self.figure.target

    def as_json(self) -> dict[str, Any]:
        """Return it as one flat object; ``ours`` has its interval and number of episodes."""
        ours = {**self.cell.row, "ours": self.ours.as_json(), "residual": self.residual}
        return {"model": self.figure.model, **ours}


@dataclass(frozen=True)
class Pattern:
    """How well the figures of one metric are met, and to which side the others are off.

    Attributes:
        metric: its name.
        met, too_large, too_small: numbers of figures; an undefined one is too small.
    """

    metric: str
    met: int
    too_large: int
    too_small: int


@dataclass(frozen=True)
class SplitAnswers:
    """A model that answers its peers and the system differently, as two of its figures demand.

    Attributes:
        model: its name.
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
        model: its name.
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
    """Where published figures pull the one form that all emulated agents share apart.

    Attributes:
        answers, rates: a value for each model concerned.
        optimum: None where no figure of perfect agents was published.
    """

    answers: tuple[SplitAnswers, ...] = ()
    rates: tuple[UnmetRate, ...] = ()
    optimum: Optimum | None = None


@dataclass(frozen=True)
class Replication:
    """All published figures beside ours, in the order of the file.

    Attributes:
        replicas: one for each figure.
        episodes: held-out episodes of each run of ours. seed: their seed.
        tensions: where published figures pull apart.
    """

    replicas: tuple[Replica, ...]
    episodes: int
    seed: int
    tensions: Tensions = Tensions()

    @cached_property
    def fitted(self) -> tuple[Replica, ...]:
        """Figures that the stored fit tried to meet."""
        return tuple(r for r in self.replicas if r.measured and r.cell.fitted)

    @cached_property
    def held_out(self) -> tuple[Replica, ...]:
        """Figures that can be compared and that the stored fit did not see."""
        return tuple(r for r in self.replicas if r.measured and not r.cell.fitted)

    @property
    def misfits(self) -> tuple[Replica, ...]:
        """Figures that ours miss, the furthest off first."""
        missed = (r for r in self.replicas if r.measured and not r.cell.inside)
        return tuple(sorted(missed, key=lambda r: -_known(r.cell.factor)))

    @property
    def far(self) -> tuple[Replica, ...]:
        """The misfits that are off by more than a factor of ``FAR``, or by no defined one."""
        return tuple(r for r in self.misfits if not r.cell.factor <= FAR)

    @property
    def near(self) -> tuple[Replica, ...]:
        """The other misfits."""
        return tuple(r for r in self.misfits if r.cell.factor <= FAR)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """How well each metric is met."""
        measured = [r for r in self.replicas if r.measured]
        metrics = dict.fromkeys(r.figure.metric for r in measured)
        return tuple(_pattern(m, [r for r in measured if r.figure.metric == m]) for m in metrics)

    def of(self, model: str, condition: str, metric: str) -> Replica | None:
        """Return one figure, None where it was not published."""
        wanted = (model, condition, metric)
        return next((r for r in self.replicas if _key(r.figure) == wanted), None)

    def as_json(self) -> dict[str, Any]:
        """Return it as one object."""
        return {
            "episodes": self.episodes,
            "seed": self.seed,
            "inside": {"fitted": _share(self.fitted), "held_out": _share(self.held_out)},
            "cells": [replica.as_json() for replica in self.replicas],
        }


def replicate(*, episodes: int = 1000, seed: int = 1) -> Replication:
    """Play every published condition with every model's stand-in, and compare all figures.

    Args:
        episodes: of each condition and model; at least two, for an interval.
        seed: not that of the fit, so that the episodes are held out. Figures of one run share them.

    >>> replicate(episodes=2).of("perfect", "baseline", "tasks").figure.value
    204.0
    """
    figures = published()
    runs = {(f.model, f.run) for f in figures if f.measure}
    played = {key: _play(*key, episodes, seed) for key in sorted(runs)}
    known = _stored()
    compared = Replication(tuple(_replica(f, played, known) for f in figures), episodes, seed)
    return replace(compared, tensions=_tensions(compared))


def _play(model: str, run: tuple[str, str], episodes: int, seed: int) -> Episodes:
    condition, mechanism = run
    agent = AGENTS.get(model)
    return simulate("sharing", agent, mechanism, episodes=episodes, seed=seed, condition=condition)


def _replica(
    figure: Figure,
    played: Mapping[tuple[str, tuple[str, str]], Episodes],
    known: Mapping[tuple[str, str, str], Mapping[str, Any]],
) -> Replica:
    ours = _NOTHING
    if figure.measure:
        ours = summarise(np.asarray(played[figure.model, figure.run][figure.measure]))
    fit = known.get(_key(figure), {"fitted": False, "reason": UNKNOWN})
    return Replica(Cell(figure, ours.mean, fit["fitted"], fit["reason"]), ours)


def _stored() -> dict[tuple[str, str, str], Mapping[str, Any]]:
    """Return what the stored fit says of each figure."""
    fit = stored()
    rows = [(name, row) for name, entry in fit["models"].items() for row in entry["figures"]]
    rows += [(row["model"], row) for row in fit["others"]]
    return {(name, row["condition"], row["metric"]): row for name, row in rows}


def _key(figure: Figure) -> tuple[str, str, str]:
    return figure.model, figure.condition, figure.metric


def _share(replicas: Sequence[Replica]) -> dict[str, Any]:
    inside = sum(replica.cell.inside for replica in replicas)
    of = len(replicas)
    return {"inside": inside, "of": of, "share": inside / of if of else math.nan}


def _pattern(metric: str, some: Sequence[Replica]) -> Pattern:
    missed = [replica for replica in some if not replica.cell.inside]
    large = sum(replica.residual > 0 for replica in missed)
    return Pattern(metric, len(some) - len(missed), large, len(missed) - large)


def _known(factor: float) -> float:
    return math.inf if math.isnan(factor) else factor


def _tensions(compared: Replication) -> Tensions:
    names = models([replica.figure for replica in compared.replicas])
    agents = {n: agent for n in names if isinstance(agent := AGENTS.get(n), Emulated)}
    return Tensions(
        answers=tuple(filter(None, (_split_answers(compared, a) for a in agents.values()))),
        rates=tuple(filter(None, (_unmet_rate(compared, a) for a in agents.values()))),
        optimum=_optimum(compared),
    )


def _split_answers(compared: Replication, agent: Emulated) -> SplitAnswers | None:
    """Return where answering peers and answering the system must be two things."""
    rate = compared.of(agent.name, "baseline", "response_rate")
    requested = compared.of(agent.name, "auto_request", "efficiency")
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


def _unmet_rate(compared: Replication, agent: Emulated) -> UnmetRate | None:
    """Return what throughput the published response rate would mean, where ours misses the rate."""
    rate, tasks = (compared.of(agent.name, "baseline", m) for m in ("response_rate", "tasks"))
    if rate is None or tasks is None or rate.cell.inside:
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


def _optimum(compared: Replication) -> Optimum | None:
    perfect = compared.of("perfect", "baseline", "tasks")
    if perfect is None:
        return None
    played = simulate(population="perfect", episodes=_EPISODES)
    requested, optimum = (summarise(played[name]).mean for name in ("perfect", "optimum"))
    return Optimum(perfect.figure.target, perfect.ours.mean, optimum / requested)
