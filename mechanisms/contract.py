"""A contract between every two agents: who receives pays who gives."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mechlab.flows import Array, Flows
from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class Contract(Mechanism):
    """Binds every two agents: each pays the other a price for each unit given it, up to a quota.

    payment_i = price * sum_j (min(given[i, j], quota) - min(given[j, i], quota)); price in dollars
    per piece, quota in pieces per pair and round. Budget-balanced between every two agents. Its
    terms depend only on what was given, which a court could see. They are searched for here, not
    negotiated; ``mechlab check`` says whether an agent gains by signing. The quota bounds what an
    agent can be made to pay for units that it did not ask for; beyond it, giving pays nothing.

    Source: Jackson and Wilkie, "Endogenous Games and Mechanisms: Side Payments Among Players",
    Review of Economic Studies 72 (2005); among learning agents, Christoffersen, Haupt and
    Hadfield-Menell, "Get It in Writing: Formal Contracts Mitigate Social Dilemmas in Multi-Agent
    RL", AAMAS 2023. The quota is ours.

    >>> flows = Flows.of(given=[[[0, 3], [1, 0]]])
    >>> Contract(price=100, quota=2).payments(flows)
    array([[ 100., -100.]])
    """

    name: ClassVar[str] = "contract"
    needs: ClassVar[frozenset[str]] = frozenset({"given"})
    balanced: ClassVar[bool] = True

    price: float = param(1000.0, low=0, high=5000, unit="dollars per piece")
    quota: float = param(10.0, low=0, high=1000, unit="pieces per pair and round")

    def payments(self, flows: Flows) -> Array:
        """Return what the others owe for what one gave, less what one owes them."""
        due = np.minimum(flows.given, self.quota)
        owed: Array = due.sum(axis=2) - due.sum(axis=1)
        return self.price * owed

    def rule(self, vocabulary: Vocabulary) -> str:
        """Say who owes whom how much."""
        if not self.price or not self.quota:
            return ""
        price, most = vocabulary.money(self.price), f"{self.quota:g}"
        return (
            f"A contract binds you with each other agent: it pays you {price} for each "
            f"{vocabulary.unit} that you {vocabulary.give} {vocabulary.to}, and you pay it as "
            f"much for each that it has {vocabulary.given} you, for at most {most} "
            f"{vocabulary.units} each way a round."
        )
