"""The fitted parameters: the scale of each, its bounds, and the conditions that it affects."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

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


def _chance(name: str, start: float, moves: Iterable[str] = ()) -> Scale:
    return Scale(name, 0.005, 0.995, start, moves=frozenset(moves))


def _shift(
    name: str, condition: str, bounds: tuple[float, float], start: float, step: float
) -> Scale:
    return Scale(name, *bounds, start, step, frozenset({condition}))


BASE = (
    _chance("ask", 0.5),
    _chance("answer", 0.5, OWN_MESSAGES),
    _chance("answer_system", 0.5, {"auto_request"}),
    _chance("submit", 0.9),
    _chance("repeat", 0.3, OWN_MESSAGES),
    _chance("breadth", 0.3, OWN_MESSAGES | {"auto_fulfill"}),
    Scale("chatter", 0.0, 10.0, 0.5, step=2.0),
)
"""Parameters of every model, which the figures of the baseline identify."""

VOLUNTEER = Scale("volunteer", 0.0, 0.03, 0.001, step=0.002)
"""Fitted where more pieces are sent than requested, which only unasked giving explains; else 0."""

SHIFTS = (
    _shift("payment", "incentive_1000", (0.0, 100.0), 15.0, 10.0),  # >= 0: more pay, no less giving
    _shift("protocol", "policy", (-6.0, 6.0), 0.5, 1.0),
    _shift("hidden", "limited_visibility", (-6.0, 6.0), 0.3, 1.0),
)
"""Each acts in one condition and is fitted to its figures; borrowed where there are none."""
