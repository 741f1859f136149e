"""A share of what others earn with what one gave, paid by those who earn it."""

from dataclasses import dataclass
from typing import ClassVar

from mechlab.flows import Array, Flows, over_partners
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class Royalty(Mechanism):
    """Moves a share of credited production from the producer to those on whom it rests.

    payment_i = share * (sum_j credit[j, i] - sum_j credit[i, j]); share as a fraction of the
    credited production. Budget-balanced: what one pays another receives. Giving earns only where
    it is used, so giving for its own sake cannot farm it.

    Source: Kamien and Tauman, "Fees Versus Royalties and the Private Value of a Patent", Quarterly
    Journal of Economics 101 (1986); as a transfer between those affected, Varian, "A Solution to
    the Problem of Externalities When Agents Are Well-Informed", American Economic Review 84 (1994).

    >>> flows = Flows.of(credit=[[[0, 0], [2500, 0]]])
    >>> Royalty(share=0.1).payments(flows)
    array([[ 250., -250.]])
    """

    name: ClassVar[str] = "royalty"
    needs: ClassVar[frozenset[str]] = frozenset({"credit"})
    balanced: ClassVar[bool] = True

    share: float = param(0.1, low=0, high=1, unit="of credited production")

    def payments(self, flows: Flows) -> Array:
        """Return royalties received less royalties paid."""
        received: Array = flows.credit.sum(axis=1)
        paid = over_partners(flows.credit)
        return self.share * (received - paid)

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say who pays whom, and how much."""
        if not self.share:
            return ""
        share = vocabulary.percent(self.share)
        use = f"{vocabulary.units} that others have {vocabulary.given} you"
        return (
            f"When you earn money with {use}, you pay {share} of the part that rests on them to "
            "those agents. You receive the same share of what others earn with "
            f"{vocabulary.units} that you have {vocabulary.given} them."
        )
