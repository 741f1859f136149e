"""Agents that weigh their acts: best response, quantal response and conditional cooperation.

Acts that exclude each other are linked by ``Act.instead``: a piece is falsified in place of being
sent honestly. The propensity of such an act is the chance that it takes the place of the other,
given that the other would have been done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mechlab.agents.base import AGENTS, Agent
from mechlab.games.base import Game
from mechlab.mechanism.incentives import Act, Incentives
from mechlab.parameters import param


def groups(acts: Mapping[str, Act]) -> list[tuple[str, ...]]:
    """Return the acts in groups of which an agent does one at a time, or none.

    >>> groups({"ask": Act(), "answer": Act(), "falsify": Act(instead="answer")})
    [('ask',), ('answer', 'falsify')]
    """
    members: dict[str, list[str]] = {}
    for name in acts:
        members.setdefault(_line(acts, name)[-1], []).append(name)
    return [tuple(names) for names in members.values()]


def _line(acts: Mapping[str, Act], name: str) -> list[str]:
    """Return an act, the one in whose place it is done, the one in whose place that is done, ..."""
    names = [name]
    while acts[names[-1]].instead:
        names.append(acts[names[-1]].instead)
    return names


def layout(acts: Mapping[str, Act], chances: Mapping[str, float]) -> dict[str, float]:
    """Return the propensities of an agent that does each act with such a chance.

    >>> acts = {"answer": Act(), "falsify": Act(instead="answer")}
    >>> layout(acts, {"answer": 0.6, "falsify": 0.2})
    {'answer': 0.8, 'falsify': 0.25}
    """
    reached = dict.fromkeys(acts, 0.0)
    for name in acts:
        for passed in _line(acts, name):
            reached[passed] += chances.get(name, 0.0)
    before = {name: reached[act.instead] if act.instead else 1.0 for name, act in acts.items()}
    return {name: reached[name] / before[name] if before[name] else 0.0 for name in acts}


@dataclass(frozen=True)
class Selfish(Agent):
    """Best response: does an act where one more unit of it brings more than nothing.

    What it brings is what the game and the mechanism pay together, if all others go on as in the
    round before. Of acts that exclude each other it does the one that brings most, and the honest
    one where both bring the same. Where giving brings nothing it does not give.

    It looks no further than what an act brings by itself: it neither punishes nor invests in the
    others' later behaviour. In the public goods and the commons no other course of play would earn
    it more in a group of its like, repeated or not.

    >>> from mechlab.games.base import make_game
    >>> game = make_game("sharing")
    >>> Selfish("selfish").propensities(game, Incentives({"answer": 1.0}))["answer"]
    1.0
    >>> Selfish("selfish").propensities(game, Incentives())["answer"]
    0.0
    """

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        """Return 1 for each act that brings something and 0 for the others."""
        best = (max(group, key=incentives.gain) for group in groups(game.acts))
        acts = layout(game.acts, {name: 1.0 for name in best if incentives.gain(name) > 0.0})
        return {**game.habits(acts), **acts}


@dataclass(frozen=True)
class Logit(Agent):
    """Does act a with chance exp(lambda g_a / u) / (1 + sum_b exp(lambda g_b / u)).

    g is what one more unit of an act brings, game and mechanism together, and u the game's unit; b
    runs over the acts that exclude each other, a itself among them, and the 1 is to do none. With
    lambda = 0 all of them are equally likely; with a large lambda it is ``selfish``. Play that
    comes to rest is a quantal response equilibrium.

    Source: McKelvey and Palfrey, "Quantal Response Equilibria for Normal Form Games", Games and
    Economic Behavior 10 (1995).

    >>> from mechlab.games.base import make_game
    >>> game, paid = make_game("sharing"), Incentives({"answer": 5000.0}, unit=10000.0)
    >>> Logit("logit", lambda_=2).propensities(game, paid)["volunteer"]
    0.5
    """

    lambda_: float = param(1.0, low=0, high=1e6, unit="per unit of the game", text="precision")

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        """Return the logit chances of all acts."""
        chances: dict[str, float] = {}
        for group in groups(game.acts):
            gains = np.array([0.0, *(incentives.gain(name) for name in group)])
            weights = np.exp(self.lambda_ * (gains - gains.max()) / incentives.unit)
            chances |= dict(zip(group, (weights[1:] / weights.sum()).tolist(), strict=True))
        acts = layout(game.acts, chances)
        return {**game.habits(acts), **acts}


_SELFISH = Selfish("selfish")


@dataclass(frozen=True)
class Conditional(Agent):
    """Reciprocates in giving; in all else, and wherever giving pays by itself, it is ``selfish``.

    In the first round it does each act of giving with chance ``start``, then with ``follow`` times
    the mean propensity of the others in the round before; where a mechanism shows a public record
    of who answers, in all rounds so far. A group with ``follow`` below 1 gives less from round to
    round, as people do; with a record, more slowly.

    Source: Fischbacher, Gaechter and Fehr, "Are People Conditionally Cooperative? Evidence from a
    Public Goods Experiment", Economics Letters 71 (2001).

    >>> from mechlab.games.base import make_game
    >>> agent, game = Conditional("conditional", follow=0.5), make_game("sharing")
    >>> agent.propensities(game, Incentives(others={"answer": 0.8}))["answer"]
    0.4
    """

    start: float = param(1.0, low=0, high=1, unit="of full giving", text="in the first round")
    follow: float = param(1.0, low=0, high=1, unit="of the others' giving")

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        """Return the others' giving, and the selfish choice where that is to give more."""
        acts = dict(_SELFISH.propensities(game, incentives))
        for name, act in game.acts.items():
            if np.any(np.asarray(act.given) > 0):
                met = incentives.others.get(name)
                acts[name] = max(acts[name], self.start if met is None else self.follow * met)
        return {**acts, **game.habits(acts)}


for _agent in (_SELFISH, Logit("logit"), Conditional("conditional")):
    AGENTS.add(_agent.name, _agent)
