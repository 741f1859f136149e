"""Money for giving that is mutual."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mechlab.flows import Array, Flows
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class ReciprocityBonus(Mechanism):
    """Pays both agents for each unit that one gave and the other returned.

    With G[i, j] the units that i gave j so far, payment_i = rate * sum_j the growth of
    min(G[i, j], G[j, i]) in this round; rate in dollars per piece. Outside money. A unit is paid
    for once it is returned, whoever began.

    Source: Gouldner, "The Norm of Reciprocity", American Sociological Review 25 (1960); as a rule
    of play, Axelrod, "The Evolution of Cooperation" (1984). The payment is ours.

    >>> flows = Flows.of(given=[[[0, 3], [1, 0]]])
    >>> ReciprocityBonus(rate=100).payments(flows)
    array([[100., 100.]])
    """

    name: ClassVar[str] = "reciprocity_bonus"
    needs: ClassVar[frozenset[str]] = frozenset({"given"})

    rate: float = param(1000.0, low=0, high=5000, unit="dollars per piece")

    def payments(self, flows: Flows) -> Array:
        """Return the rate for each unit that has become mutual in this round."""
        before = flows.past.given
        return self.rate * (_mutual(before + flows.given) - _mutual(before))

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say what a mutual unit earns."""
        if not self.rate:
            return ""
        return (
            f"For each {vocabulary.unit} that you {vocabulary.give} {vocabulary.to} and that this "
            f"agent repays with another, at any time, each of you earns "
            f"{vocabulary.money(self.rate)}."
        )


def _mutual(given: Array) -> Array:
    """Units that each agent gave and had returned, (B, N)."""
    both: Array = np.minimum(given, given.swapaxes(1, 2)).sum(axis=2)
    return both
