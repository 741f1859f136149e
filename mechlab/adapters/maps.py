"""Verbs of environments that are known: what giving is in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mechlab.adapters.verbs import Step, Verbs, verbs
from mechlab.flows import Array


@verbs("given", "used", "credit")
def rps(step: Step) -> dict[str, ArrayLike]:
    """Rock, paper, scissors (``pettingzoo.classic.rps_v2``): to give is to let the other win.

    One unit is a point; it is used at once, and all that the winner earned rests on it.
    """
    won = np.array([max(0.0, float(step.rewards.get(agent, 0.0))) for agent in step.agents])
    given = won * (1.0 - np.eye(2))  # from each to the other, what the other won
    return {"given": given, "used": given.T, "credit": given.T}


def simple_spread(local_ratio: float = 0.5) -> Verbs:
    """Cooperative navigation (``mpe2.simple_spread_v3``): to give is to cover a landmark.

    The group is rewarded for landmarks with an agent near by, each by the distance of the nearest
    one. A step that brings the agent that is now nearest to a landmark closer to it than any was
    before gives that distance, to all others in equal parts. What rests on it is the others' part
    of the group's reward. Distances are read off the agents' own observations.

    Args:
        local_ratio: the setting of the environment: the weight of an agent's own reward.

    Source: Lowe et al., "Multi-Agent Actor-Critic for Mixed Cooperative-Competitive Environments",
    NeurIPS 2017.
    """

    @verbs("given", "used", "credit")
    def read(step: Step) -> dict[str, ArrayLike]:
        n = len(step.agents)
        before, after = (_distances(seen, step) for seen in (step.before, step.after))
        closer = np.maximum(0.0, before.min(axis=0) - after.min(axis=0))
        nearest = after.argmin(axis=0)
        covered = np.bincount(nearest, weights=closer, minlength=n)
        others = 1.0 - np.eye(n)
        given = covered[:, None] * others / (n - 1)
        credit = (1.0 - local_ratio) * covered[None, :] * others
        return {"given": given, "used": given.T, "credit": credit}

    return read


def _distances(seen: object, step: Step) -> Array:
    """Distances of agents and landmarks, (N, N); an observation has them after 4 other numbers."""
    n = len(step.agents)
    offsets = [np.asarray(seen[agent])[4 : 4 + 2 * n] for agent in step.agents]  # type: ignore[index] # by name
    return np.asarray(np.linalg.norm(np.reshape(offsets, (n, n, 2)), axis=2))
