"""How a population behaves under a mechanism, round by round: found once, before the episodes.

A few reference episodes are played in which, at each round, the marginal payment of each act is
differenced at the flows of the round before and averaged over the episodes. So agents respond to
what the rule pays in typical play of their own group, not to luck, and the behaviour depends on
neither the seed nor the batch of the episodes that follow.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mechlab.agent import Agent
from mechlab.flows import Amounts, Array, Flows
from mechlab.game import Game, Seeds
from mechlab.incentives import Incentives, marginal
from mechlab.mechanism import Mechanism
from mechlab.population import Population

_WORK = 80  # reference episodes times agents: larger groups average over agents, not episodes


@lru_cache(maxsize=256)
def behaviours(game: Game, population: Population, mechanism: Mechanism, condition: str) -> Array:
    """Return the propensities of each round: (T, N, A), by ``game.propensities``; players' rows are 0."""
    rows = population.members
    if not any(isinstance(m, Agent) and m.responds for m in rows):
        still = _behaviour(game, population, mechanism, {})
        return np.broadcast_to(still, (game.rounds, *still.shape))
    episodes = max(1, _WORK // game.agents)
    seeds = np.arange(episodes, dtype=np.uint64)
    return _reference_play(game, population, mechanism, condition, seeds)


def _reference_play(
    game: Game, population: Population, mechanism: Mechanism, condition: str, seeds: Seeds
) -> Array:
    state = game.start(seeds, condition)
    last, past = (Amounts.zeros(len(seeds), game.agents) for _ in range(2))
    behaviour = []
    for round in range(game.rounds):
        flows = Flows.over(last, past, round, game.unit)
        paid = {name: marginal(mechanism, flows, act).mean(axis=0) for name, act in game.acts.items()}
        behaviour.append(_behaviour(game, population, mechanism, paid))
        past.add(last)
        last.clear()
        game.play(state, round, behaviour[-1], last)
    return np.stack(behaviour)


def _behaviour(
    game: Game, population: Population, mechanism: Mechanism, paid: dict[str, Array]
) -> Array:
    rows = []
    for i, member in enumerate(population.members):
        incentives = Incentives(
            payment={name: float(amounts[i]) for name, amounts in paid.items()},
            unit=game.unit,
            advises=mechanism.advises,
            hides=mechanism.hides,
        )
        rows.append(member.propensities(game, incentives) if isinstance(member, Agent) else {})
    return game.behaviour(rows)
