"""Outside money that matches what is given."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mechlab.flows import Array, Flows
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class Matching(Mechanism):
    """Adds an amount for each unit given by anybody, and divides it equally among all N agents.

    payment_i = rate / N * sum_jk given[j, k]; rate in dollars per piece. Outside money. It turns
    public goods with a multiplier m into public goods with a multiplier m + rate. The giver
    receives an Nth part of the match, so a match that makes giving pay costs N times what a
    ``sharing_bonus`` does; but nobody gains by giving in another's place.

    Source: Karlan and List, "Does Price Matter in Charitable Giving? Evidence from a Large-Scale
    Natural Field Experiment", American Economic Review 97 (2007); Guttman, "Understanding
    Collective Action: Matching Behavior", American Economic Review 68 (1978), where members match
    each other.

    >>> Matching(rate=1000).payments(Flows.of(given=[[[0, 3], [1, 0]]]))
    array([[2000., 2000.]])
    """

    name: ClassVar[str] = "matching"
    needs: ClassVar[frozenset[str]] = frozenset({"given"})

    rate: float = param(1000.0, low=0, high=50000, unit="dollars per piece")

    def payments(self, flows: Flows) -> Array:
        """Return an equal part of the match of all that was given."""
        given: Array = flows.given.sum(axis=(1, 2))
        part = self.rate / flows.agents * given
        return np.repeat(part[:, None], flows.agents, axis=1)

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say what is added for a unit, and for whom."""
        if not self.rate:
            return ""
        match = f"For each {vocabulary.unit} that any agent has {vocabulary.given} {vocabulary.to}"
        return f"{match}, {vocabulary.money(self.rate)} is added and shared equally by all agents."
