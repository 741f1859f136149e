"""A part of everybody's production, pooled and divided equally."""

from dataclasses import dataclass
from typing import ClassVar

from mechlab.flows import Array, Flows
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class TeamShare(Mechanism):
    """Pools a share of production: payment_i = share * (mean_j produced[j] - produced[i]).

    share as a fraction of production; the mean is over all N agents. Budget-balanced. An agent
    keeps 1 - share + share / N of what one more dollar of its own production brings, and gains
    share / N of any other's: with many agents little is left for whoever helps.

    Source: Alchian and Demsetz, "Production, Information Costs, and Economic Organization",
    American Economic Review 62 (1972); Holmstrom, "Moral Hazard in Teams", Bell Journal of
    Economics 13 (1982).

    >>> TeamShare(share=0.5).payments(Flows.of(produced=[[10000, 0]]))
    array([[-2500.,  2500.]])
    """

    name: ClassVar[str] = "team_share"
    needs: ClassVar[frozenset[str]] = frozenset({"produced"})
    balanced: ClassVar[bool] = True

    share: float = param(0.5, low=0, high=1, unit="of production")

    def payments(self, flows: Flows) -> Array:
        """Return an equal part of the pool less what was paid into it."""
        mean: Array = flows.produced.mean(axis=1, keepdims=True)
        return self.share * (mean - flows.produced)

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say what is pooled and how it is divided."""
        if not self.share:
            return ""
        share = vocabulary.percent(self.share)
        pool = (
            f"{share} of what each agent earns itself, {vocabulary.product} by {vocabulary.product}"
        )
        return f"{pool}, goes into a common pool, which all agents share equally every round."
