"""A prize for the agents that gave most in a round."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mechlab.flows import Array, Flows, over_partners
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param

_TIE = 1e-9  # relative: sums of the same gifts in another order must still tie


@mechanism
@dataclass(frozen=True)
class Tournament(Mechanism):
    """Divides a prize among the top givers of a round; no prize where nobody gave.

    payment_i = prize / (number of top givers) where sum_j given[i, j] is the largest and above 0,
    else 0; prize in dollars per round. Outside money, never more than the prize a round.

    Source: Lazear and Rosen, "Rank-Order Tournaments as Optimum Labor Contracts", Journal of
    Political Economy 89 (1981).

    >>> flows = Flows.of(given=[[[0, 2, 0], [1, 0, 1], [0, 1, 0]]])
    >>> Tournament(prize=3000).payments(flows)
    array([[1500., 1500.,    0.]])
    """

    name: ClassVar[str] = "tournament"
    needs: ClassVar[frozenset[str]] = frozenset({"given"})

    prize: float = param(5000.0, low=0, high=50000, unit="dollars per round")

    def payments(self, flows: Flows) -> Array:
        """Return equal parts of the prize to the top givers."""
        given = over_partners(flows.given)
        most = given.max(axis=1, keepdims=True)
        top = (given > 0.0) & (given >= most * (1.0 - _TIE))
        winners = np.count_nonzero(top, axis=1, keepdims=True)
        return np.where(top, self.prize / np.maximum(1, winners), 0.0)

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say who wins what."""
        if not self.prize:
            return ""
        giving = f"has {vocabulary.given} the most {vocabulary.units} {vocabulary.to}"
        prize = f"Every round, the agent that {giving} wins {vocabulary.money(self.prize)}"
        return f"{prize}; if several tie, they divide it equally, and if nobody has, nobody wins."
