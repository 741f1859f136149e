"""How the steps of somebody else's game are told in the verbs of the flows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mechlab.errors import UserError
from mechlab.flows import Amounts, Array, Flows
from mechlab.mechanism import Mechanism, check_fit

Agent = Hashable
Dict = Mapping[Agent, Any]


@dataclass(frozen=True)
class Step:
    """One round of an environment, by the names of its agents.

    Attributes:
        agents: all that may appear, in the order of the flows.
        before, after: what each saw when it acted, and when the round was over.
        actions, rewards: what each did and was rewarded with.
    """

    agents: tuple[Agent, ...]
    before: Dict
    actions: Dict
    rewards: Dict
    after: Dict

    def pairs(self) -> Array:
        """Return zeros to fill in, (N, N): from the agent of the row to that of the column."""
        return np.zeros((len(self.agents), len(self.agents)))


@dataclass(frozen=True)
class Verbs:
    """A function from steps to flows, with what it fills.

    Attributes:
        fields: the fields of ``Flows`` that it fills, beside ``produced``: the rewards.
        read: returns those fields of a step, each (N, N).
        unit: the environment's unit of account, in units of its reward.
    """

    fields: frozenset[str]
    read: Callable[[Step], Mapping[str, ArrayLike]]
    unit: float = 1.0


def verbs(*fields: str, unit: float = 1.0) -> Callable[[Callable[[Step], Any]], Verbs]:
    """Make ``Verbs`` of the function that follows, which fills these fields.

    >>> @verbs("given")
    ... def generous(step):
    ...     return {"given": step.pairs()}
    >>> sorted(generous.fields)
    ['given']
    """
    return lambda read: Verbs(frozenset(fields), read, unit)


class Account:
    """Pays the agents of an environment, round by round.

    Raises:
        UserError: for a mechanism that needs flows which the verbs do not fill.
    """

    def __init__(self, mechanism: Mechanism, told: Verbs, agents: Iterable[Agent], name: str):
        check_fit(mechanism, told.fields | {"produced"}, name)
        self.mechanism, self.told, self.agents = mechanism, told, tuple(agents)
        self.reset()

    def reset(self) -> None:
        """Begin an episode."""
        self._round = 0
        self._past = Amounts.zeros(1, len(self.agents))

    def pay(self, step: Step) -> dict[Agent, float]:
        """Return what each agent is paid for a round.

        Raises:
            UserError: where the verbs fill other fields than they declare.
        """
        filled = self.told.read(step)
        if set(filled) != self.told.fields:
            raise UserError(
                f"the verbs declare {', '.join(sorted(self.told.fields))}, "
                f"and fill {', '.join(sorted(filled)) or 'nothing'}"
            )
        produced = [float(step.rewards.get(agent, 0.0)) for agent in self.agents]
        arrays = {name: np.asarray(array)[None] for name, array in filled.items()}
        flows = Flows.of(
            past=self._past,
            round=self._round,
            unit=self.told.unit,
            produced=np.array([produced]),
            **arrays,
        )
        paid = self.mechanism.payments(flows)[0]
        self._past.add(flows)
        self._round += 1
        return dict(zip(self.agents, paid.tolist(), strict=True))
