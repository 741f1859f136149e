"""The fitted parameters: the scale of each, its bounds, and the conditions that it affects."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mechlab.flows import Array

OWN_MESSAGES = frozenset({"baseline", "policy", "incentive_1000", "limited_visibility"})
"""Published conditions in which agents answer each other's messages, not the system's."""


@dataclass(frozen=True)
class Scale:
    """How one parameter is fitted.

    Probabilities are fitted on the logit scale, the others in units of ``step``, so that a change
    of 1 matters about as much in all. A *place* is a value on this scale.

    Attributes:
        name: a field of ``Propensities``.
        low, high: bounds of the value itself.
        start: value at which a fit begins.
        step: unit of a parameter that is not a probability; 0 for a probability.
        moves: the published conditions that it affects; empty for all.
    """

    name: str
    low: float
    high: float
    start: float
    step: float = 0.0
    moves: frozenset[str] = frozenset()

    def inward(self, value: float) -> float:
        """Return the place of a value on the scale.

        >>> Scale("ask", 0.01, 0.99, 0.5).inward(0.5)
        0.0
        """
        return value / self.step if self.step else math.log(value / (1.0 - value))

    def outward(self, place: float) -> float:
        """Return the value at a place on the scale."""
        return place * self.step if self.step else 1.0 / (1.0 + math.exp(-place))

    def affects(self, condition: str) -> bool:
        """Whether the parameter has an effect in a published condition."""
        return not self.moves or condition in self.moves


def places_of(scales: Sequence[Scale], values: Mapping[str, float]) -> Array:
    """Return the places (P,) of values by name."""
    return np.array([s.inward(values[s.name]) for s in scales])


def values_at(scales: Sequence[Scale], places: Array) -> dict[str, float]:
    """Return the values by name at places (P,)."""
    return {s.name: float(s.outward(x)) for s, x in zip(scales, places, strict=True)}


def bounds(scales: Sequence[Scale]) -> tuple[Array, Array]:
    """Return the lower and upper bounds of the places, (P,) each."""
    low = np.array([s.inward(s.low) for s in scales])
    return low, np.array([s.inward(s.high) for s in scales])


_CHANCE = (0.005, 0.995)  # the bounds of probabilities

BASE = (
    Scale("ask", *_CHANCE, 0.5),
    Scale("answer", *_CHANCE, 0.5, moves=OWN_MESSAGES),
    Scale("answer_system", *_CHANCE, 0.5, moves=frozenset({"auto_request"})),
    Scale("submit", *_CHANCE, 0.9),
    Scale("repeat", *_CHANCE, 0.3, moves=OWN_MESSAGES),
    Scale("breadth", *_CHANCE, 0.3, moves=OWN_MESSAGES | {"auto_fulfill"}),
    Scale("chatter", 0.0, 10.0, 0.5, step=2.0),
)
"""Parameters of every model, which the figures of the baseline identify."""

VOLUNTEER = Scale("volunteer", 0.0, 0.03, 0.001, step=0.002)
"""Fitted where more pieces are sent than requested, which only unasked giving explains; else 0."""

SHIFTS = (
    # At least 0: more pay, no less giving.
    Scale("payment", 0.0, 100.0, 15.0, 10.0, frozenset({"incentive_1000"})),
    Scale("protocol", -6.0, 6.0, 0.5, 1.0, frozenset({"policy"})),
    Scale("hidden", -6.0, 6.0, 0.3, 1.0, frozenset({"limited_visibility"})),
)
"""Each acts in one condition and is fitted to its figures; borrowed where there are none."""
