"""A fine on leaving requests unanswered that one could have answered."""

from dataclasses import dataclass
from typing import ClassVar

from mechlab.flows import Array, Flows, over_partners
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class WithholdingFine(Mechanism):
    """Fines each unit withheld on a turn, and pays a share of all fines back to everybody.

    fine_i = rate * sum_j withheld[i, j]; payment_i = rebate * mean_j fine_j - fine_i. rate in
    dollars per piece and turn, rebate as a fraction of the fines; the mean is over all N agents,
    the fined ones among them. Balanced at rebate 1 (and at rate 0); below it the rest leaves the
    group. With ``lies`` a falsified unit counts as withheld once; without it, who answers falsely
    escapes the fine.

    Source: Becker, "Crime and Punishment: An Economic Approach", Journal of Political Economy 76
    (1968); with a rebate, Falkinger, "Efficient Private Provision of Public Goods by Rewarding
    Deviations from Average", Journal of Public Economics 62 (1996).

    >>> flows = Flows.of(withheld=[[[0, 2], [0, 0]]])
    >>> WithholdingFine(rate=100, rebate=0).payments(flows)
    array([[-200.,    0.]])
    >>> WithholdingFine(rate=100, rebate=1).payments(flows)
    array([[-100.,  100.]])
    """

    name: ClassVar[str] = "withholding_fine"

    rate: float = param(500.0, low=0, high=5000, unit="dollars per piece and turn")
    rebate: float = param(1.0, low=0, high=1, unit="of the fines", text="paid back equally")
    lies: bool = param(False, text="whether a falsified piece counts as withheld")

    @property
    def needs(self) -> frozenset[str]:  # type: ignore[override] # depends on what counts
        """What was withheld, and what was falsified where that counts."""
        return frozenset({"withheld", *["falsified"] * self.lies})

    @property
    def balanced(self) -> bool:  # type: ignore[override] # depends on the rebate
        """Whether all fines are paid back, or there are none."""
        return self.rebate == 1.0 or self.rate == 0.0

    def payments(self, flows: Flows) -> Array:
        """Return an equal part of the rebate less the agent's own fines."""
        withheld = over_partners(flows.withheld)
        if self.lies:
            withheld = withheld + over_partners(flows.falsified)
        mean: Array = withheld.mean(axis=1, keepdims=True)
        return self.rate * (self.rebate * mean - withheld)

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say what is fined, how much, and where it goes."""
        if not self.rate:
            return ""
        fine = (
            f"At the end of each of your turns you pay {vocabulary.money(self.rate)} for each "
            f"{vocabulary.unit} that another agent has {vocabulary.asked} from you before, that "
            f"you have and that you have not {vocabulary.given}."
        )
        if self.lies:
            fine += (
                f" You pay as much for each altered {vocabulary.unit} that you {vocabulary.give}."
            )
        back = f"{vocabulary.percent(self.rebate)} of all fines is paid back to all agents equally."
        return f"{fine} {back}" if self.rebate else fine
