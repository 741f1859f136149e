"""How a population behaves under a mechanism: propensities of each agent in each round.

They are found once, before the episodes are played, in a few reference episodes of the same group.
Before each round of these the marginal payment of each act is taken at the flows of the round
before and averaged over the episodes; each agent answers with its propensities for the round. So
agents respond to what the rule pays and to what the others do in typical play of their group, not
to luck, and their behaviour depends neither on the seed nor on the batch of the episodes to come.
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

# Reference episodes times agents: 8 episodes of the published groups of ten. A larger group
# averages over its agents, so that it needs fewer episodes.
_WORK = 80


@lru_cache(maxsize=256)  # a search plays a setting in several batches
def behaviours(game: Game, population: Population, mechanism: Mechanism, condition: str) -> Array:
    """Return the propensities of T rounds and N agents, (T, N, A); 0 for players.

    A is the number of ``game.propensities``.

    >>> from mechlab.games.base import make_game
    >>> from mechlab.mechanism import parse
    >>> game = make_game("public_goods")
    >>> selfish = Population.of("selfish", game.agents)
    >>> for rate in (0, 1):
    ...     bonus = parse(f"sharing_bonus(rate={rate})")
    ...     print(float(behaviours(game, selfish, bonus, "baseline")[0, 0, 0]))
    0.0
    1.0
    """
    members = population.members
    if not any(isinstance(member, Agent) and member.responds for member in members):
        constant = _behaviour(game, population, mechanism, _Situation())
        return np.broadcast_to(constant, (game.rounds, *constant.shape))
    episodes = max(1, _WORK // game.agents)
    seeds = np.arange(episodes, dtype=np.uint64)
    return _reference_play(game, population, mechanism, condition, seeds)


def _reference_play(
    game: Game, population: Population, mechanism: Mechanism, condition: str, seeds: Seeds
) -> Array:
    state = game.start(seeds, condition)
    fields = mechanism.needs
    last, past = (Amounts.zeros(len(seeds), game.agents, fields) for _ in range(2))
    behaviour: list[Array] = []
    scratch = Scratch()
    for round in range(game.rounds):
        flows = Flows.over(last, past, round, game.unit)
        others = _others(game, behaviour, mechanism)
        situation = _situation(mechanism, flows, game.prospects(state), others, scratch)
        behaviour.append(_behaviour(game, population, mechanism, situation))
        past, last = past.plus(last, fields), Amounts.zeros(len(seeds), game.agents, fields)
        game.play(state, round, behaviour[-1], last)
    return np.stack(behaviour)


# Numbers of all agents, (N,), by name: the names, and how the numbers of a name are found.
_Numbers = tuple[Collection[str], Callable[[str], Array]]
_NONE: _Numbers = ((), dict[str, Array]().__getitem__)


@dataclass(frozen=True)
class _Situation:
    """What all agents respond to in a round; the attributes are those of ``Incentives``."""

    payment: _Numbers = _NONE
    production: _Numbers = _NONE
    others: _Numbers = _NONE


class _AgentView(Mapping[str, float]):
    """The numbers of one agent by name, each found when it is first read.

    Most agents heed few of a game's acts, and to difference an act is most of the work. Whether a
    name is there is not tried by reading it, as a ``Mapping`` does by default: a ``KeyError`` of
    the mechanism's own would pass for a payment of nothing.
    """

    __slots__ = ("_agent", "_find", "_names")

    def __init__(self, numbers: _Numbers, agent: int) -> None:
        self._names, self._find = numbers
        self._agent = agent

    def __getitem__(self, name: str) -> float:
        return float(self._find(name)[self._agent])

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self._names else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return repr(dict(self))


def _situation(
    mechanism: Mechanism,
    flows: Flows,
    acts: Mapping[str, Act],
    others: Mapping[str, Array],
    scratch: Scratch,
) -> _Situation:
    payment = cache(lambda name: marginal(mechanism, flows, acts[name], scratch).mean(axis=0))
    production = cache(lambda name: np.broadcast_to(acts[name].produced, flows.agents))
    return _Situation((acts, payment), (acts, production), (others, others.__getitem__))


def _others(game: Game, behaviour: list[Array], mechanism: Mechanism) -> dict[str, Array]:
    """Return the mean behaviour of all others, for each agent; empty in the first round.

    It is that of the last round or, where a public record is shown, that of all rounds so far.
    """
    if not behaviour or game.agents < 2:
        return {}
    rows = np.mean(behaviour, axis=0) if "record" in mechanism.shows else behaviour[-1]
    mean = (rows.sum(axis=0) - rows) / (game.agents - 1)
    return dict(zip(game.propensities, mean.T, strict=True))


def _behaviour(
    game: Game, population: Population, mechanism: Mechanism, situation: _Situation
) -> Array:
    rows = []
    for i, member in enumerate(population.members):
        incentives = Incentives(
            payment=_AgentView(situation.payment, i),
            unit=game.unit,
            advises=mechanism.advises,
            hides=mechanism.hides,
            shows=mechanism.shows,
            production=_AgentView(situation.production, i),
            others=_AgentView(situation.others, i),
        )
        rows.append(member.propensities(game, incentives) if isinstance(member, Agent) else {})
    return game.behaviour(rows)
