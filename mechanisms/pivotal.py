"""Each is paid what its giving added to the others."""

from dataclasses import dataclass
from typing import ClassVar

from mechlab.flows import Array, Flows
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class Pivotal(Mechanism):
    """Pays each agent what others earned on its giving: payment_i = share * sum_j credit[j, i].

    share as a fraction of the credited production. Outside money. With a share of 1 an agent
    gains from its giving as much as all others together, so what pays it best is best for all.
    Giving that nobody uses earns nothing.

    Source: Clarke, "Multipart Pricing of Public Goods", Public Choice 11 (1971); Groves,
    "Incentives in Teams", Econometrica 41 (1973), without the charges that would pay for it.

    >>> Pivotal(share=1).payments(Flows.of(credit=[[[0, 0], [2500, 0]]]))
    array([[2500.,    0.]])
    """

    name: ClassVar[str] = "pivotal"
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
