"""Each is paid what its giving added to the others."""

from dataclasses import dataclass
from typing import ClassVar

from mechlab.flows import Array, Flows
from mechlab.mechanism import MECHANISMS, Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class ExternalitySubsidy(Mechanism):
    """Pays each agent what others earned on its giving: payment_i = share * sum_j credit[j, i].

    share as a fraction of the credited production. Outside money. With a share of 1 an agent gains
    from a unit that it gives as much as all others together, so what pays it best is best for all,
    as long as the credits of units add up to no more than they are worth together: where units are
    substitutes. Of complements, which are worth little one by one, each is credited in full or not
    at all. Giving that nobody uses earns nothing.

    Source: Pigou, "The Economics of Welfare" (1920): a bounty as large as the benefit to others. It
    is not the pivotal rule of Clarke (1971): nobody reports what it values, and nobody is charged.

    >>> ExternalitySubsidy(share=1).payments(Flows.of(credit=[[[0, 0], [2500, 0]]]))
    array([[2500.,    0.]])
    """

    name: ClassVar[str] = "externality_subsidy"
    needs: ClassVar[frozenset[str]] = frozenset({"credit"})

    share: float = param(1.0, low=0, high=1, unit="of credited production")

    def payments(self, flows: Flows) -> Array:
        """Return the share of what others earned with one's giving."""
        received: Array = flows.credit.sum(axis=1)
        return self.share * received

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say what use of one's giving earns."""
        if not self.share:
            return ""
        return (
            f"You earn {vocabulary.percent(self.share)} of what others earn with "
            f"{vocabulary.units} that you have {vocabulary.given} them. It is paid from outside: "
            "they keep all that they earn."
        )


MECHANISMS.rename("pivotal", ExternalitySubsidy.name)
