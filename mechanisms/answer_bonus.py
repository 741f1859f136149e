"""Money for useful units that were asked for, and for nothing else."""

from dataclasses import dataclass
from typing import ClassVar

from mechlab.flows import Array, Flows, over_partners
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class AnswerBonus(Mechanism):
    """Pays the giver for each unit that was asked for: payment_i = rate * sum_j answered[i, j].

    Outside money; rate in dollars per piece. Unasked giving earns nothing, so a flood of it
    cannot farm the bonus; nor can the bonus lift a group above perfect play, which asks.

    Source: the published incentive (arXiv 2604.07821) narrowed to requests, ours. A piece rate on a
    verified piece of work: Lazear, "Salaries and Piece Rates", Journal of Business 59 (1986).

    >>> flows = Flows.of(given=[[[0, 3], [0, 0]]], answered=[[[0, 1], [0, 0]]])
    >>> AnswerBonus(rate=1000).payments(flows)
    array([[1000.,    0.]])
    """

    name: ClassVar[str] = "answer_bonus"
    needs: ClassVar[frozenset[str]] = frozenset({"answered"})

    rate: float = param(1000.0, low=0, high=5000, unit="dollars per piece")

    def payments(self, flows: Flows) -> Array:
        """Return the rate for each unit given on request."""
        answered = over_partners(flows.answered)
        return self.rate * answered

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say what one answered request earns."""
        if not self.rate:
            return ""
        giving = (
            f"that another agent has {vocabulary.asked} from you and that you {vocabulary.give}"
        )
        earned = f"You earn {vocabulary.money(self.rate)} for each {vocabulary.unit}"
        return f"{earned} {giving} {vocabulary.to}. What nobody {vocabulary.asked} earns nothing."
