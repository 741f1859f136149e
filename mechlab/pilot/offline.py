"""Searching among emulated agents, for almost nothing: where the target is first reached."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mechlab.agent import Agent
from mechlab.flows import Array
from mechlab.mechanism import Mechanism
from mechlab.population import Population
from mechlab.search.play import play
from mechlab.search.record import REACHED
from mechlab.search.widen import Widened, combined
from mechlab.study import Study

GRID = 13  # doses that are tried where nothing is known: the first that is enough is among them
AROUND = (0.85, 0.95, 1.05, 1.15)  # of the best fit's size: doses that are tried for a draw
PRECISION = 1e-3  # of the range
EPISODES = 100  # of each dose of a draw; all doses and all agents share their luck
MANY = 800  # of each dose of the best fit
FIRST = 1 << 41  # number of the first: no live episode comes near it


@dataclass(frozen=True)
class Line:
    """One candidate of a study along its free parameter, from the low end of the range to the high.

    Attributes:
        study, candidate: which.
        parameter: the free parameter, which is also the study's size.
        low, high: its range.
    """

    study: Study
    candidate: str
    parameter: str
    low: float
    high: float

    def at(self, size: float) -> Mechanism:
        """Return the candidate at a size."""
        return self.study.candidates[self.candidate].build({self.parameter: size})

    def piloted(self) -> tuple[Mechanism, Mechanism]:
        """Return what a pilot plays: the low end, and the middle, where a response shows most."""
        return self.at(self.low), self.at((self.low + self.high) / 2.0)

    def reached(self, group: Population, size: float, episodes: int = EPISODES) -> Array:
        """Return revenue relative to the target's reference point, (B,), at a size."""
        numbers = range(FIRST, FIRST + episodes)
        outcome = play(self.study, self.candidate, {self.parameter: size}, numbers, group)
        return np.array(outcome[REACHED])

    def smallest(self, agent: Agent, near: float = math.inf, episodes: int = EPISODES) -> float:
        """Return the smallest size at which a group of such agents reaches the target, or inf.

        Args:
            agent: what all agents of the group are like.
            near: where it is likely to lie; all the range is looked at by default.
            episodes: of each dose that is looked at.
        """
        group = Population.of(agent, self.study.played.agents)

        def short(size: float) -> float:
            return float(self.study.target.efficiency - self.reached(group, size, episodes).mean())

        doses = (
            list(np.linspace(self.low, self.high, GRID)) if math.isinf(near) else self._around(near)
        )
        below = self.low
        for size in doses:
            if short(size) <= 0.0:
                return float(below if size == below else self._root(short, below, size))
            below = size
        return math.inf

    def _around(self, near: float) -> list[float]:
        """Return doses from the low end to the high, close to each other where one is likely."""
        inner = [near * factor for factor in AROUND]
        return [self.low, *(x for x in inner if self.low < x < self.high), self.high]

    def _root(self, short: Callable[[float], float], below: float, enough: float) -> float:
        from scipy.optimize import brentq

        return float(brentq(short, below, enough, xtol=PRECISION * (self.high - self.low)))

    def luck(self, agent: Agent, size: float) -> float:
        """Return the standard error of ``smallest`` from the luck of ``MANY`` episodes.

        It is that of the mean at the size, over the slope of the curve there.
        """
        group = Population.of(agent, self.study.played.agents)
        step = (self.high - self.low) / GRID / 2.0
        ends = max(self.low, size - step), min(self.high, size + step)
        values = [self.reached(group, end, MANY) for end in ends]
        slope = (values[1].mean() - values[0].mean()) / (ends[1] - ends[0])
        error = float(values[1].std(ddof=1)) / math.sqrt(MANY)
        return error / abs(slope) if slope else math.inf


def search_offline(line: Line, agent: Agent, draws: Sequence[Agent]) -> tuple[float, Widened]:
    """Return a candidate's smallest size and its interval, with the fit's uncertainty within it."""
    from scipy.stats import norm

    rough = line.smallest(agent)
    if math.isinf(rough):
        drawn = tuple(line.smallest(draw) for draw in draws)
        return rough, Widened((min(drawn), rough), (rough, rough), 0.0, 1.0, drawn)
    fine = line.smallest(agent, rough, MANY)
    # Draws share the luck of the rough size: their distances from it are those of the fit alone.
    moved = [fine + line.smallest(draw, rough) - rough for draw in draws]
    confidence = line.study.target.confidence
    error = float(norm.ppf((1.0 + confidence) / 2.0)) * line.luck(agent, fine)
    return fine, combined((fine - error, fine + error), fine, moved, confidence)
