"""Functions that translate the steps of another library's environment into flows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mechlab.flows import Array

Agent = Hashable
ByAgent = Mapping[Agent, Any]


@dataclass(frozen=True)
class Step:
    """One round of an environment, by the names of its agents.

    Attributes:
        agents: all agents that may appear, in the order of the flows.
        before, after: what each agent observed when it acted, and after the round.
        actions, rewards: each agent's action and reward.
    """

    agents: tuple[Agent, ...]
    before: ByAgent
    actions: ByAgent
    rewards: ByAgent
    after: ByAgent

    def pairs(self) -> Array:
        """Return zeros to fill in, (N, N): from the agent of the row to that of the column."""
        return np.zeros((len(self.agents), len(self.agents)))


@dataclass(frozen=True)
class Verbs:
    """A function from steps to flows, with the fields that it fills.

    Attributes:
        fields: the fields of ``Flows`` that it fills, besides ``produced``, which is the rewards.
        read: returns those fields of a step, each (N, N).
        unit: the environment's unit of account, in units of its reward.
    """

    fields: frozenset[str]
    read: Callable[[Step], Mapping[str, ArrayLike]]
    unit: float = 1.0


def verbs(*fields: str, unit: float = 1.0) -> Callable[[Callable[[Step], Any]], Verbs]:
    """Return a decorator that makes ``Verbs`` of a function which fills these fields.

    >>> @verbs("given")
    ... def generous(step):
    ...     return {"given": step.pairs()}
    >>> sorted(generous.fields)
    ['given']
    """
    return lambda read: Verbs(frozenset(fields), read, unit)


@verbs("given", "used", "credit")
def rps(step: Step) -> dict[str, ArrayLike]:
    """Rock, paper, scissors (``pettingzoo.classic.rps_v2``): to give is to let the other win.

    One unit is a point. It is used at once, and all that the winner earned rests on it.
    """
    won = np.array([max(0.0, float(step.rewards.get(agent, 0.0))) for agent in step.agents])
    given = won * (1.0 - np.eye(2))  # from each to the other, what the other won
    return {"given": given, "used": given.T, "credit": given.T}


def simple_spread(local_ratio: float = 0.5) -> Verbs:
    """Cooperative navigation (``mpe2.simple_spread_v3``): to give is to cover a landmark.

    The group's reward depends on the distance of each landmark to the agent nearest to it. When the
    agent that is now nearest to a landmark has come closer to it than any agent was before the
    step, it gives that gain in distance, in equal parts to all others; when no agent is as close as
    the nearest one was, that one takes the loss back, as a negative amount. So who swings to and
    fro gives nothing. The others' share of the group's reward rests on it. Distances are read off
    the agents' own observations.

    Args:
        local_ratio: the setting of the environment: the weight of an agent's own reward.

    Source: Lowe et al., "Multi-Agent Actor-Critic for Mixed Cooperative-Competitive Environments",
    NeurIPS 2017.
    """

    @verbs("given", "used", "credit")
    def read(step: Step) -> dict[str, ArrayLike]:
        n = len(step.agents)
        before, after = (_distances(observed, step) for observed in (step.before, step.after))
        closer = before.min(axis=0) - after.min(axis=0)
        nearest = np.where(closer > 0.0, after.argmin(axis=0), before.argmin(axis=0))
        covered = np.bincount(nearest, weights=closer, minlength=n)
        others = 1.0 - np.eye(n)
        given = covered[:, None] * others / (n - 1)
        credit = (1.0 - local_ratio) * covered[None, :] * others
        return {"given": given, "used": given.T, "credit": credit}

    return read


def _distances(observed: ByAgent, step: Step) -> Array:
    """Distances of agents and landmarks, (N, N); an observation has them after 4 other numbers."""
    n = len(step.agents)
    offsets = [np.asarray(observed[agent])[4 : 4 + 2 * n] for agent in step.agents]
    return np.asarray(np.linalg.norm(np.reshape(offsets, (n, n, 2)), axis=2))
