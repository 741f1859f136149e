"""Plays to look at: groups of many kinds, and what they do round by round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from mechlab.agents.choice import groups
from mechlab.agents.population import Population
from mechlab.agents.response import behaviours
from mechlab.checks.play import IDLE, Play, members, play
from mechlab.flows import Amounts, Array, Flows
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.mechanism.incentives import Act, marginal
from mechlab.simulation import episode_seeds

EPISODES = 4  # of each group that is looked at
_FEW = 4  # exclusive acts of which all are tried; of more, the first and the last
_ERRATIC = 4  # groups in which chance decides


@dataclass(frozen=True)
class Seen:
    """One round of some episodes: its flows, and what the acts are worth in it."""

    game: Game
    mechanism: Mechanism
    group: str
    flows: Flows
    acts: Mapping[str, Act]

    @cached_property
    def paid(self) -> Array:
        """What each agent is paid, (B, N)."""
        return self.mechanism.payments(self.flows)

    @cached_property
    def gains(self) -> dict[str, Array]:
        """What one more unit of each act brings, game and mechanism together, (B, N)."""
        return {
            name: np.asarray(act.produced) + marginal(self.mechanism, self.flows, act)
            for name, act in self.acts.items()
        }

    def play(self, check: str, episode: int, agent: int) -> Play:
        """Name one of the episodes, so that it can be played again."""
        where = {"check": check, "episode": episode, "agent": agent, "round": self.flows.round}
        return play(self.game, self.mechanism, self.group, **where)


def giving(game: Game) -> tuple[str, ...]:
    """The acts of honest giving on request; of giving at all where nobody can ask."""
    asked = tuple(name for name, act in game.acts.items() if np.any(act.answered))
    return asked or tuple(name for name, act in game.acts.items() if np.any(act.given))


def strategies(game: Game) -> list[str]:
    """Return the names of the pure strategies: every combination of acts done always or never.

    >>> from mechlab.games.base import make_game
    >>> strategies(make_game("public_goods"))
    ['idle', 'give']
    """
    options = []
    for group in groups(game.acts):
        few = group if len(group) <= _FEW else (group[0], group[-1])
        options.append(("", *few))
    return ["&".join(filter(None, parts)) or IDLE for parts in product(*options)]


def sampled(game: Game) -> list[str]:
    """Groups that are honest, silent, both, single-minded each in its way, and erratic.

    >>> from mechlab.games.base import make_game
    >>> sampled(make_game("commons"))[:3]
    ['honest*5', 'silent*5', 'silent + honest*4']
    """
    n = game.agents
    mixed = [f"silent + honest*{n - 1}", f"honest + silent*{n - 1}"]
    single = [f"honest + {name}*{n - 1}" for name in strategies(game)]
    erratic = [f"erratic{k + 1}*{n}" for k in range(_ERRATIC)]
    return [f"honest*{n}", f"silent*{n}", *mixed, *single, *erratic]


def watch(game: Game, mechanism: Mechanism, group: str, first: int = 0) -> Iterator[Seen]:
    """Play some episodes of a group; yield each round as it stood when it was paid."""
    population = Population(members(game, group))
    condition = game.conditions[0]
    behaviour = behaviours(game, population, mechanism, condition)
    state = game.start(episode_seeds(0, first, EPISODES), condition)
    past = Amounts.zeros(EPISODES, game.agents)
    for round in range(game.rounds):
        now = Amounts.zeros(EPISODES, game.agents)
        game.play(state, round, behaviour[round], now)
        flows = Flows.over(now, past, round, game.unit)
        yield Seen(game, mechanism, group, flows, game.prospects(state))
        past.add(now)
