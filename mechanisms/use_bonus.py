"""Money for units that the recipient went on to use: paid on the result, not on the act."""

from dataclasses import dataclass
from typing import ClassVar

from mechlab.flows import Array, Flows
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class UseBonus(Mechanism):
    """Pays the giver at each use of a unit in a production: payment_i = rate * sum_j used[j, i].

    Outside money; rate in dollars per piece and use, in the round of the use. A unit that is used
    again is paid again; one that is never used earns nothing.

    Source: ours. On rewarding what one wants and not a stand-in for it: Kerr, "On the Folly of
    Rewarding A, While Hoping for B", Academy of Management Journal 18 (1975).

    >>> flows = Flows.of(given=[[[0, 9], [0, 0]]], used=[[[0, 0], [2, 0]]])
    >>> UseBonus(rate=1000).payments(flows)
    array([[2000.,    0.]])
    """

    name: ClassVar[str] = "use_bonus"
    needs: ClassVar[frozenset[str]] = frozenset({"used"})

    rate: float = param(1000.0, low=0, high=5000, unit="dollars per piece and use")

    def payments(self, flows: Flows) -> Array:
        """Return the rate for each use by another of what the agent gave."""
        used: Array = flows.used.sum(axis=1)
        return self.rate * used

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say what one use earns."""
        if not self.rate:
            return ""
        use = (
            f"a {vocabulary.unit} that you have {vocabulary.given} becomes part of another agent's"
        )
        return f"You earn {vocabulary.money(self.rate)} each time {use} {vocabulary.product}."
