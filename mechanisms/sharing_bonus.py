"""The published incentive: money for every useful unit given, asked for or not."""

from dataclasses import dataclass
from typing import ClassVar

from mechlab.flows import Array, Flows, over_partners
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class SharingBonus(Mechanism):
    """Pays the giver for each useful, honest unit: payment_i = rate * sum_j given[i, j].

    Outside money; rate in dollars per piece. It pays for unasked giving as well, so it can be
    farmed, and it can lift a group above perfect play, which asks and answers.

    Source: Yadav, Black and Sourbut, arXiv 2604.07821, where the rate is $1,000.

    >>> SharingBonus(rate=1000).payments(Flows.of(given=[[[0, 3], [0, 0]]]))
    array([[3000.,    0.]])
    """

    name: ClassVar[str] = "sharing_bonus"
    needs: ClassVar[frozenset[str]] = frozenset({"given"})

    rate: float = param(1000.0, low=0, high=5000, unit="dollars per piece")

    def payments(self, flows: Flows) -> Array:
        """Return the rate for each unit given."""
        given = over_partners(flows.given)
        return self.rate * given

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say what one unit earns."""
        if not self.rate:
            return ""
        earned = f"You earn {vocabulary.money(self.rate)} for each {vocabulary.unit}"
        return f"{earned} that you {vocabulary.give} {vocabulary.to}."
