"""Agents emulated from a pilot, and where they say that each candidate reaches the target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.interpolate import PchipInterpolator

from mechlab.flows import Array
from mechlab.mechanism import Mechanism
from mechlab.streams import EMULATE
from mechlab.study import Group, Study

GRID = 9  # doses of a curve over the whole range, between which a spline runs
CLOSE = (0.75, 0.9, 1.0, 1.1, 1.25)  # of the smallest size: doses that are added
EPISODES = 200  # of each dose, the same for all doses and agents, so that only they differ
DEALS = 1000  # episodes that give the mean of a reference point
DRAWS = 24  # of the posterior: enough for the spread of their sizes, which only sets a bracket


@dataclass(frozen=True)
class DoseRange:
    """A candidate whose one free parameter is what the study minimises, over its range.

    Attributes:
        study, name: the study, and the candidate's name in it.
        parameter: the free parameter.
        low, high: its range.
    """

    study: Study
    name: str
    parameter: str
    low: float
    high: float

    @property
    def middle(self) -> float:
        """The middle of the range."""
        return (self.low + self.high) / 2.0

    def at(self, size: float) -> Mechanism:
        """Return the candidate at a size."""
        return self.study.candidates[self.name].build({self.parameter: size})

    def attainment(self, agent: Group, size: float, episodes: int = EPISODES) -> Array:
        """Return revenue relative to the target's reference point, (B,), of a group of an agent."""
        played = self.study.play(self.at(size), EMULATE[:episodes], population=agent)
        return played.attainment(self.study.target.relative_to)

    def curve(self, agent: Group) -> Curve:
        """Return how mean revenue of a group of an agent goes with size, closest at the target."""
        known = {x: self._mean(agent, x) for x in np.linspace(self.low, self.high, GRID).tolist()}
        near = Curve.of(known).first(self.study.target.efficiency)
        close = [near * x for x in CLOSE if self.low < near * x < self.high]
        return Curve.of(known | {x: self._mean(agent, x) for x in close})

    def emulated(self, agent: Group, draws: Sequence[Group]) -> Emulation:
        """Return what emulated agents say of the candidate.

        A draw's curve is the best fit's, moved up or down by how the draw differs at the best
        fit's smallest size. So a draw costs one dose.
        """
        target, curve = self.study.target.efficiency, self.curve(agent)
        size = curve.first(target)
        at = min(size, self.high)
        level = self._mean(agent, at)
        drawn = [curve.first(target - self._mean(draw, at) + level) for draw in draws]
        return Emulation(self, curve, size, tuple(drawn))

    def inverse(self, agent: Group) -> float:
        """Return the mean of one over the reference point's revenue; whoever plays."""
        played = self.study.play(self.at(self.middle), EMULATE[:DEALS], population=agent)
        return float((1.0 / played.reference(self.study.target.relative_to)).mean())

    def _mean(self, agent: Group, size: float) -> float:
        return float(self.attainment(agent, size).mean())


@dataclass(frozen=True)
class Curve:
    """Mean revenue relative to a reference point, by size: a monotone spline through some doses.

    Attributes:
        sizes, means: of the doses, in order of size.

    >>> Curve((0.0, 1.0, 2.0), (0.0, 0.5, 1.0)).first(0.75)
    1.5
    """

    sizes: tuple[float, ...]
    means: tuple[float, ...]

    @classmethod
    def of(cls, means: dict[float, float]) -> Curve:
        """Return the curve through means by size."""
        return cls(*zip(*sorted(means.items()), strict=True))

    @cached_property
    def _spline(self) -> PchipInterpolator:
        return PchipInterpolator(self.sizes, self.means)

    def at(self, sizes: Array) -> Array:
        """Return the means at sizes within the range."""
        return np.asarray(self._spline(sizes))

    def frame(self) -> pd.DataFrame:
        """Return ``size`` and ``attainment`` at evenly spaced sizes."""
        sizes = np.linspace(self.sizes[0], self.sizes[-1], 201)
        return pd.DataFrame({"size": sizes, "attainment": self.at(sizes)})

    def first(self, target: float) -> float:
        """Return the smallest size with at least the target, inf where there is none."""
        if self.means[0] >= target:
            return self.sizes[0]
        if max(self.means) < target:
            return math.inf
        return float(self._spline.solve(target, extrapolate=False).min())


@dataclass(frozen=True)
class Emulation:
    """What the emulated agents say of one candidate.

    Attributes:
        candidate: the candidate.
        curve: the fitted agents' mean revenue by size.
        size: their smallest sufficient size; inf where there is none.
        draws: that of each draw of the fit.
    """

    candidate: DoseRange
    curve: Curve
    size: float
    draws: tuple[float, ...]

    def interval(self) -> tuple[float, float]:
        """Return the central interval of the draws, of the study's confidence."""
        confidence = self.candidate.study.target.confidence
        tails = (1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0
        # An observed quantile: between a size and none at all there is no value.
        low, high = np.quantile(np.asarray(self.draws), tails, method="nearest")
        return float(low), float(high)
