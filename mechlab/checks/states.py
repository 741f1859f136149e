"""Plays to look at: groups of many kinds, and what they do round by round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from mechlab.agents.choice import groups, layout
from mechlab.checks.verdict import Fixed, Play, Row
from mechlab.flows import Amounts, Flows
from mechlab.game import Game
from mechlab.incentives import Act
from mechlab.mechanism import Mechanism
from mechlab.population import Population
from mechlab.response import behaviours
from mechlab.simulate import episode_seeds

EPISODES = 4  # of each group that is looked at
_FEW = 4  # exclusive acts of which all are tried; of more, the first and the last


@dataclass(frozen=True)
class Seen:
    """One round of some episodes: its flows, and what the acts are worth in it."""

    group: tuple[Row, ...]
    flows: Flows
    acts: Mapping[str, Act]

    def play(
        self, mechanism: Mechanism, game: Game, episode: int, agent: int | None = None
    ) -> Play:
        """Name one of the episodes, so that it can be played again."""
        return Play(
            game.name, game.params, str(mechanism), self.group, 0, episode, self.flows.round, agent
        )


def honest(game: Game) -> Row:
    """The behaviour of an agent that gives honestly, in turn, when it is asked to."""
    return game.reference("turns")


def giving(game: Game) -> tuple[str, ...]:
    """The acts of honest giving on request; of giving at all where nobody can ask."""
    asked = tuple(name for name, act in game.acts.items() if np.any(act.answered))
    return asked or tuple(name for name, act in game.acts.items() if np.any(act.given))


def withholding(game: Game) -> Row:
    """The honest behaviour without its giving: the role ``silent`` where the game has one."""
    none = {name: 0.0 for name in game.acts if np.any(game.acts[name].given)}
    return game.roles.get("silent", {**honest(game), **none})


def strategies(game: Game) -> list[dict[str, float]]:
    """Return the pure strategies: every combination of acts done always or never."""
    options = []
    for group in groups(game.acts):
        few = group if len(group) <= _FEW else (group[0], group[-1])
        options.append([{}, *({name: 1.0} for name in few)])
    rows = []
    for parts in product(*options):
        acts = layout(game.acts, {name: 1.0 for part in parts for name in part})
        rows.append({**game.habits(acts), **acts})
    return rows


def sampled(game: Game) -> Iterator[tuple[Row, ...]]:
    """Groups that are honest, silent, both, single-minded each in its way, and erratic."""
    good, bad, n = honest(game), withholding(game), game.agents
    yield (good,) * n
    yield (bad,) * n
    yield (bad, *(good,) * (n - 1))
    yield (good, *(bad,) * (n - 1))
    for row in strategies(game):
        yield (good, *(row,) * (n - 1))
    rng = np.random.default_rng(0)
    for _ in range(4):
        lots = rng.random((n, len(game.propensities)))
        yield tuple(dict(zip(game.propensities, row.tolist(), strict=True)) for row in lots)


def watch(game: Game, mechanism: Mechanism, group: tuple[Row, ...]) -> Iterator[Seen]:
    """Play some episodes of a group; yield each round as it stood when it was paid."""
    members = Population(tuple(map(Fixed.of, group)))
    condition = game.conditions[0]
    behaviour = behaviours(game, members, mechanism, condition)
    state = game.start(episode_seeds(0, 0, EPISODES), condition)
    now, past = (Amounts.zeros(EPISODES, game.agents) for _ in range(2))
    for round in range(game.rounds):
        now.clear()
        game.play(state, round, behaviour[round], now)
        flows = Flows.over(now, past, round, game.unit)
        yield Seen(group, flows, game.prospects(state))
        past.add(now)
