"""How a population behaves under a mechanism, round by round: found once, before the episodes.

A few reference episodes are played in which, at each round, the marginal payment of each act is
differenced at the flows of the round before and averaged over the episodes. So agents respond to
what the rule pays, and to what the others do, in typical play of their own group, not to luck, and
the behaviour depends on neither the seed nor the batch of the episodes that follow.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from mechlab.agents.base import Agent
from mechlab.agents.population import Population
from mechlab.flows import Amounts, Array, Flows
from mechlab.games.base import Game, Seeds
from mechlab.mechanism import Mechanism
from mechlab.mechanism.incentives import Act, Incentives, Scratch, marginal

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
    kept = mechanism.needs
    last, past = (Amounts.zeros(len(seeds), game.agents, kept) for _ in range(2))
    behaviour: list[Array] = []
    scratch = Scratch()
    for round in range(game.rounds):
        flows = Flows.over(last, past, round, game.unit)
        others = _others(game, behaviour, mechanism)
        known = _known(mechanism, flows, game.prospects(state), others, scratch)
        behaviour.append(_behaviour(game, population, mechanism, known))
        past, last = past.plus(last, kept), Amounts.zeros(len(seeds), game.agents, kept)
        game.play(state, round, behaviour[-1], last)
    return np.stack(behaviour)


@dataclass(frozen=True)
class _Each:
    """An amount of each agent, (N,), by name; worked out when an agent first asks for it.

    Most agents heed few of a game's acts, and to difference one is most of the work.
    """

    names: Collection[str]
    find: Callable[[str], Array]

    @classmethod
    def of(cls, amounts: Mapping[str, Array]) -> _Each:
        """Return amounts that are there already."""
        return cls(amounts, amounts.__getitem__)


_NOTHING = _Each.of({})


class _Own(Mapping[str, float]):
    """The amounts of one agent, by name.

    Whether a name is there is not found out by asking for its amount, as a ``Mapping`` does by
    default: a mechanism's own ``KeyError`` would pass for a payment of nothing.
    """

    __slots__ = ("_agent", "_each")

    def __init__(self, each: _Each, agent: int) -> None:
        self._each, self._agent = each, agent

    def __getitem__(self, name: str) -> float:
        return float(self._each.find(name)[self._agent])

    def __contains__(self, name: object) -> bool:
        return name in self._each.names

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self._each.names else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._each.names)

    def __len__(self) -> int:
        return len(self._each.names)

    def __repr__(self) -> str:
        return repr(dict(self))


@dataclass(frozen=True)
class _Known:
    """What the agents of a group have to go by in a round; see ``Incentives``.

    Attributes:
        paid, produced: by act. others: by propensity.
    """

    paid: _Each = _NOTHING
    produced: _Each = _NOTHING
    others: _Each = _NOTHING


def _known(
    mechanism: Mechanism,
    flows: Flows,
    acts: Mapping[str, Act],
    others: Mapping[str, Array],
    scratch: Scratch,
) -> _Known:
    paid = cache(lambda name: marginal(mechanism, flows, acts[name], scratch).mean(axis=0))
    produced = cache(lambda name: np.broadcast_to(acts[name].produced, flows.agents))
    return _Known(_Each(acts, paid), _Each(acts, produced), _Each.of(others))


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
            payment=_Own(known.paid, i),
            unit=game.unit,
            advises=mechanism.advises,
            hides=mechanism.hides,
            shows=mechanism.shows,
            production=_Own(known.produced, i),
            others=_Own(known.others, i),
        )
        rows.append(member.propensities(game, incentives) if isinstance(member, Agent) else {})
    return game.behaviour(rows)
