"""A stake that comes back to those who give honestly what they are asked for."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mechlab.flows import Array, Flows, over_partners
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class Deposit(Mechanism):
    """Every agent stakes an amount each round and loses the part that it failed to earn back.

    With a = sum_j answered[i, j] and w = sum_j withheld[i, j], payment_i = -stake * w / (a + w);
    nothing where nobody asked. stake in dollars per round; what is lost leaves the group. Unlike a
    fine per unit, the stake bounds what an agent can lose. With ``lies`` a falsified unit counts as
    withheld; without it, who answers falsely escapes the loss.

    Source: Gerber and Wichardt, "Providing Public Goods in the Absence of Strong Institutions",
    Journal of Public Economics 93 (2009).

    >>> flows = Flows.of(answered=[[[0, 3], [0, 0]]], withheld=[[[0, 1], [0, 0]]])
    >>> Deposit(stake=1000).payments(flows)
    array([[-250.,    0.]])
    """

    name: ClassVar[str] = "deposit"

    stake: float = param(1000.0, low=0, high=20000, unit="dollars per round")
    lies: bool = param(False, text="whether a falsified piece counts as withheld")

    @property
    def needs(self) -> frozenset[str]:  # type: ignore[override] # depends on what counts
        """What was answered and withheld, and what was falsified where that counts."""
        return frozenset({"answered", "withheld", *["falsified"] * self.lies})

    def payments(self, flows: Flows) -> Array:
        """Return minus the part of the stake that is forfeited."""
        withheld = over_partners(flows.withheld)
        if self.lies:
            withheld = withheld + over_partners(flows.falsified)
        due = withheld + over_partners(flows.answered)
        lost = np.divide(withheld, due, out=np.zeros_like(due), where=due > 0.0)
        return np.asarray(0.0 - self.stake * lost)

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say what is staked, and how it comes back."""
        if not self.stake:
            return ""
        stake, unaltered = vocabulary.money(self.stake), " unaltered" if self.lies else ""
        return (
            f"Each round you stake {stake}. You get it back in proportion to how many of the "
            f"{vocabulary.units} {vocabulary.asked} from you that you could {vocabulary.give} you "
            f"have {vocabulary.given}{unaltered}, and all of it where none was {vocabulary.asked}."
        )
