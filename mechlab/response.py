"""How a population behaves under a mechanism, round by round: found once, before the episodes.

A few reference episodes are played in which, at each round, the marginal payment of each act is
differenced at the flows of the round before and averaged over the episodes. So agents respond to
what the rule pays, and to what the others do, in typical play of their own group, not to luck, and
the behaviour depends on neither the seed nor the batch of the episodes that follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """Return the propensities of each round, (T, N, A); the rows of players are 0."""
    rows = population.members
    if not any(isinstance(m, Agent) and m.responds for m in rows):
        still = _behaviour(game, population, mechanism, _Known())
        return np.broadcast_to(still, (game.rounds, *still.shape))
    episodes = max(1, _WORK // game.agents)
    seeds = np.arange(episodes, dtype=np.uint64)
    return _reference_play(game, population, mechanism, condition, seeds)


def _reference_play(
    game: Game, population: Population, mechanism: Mechanism, condition: str, seeds: Seeds
) -> Array:
    state = game.start(seeds, condition)
    last, past = (Amounts.zeros(len(seeds), game.agents) for _ in range(2))
    behaviour: list[Array] = []
    for round in range(game.rounds):
        flows = Flows.over(last, past, round, game.unit)
        acts = game.prospects(state)
        paid = {name: marginal(mechanism, flows, act).mean(axis=0) for name, act in acts.items()}
        produced = {name: np.broadcast_to(act.produced, game.agents) for name, act in acts.items()}
        known = _Known(paid, produced, _others(game, behaviour, mechanism))
        behaviour.append(_behaviour(game, population, mechanism, known))
        past.add(last)
        last.clear()
        game.play(state, round, behaviour[-1], last)
    return np.stack(behaviour)


@dataclass(frozen=True)
class _Known:
    """What the agents of a group have to go by in a round; see ``Incentives``.

    Attributes:
        paid, produced: (N,) by act. others: (N,) by propensity.
    """

    paid: Mapping[str, Array] = field(default_factory=dict)
    produced: Mapping[str, Array] = field(default_factory=dict)
    others: Mapping[str, Array] = field(default_factory=dict)


def _others(game: Game, behaviour: list[Array], mechanism: Mechanism) -> dict[str, Array]:
    """Return for each agent the mean behaviour of all others as it knows it; none at first.

    It knows that of the last round, or, where a public record is shown, that of all rounds so far.
    """
    if not behaviour or game.agents < 2:
        return {}
    seen = np.mean(behaviour, axis=0) if "record" in mechanism.shows else behaviour[-1]
    mean = (seen.sum(axis=0) - seen) / (game.agents - 1)
    return dict(zip(game.propensities, mean.T, strict=True))


def _behaviour(game: Game, population: Population, mechanism: Mechanism, known: _Known) -> Array:
    rows = []
    for i, member in enumerate(population.members):
        incentives = Incentives(
            payment=_of(known.paid, i),
            unit=game.unit,
            advises=mechanism.advises,
            hides=mechanism.hides,
            shows=mechanism.shows,
            production=_of(known.produced, i),
            others=_of(known.others, i),
        )
        rows.append(member.propensities(game, incentives) if isinstance(member, Agent) else {})
    return game.behaviour(rows)


def _of(amounts: Mapping[str, Array], i: int) -> dict[str, float]:
    return {name: float(array[i]) for name, array in amounts.items()}
