"""A sharing bonus that fades away, to see whether giving stays."""

import math
from dataclasses import dataclass
from typing import ClassVar

from mechlab.flows import Array, Flows, over_partners
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class DecayingBonus(Mechanism):
    """Pays the giver a rate that falls by half every few rounds.

    payment_i = rate * 2 ** (-round / half_life) * sum_j given[i, j], rounds from 0; rate in dollars
    per piece in round 0, half_life in rounds. Outside money.

    Source: the published incentive (arXiv 2604.07821) with a decay, ours. On what becomes of
    behaviour when incentives are taken away: Gneezy, Meier and Rey-Biel, "When and Why Incentives
    (Don't) Work to Modify Behavior", Journal of Economic Perspectives 25 (2011).

    >>> flows = Flows.of(given=[[[0, 1], [0, 0]]], round=10)
    >>> DecayingBonus(rate=1000, half_life=5).payments(flows)
    array([[250.,   0.]])
    """

    name: ClassVar[str] = "decaying_bonus"
    needs: ClassVar[frozenset[str]] = frozenset({"given"})

    rate: float = param(1000.0, low=0, high=5000, unit="dollars per piece", text="in round 0")
    half_life: float = param(5.0, low=0.5, high=1000, unit="rounds")

    def payments(self, flows: Flows) -> Array:
        """Return this round's rate for each unit given."""
        rate = self.rate * math.exp2(-flows.round / self.half_life)
        given = over_partners(flows.given)
        return rate * given

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say what one unit earns at first, and how that fades."""
        if not self.rate:
            return ""
        earned = vocabulary.money(self.rate)
        return (
            f"In the first round you earn {earned} for each {vocabulary.unit} that you "
            f"{vocabulary.give} {vocabulary.to}. From then on this amount falls steadily, by half "
            f"every {self.half_life:g} rounds."
        )
