"""A fine on giving something false."""

from dataclasses import dataclass
from typing import ClassVar

from mechlab.flows import Array, Flows, over_partners
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class FalsificationFine(Mechanism):
    """Fines the giver for each dishonest unit: payment_i = -rate * sum_j falsified[i, j].

    rate in dollars per piece; the fines leave the group. It assumes that every falsified unit is
    detected; were it detected with chance p, the rate that deters would be the harm over p.

    Source: Becker, "Crime and Punishment: An Economic Approach", Journal of Political Economy 76
    (1968).

    >>> FalsificationFine(rate=1000).payments(Flows.of(falsified=[[[0, 2], [0, 0]]]))
    array([[-2000.,    -0.]])
    """

    name: ClassVar[str] = "falsification_fine"
    needs: ClassVar[frozenset[str]] = frozenset({"falsified"})

    rate: float = param(1000.0, low=0, high=5000, unit="dollars per piece")

    def payments(self, flows: Flows) -> Array:
        """Return minus the rate for each falsified unit."""
        falsified = over_partners(flows.falsified)
        return -self.rate * falsified

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say what one falsified unit costs."""
        if not self.rate:
            return ""
        fine = vocabulary.money(self.rate)
        return f"You pay {fine} for each altered {vocabulary.unit} that you {vocabulary.give}."
