"""Rounds to judge a mechanism by: groups of many kinds, and where a mechanism is worst."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mechlab.agents.deviations import Setting
from mechlab.agents.population import Population
from mechlab.agents.response import behaviours
from mechlab.agents.strategies import strategies
from mechlab.checks._plays import Play, members
from mechlab.flows import Array, Flows
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.simulation import episode_seeds

EPISODES = 4  # of each group: rounds, agents and groups vary far more than luck does
_ERRATIC = 4  # groups in which chance decides: they reach states that no plan leads to


@dataclass(frozen=True)
class Round:
    """One round of some episodes, as it is paid."""

    game: Game
    mechanism: Mechanism
    group: str
    flows: Flows

    @cached_property
    def paid(self) -> Array:
        """What each agent is paid, (B, N)."""
        return self.mechanism.payments(self.flows)

    def play(self, check: str, episode: int, agent: int) -> Play:
        """Name one of the episodes, so that it can be played again."""
        where = {"check": check, "episode": episode, "agent": agent, "round": self.flows.round}
        return Play.of(self.game, self.mechanism, self.group, **where)


@dataclass(frozen=True)
class Measure:
    """A number for each episode and agent of a round, (B, N), or for each episode, (B, 1).

    Attributes:
        of: computes it. badness: of its values; the round with the largest is looked for.
        applies: whether the game has what is measured.
    """

    of: Callable[[Round], Array]
    badness: Callable[[Array], Array] = np.asarray
    applies: Callable[[Game], bool] = lambda game: True


@dataclass(frozen=True)
class Worst:
    """The worst value of a measure, and a play that shows it."""

    value: float
    badness: float
    play: Play


@dataclass(frozen=True)
class SampledPlays:
    """Plays of a mechanism in a game by groups of many kinds.

    Attributes:
        measures: of the checks that need any, by their names; all are taken in one pass.
    """

    mechanism: Mechanism
    game: Game
    measures: Mapping[str, Measure]

    def worst(self, name: str) -> Worst | None:
        """Return the worst value of a check's measure; None where it does not apply."""
        return self._worst.get(name)

    @cached_property
    def _worst(self) -> dict[str, Worst]:
        names = [name for name, measure in self.measures.items() if measure.applies(self.game)]
        return self._search(sampled_groups(self.game), names)

    def _search(self, some: Iterable[str], names: list[str]) -> dict[str, Worst]:
        worst = dict[str, Worst]()
        for group in some if names else ():
            for round in rounds(self.game, self.mechanism, group):
                for name in names:
                    measure = self.measures[name]
                    values = measure.of(round)
                    bad = measure.badness(values)
                    b, i = (int(k) for k in np.unravel_index(int(bad.argmax()), bad.shape))
                    if name not in worst or bad[b, i] > worst[name].badness:
                        value = without_rounding(values[b, i], self.game)
                        worst[name] = Worst(value, float(bad[b, i]), round.play(name, b, i))
        return worst


def sampled_names(game: Game) -> list[str]:
    """Return the behaviours of others among which an agent is judged."""
    names = ("honest", "silent", *strategies(game), *(f"erratic{k + 1}" for k in range(_ERRATIC)))
    return list(names)


def sampled_groups(game: Game) -> list[str]:
    """Return groups that are honest, silent, mixed, of one pure strategy each, and erratic.

    >>> from mechlab.games.base import make_game
    >>> sampled_groups(make_game("commons"))[:3]
    ['honest*5', 'silent*5', 'silent + honest*4']
    """
    n = game.agents
    mixed = [f"silent + honest*{n - 1}", f"honest + silent*{n - 1}"]
    pure = [f"honest + {name}*{n - 1}" for name in strategies(game)]
    erratic = [f"erratic{k + 1}*{n}" for k in range(_ERRATIC)]
    return [f"honest*{n}", f"silent*{n}", *mixed, *pure, *erratic]


def rounds(game: Game, mechanism: Mechanism, group: str) -> Iterator[Round]:
    """Play some episodes of a group; yield each round as it stood when it was paid."""
    condition = game.conditions[0]
    behaviour = behaviours(game, Population(members(game, group)), mechanism, condition)
    setting = Setting(game, mechanism, condition, episode_seeds(0, 0, EPISODES))
    for _, flows in setting.rounds(behaviour):
        yield Round(game, mechanism, group, flows)


def without_rounding(value: float, game: Game) -> float:
    """Return an amount to 12 digits, and 0 where it is nothing but rounding."""
    return 0.0 if abs(value) < 1e-9 * game.unit else float(f"{value:.12g}")
