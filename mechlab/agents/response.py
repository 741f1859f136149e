"""How a population behaves under a mechanism: propensities of each agent in each round.

They are found once, before the episodes are played, in a few reference episodes of the same group.
Before each round of these the marginal payment of each act is taken at the flows of the round
before and averaged over the episodes; each agent answers with its propensities for the round. So
agents respond to what the rule pays and to what the others do in typical play of their group, not
to luck, and their behaviour depends neither on the seed nor on the batch of the episodes to come.

The marginal payment is quick, and it is what agents are fitted to. Agents that weigh more
(``selfish``, ``logit``, ``conditional``) go on from it to realised incomes: see ``deviations``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

import numpy as np

from mechlab.agents.base import Agent
from mechlab.agents.choice import Logit, Selfish
from mechlab.agents.deviations import Moment, Setting
from mechlab.agents.population import Population
from mechlab.agents.strategies import ROUNDING, strategy_rows
from mechlab.flows import Amounts, Array, Flows
from mechlab.games.base import Game, Seeds
from mechlab.mechanism import Mechanism
from mechlab.mechanism.incentives import Act, Incentives, Scratch, marginal

# Reference episodes times agents: 8 episodes of the published groups of ten. A larger group
# averages over its agents, so that it needs fewer episodes.
_WORK = 80
_REPLIES = 20  # best responses to one another: play that has not come to rest goes in circles
_STEPS = 500  # towards a quantal response equilibrium, each shorter than the one before
_REST = 1e-7  # of a chance: closer than any episode could tell


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
    behaviour = _reference_play(game, population, mechanism, condition, seeds)
    if not game.repeated:
        return _best_responses(Setting(game, mechanism, condition, seeds), population, behaviour)
    if any(isinstance(member, Logit) for member in members) and _to_and_fro(behaviour):
        return _reference_play(game, population, mechanism, condition, seeds, rest=True)
    return behaviour


def _to_and_fro(behaviour: Array) -> bool:
    """Whether play swings to the end: it is nearer to where it was two rounds ago than one."""
    if len(behaviour) <= 2:
        return False
    one, two = (float(abs(behaviour[-1] - behaviour[-1 - k]).max()) for k in (1, 2))
    return one > max(1e-3, two)  # a thousandth: less is not seen in episodes


def _reference_play(  # noqa: PLR0913 - what an episode is made of
    game: Game,
    population: Population,
    mechanism: Mechanism,
    condition: str,
    seeds: Seeds,
    rest: bool = False,
) -> Array:
    """Play the reference episodes; with ``rest``, agents of quantal response where they rest."""
    state = game.start(seeds, condition)
    fields = mechanism.needs | ({"given"} if game.repeated else frozenset())
    last, past = (Amounts.zeros(len(seeds), game.agents, fields) for _ in range(2))
    behaviour: list[Array] = []
    scratch = Scratch()
    weighs = any(isinstance(m, Agent) and m.weighs for m in population.members)
    for round in range(game.rounds):
        flows = Flows.over(last, past, round, game.unit)
        others = _others(game, behaviour, mechanism)
        situation = _situation(mechanism, flows, game.prospects(state), others, scratch)
        past, last = past.plus(last, fields), Amounts.zeros(len(seeds), game.agents, fields)
        if game.repeated and weighs:
            before = behaviour[-1] if behaviour else game.behaviour([{}] * game.agents)
            moment = Moment(game, mechanism, state, past, round)
            group = _Group(game, population, mechanism, situation, moment)
            rows = group.at_rest(before) if rest else group.replies(before)
        else:
            rows = _behaviour(game, population, mechanism, situation)
        behaviour.append(rows)
        game.play(state, round, rows, last)
    return np.stack(behaviour)


@dataclass(frozen=True)
class _Group:
    """A population that weighs what the strategies of a round would earn."""

    game: Game
    population: Population
    mechanism: Mechanism
    situation: _Situation
    moment: Moment

    def replies(self, before: Array) -> Array:
        """Return what the slopes suggest where that is an equilibrium, else replies to ``before``.

        That is, where no selfish agent would earn more alone by another strategy.
        """
        known = replace(self.situation, incomes=self._incomes(before))
        guess = _behaviour(self.game, self.population, self.mechanism, known, slopes=True)
        slack, (_, income) = ROUNDING * self.game.unit, self._incomes(guess)
        options = strategy_rows(self.game)
        for i, member in enumerate(self.population.members):
            if isinstance(member, Selfish):
                stays = next(
                    income(name, i) for name in options if (options[name] == guess[i]).all()
                )
                if any(income(name, i) > stays + slack for name in options):
                    return _behaviour(self.game, self.population, self.mechanism, known)
        return guess

    def at_rest(self, before: Array) -> Array:
        """Return rows that are replies to themselves, reached from ``before``."""
        rows = before
        for step in range(_STEPS):
            known = replace(self.situation, incomes=self._incomes(rows))
            move = _behaviour(self.game, self.population, self.mechanism, known) - rows
            if abs(move).max() < _REST:
                break
            rows = rows + move / (step + 1)
        return rows

    def _incomes(self, rows: Array) -> _Numbers:
        """Return what a strategy would earn an agent where all others behave as in ``rows``."""
        options = strategy_rows(self.game)
        members = self.population.members
        alike = self.game.alike and self.mechanism.anonymous
        first: dict[Any, int] = {}
        judged = [
            first.setdefault((member, rows[i].tobytes()) if alike else i, i)
            for i, member in enumerate(members)
        ]
        earned = cache(lambda name, i: float(self.moment.incomes(rows, i, options[name][None])[0]))
        return options, lambda name, i: earned(name, judged[i])


def _best_responses(setting: Setting, population: Population, behaviour: Array) -> Array:
    """Let selfish agents reply to one another by whole strategies, all at the same time.

    Where that goes round in circles, so does play, from round to round.
    """
    game, members = setting.game, population.members
    selfish = [i for i, member in enumerate(members) if isinstance(member, Selfish)]
    together = game.alike and setting.mechanism.anonymous
    judged = selfish[:1] if together else selfish
    options = strategy_rows(game, extremes=False)
    paths = [behaviour]
    for _ in range(_REPLIES if selfish else 0):
        found = (setting.best_deviation(paths[-1], i, options) for i in judged)
        better = [deviation for deviation in found if deviation.profits(game.unit)]
        if not better:
            break
        path = np.array(paths[-1])
        for deviation in better:
            rounds, agents = slice(*deviation.rounds), selfish if together else [deviation.agent]
            path[rounds, agents] = options[deviation.strategy]
        for start, earlier in enumerate(paths):
            if (earlier == path).all():
                circle = paths[start:]
                return np.stack([circle[t % len(circle)][t] for t in range(game.rounds)])
        paths.append(path)
    return paths[-1]


# Numbers by name: the names, and how the number of a name and an agent is found.
_Numbers = tuple[Collection[str], Callable[[str, int], float]]


def _nothing(name: str, agent: int) -> float:
    raise KeyError(name)


_NONE: _Numbers = ((), _nothing)


@dataclass(frozen=True)
class _Situation:
    """What all agents respond to in a round; the attributes are those of ``Incentives``."""

    payment: _Numbers = _NONE
    production: _Numbers = _NONE
    others: _Numbers = _NONE
    incomes: _Numbers = _NONE


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
        return self._find(name, self._agent)

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
    return _Situation(
        payment=(acts, lambda name, i: float(payment(name)[i])),
        production=(acts, lambda name, i: float(production(name)[i])),
        others=(others, lambda name, i: float(others[name][i])),
    )


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
    game: Game,
    population: Population,
    mechanism: Mechanism,
    situation: _Situation,
    slopes: bool = False,
) -> Array:
    """Return the rows of all agents, (N, A); with ``slopes``, selfish ones go by these alone."""
    rows: list[Mapping[str, float]] = []
    for i, member in enumerate(population.members):
        if not isinstance(member, Agent):
            rows.append({})
            continue
        weighs = member.weighs and not (slopes and isinstance(member, Selfish))
        incentives = Incentives(
            payment=_AgentView(situation.payment, i),
            unit=game.unit,
            advises=mechanism.advises,
            hides=mechanism.hides,
            shows=mechanism.shows,
            production=_AgentView(situation.production, i),
            others=_AgentView(situation.others, i),
            incomes=_AgentView(situation.incomes if weighs else _NONE, i),
        )
        rows.append(member.propensities(game, incentives))
    return game.behaviour(rows)
