"""Agents that weigh their acts: best response, quantal response and conditional cooperation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mechlab.agents.base import AGENTS, Agent
from mechlab.agents.strategies import IDLE, ROUNDING, groups, layout, strategy
from mechlab.games.base import Game
from mechlab.mechanism.incentives import Incentives
from mechlab.parameters import param


@dataclass(frozen=True)
class Selfish(Agent):
    """Best response to realised payoffs, of the game and the mechanism together.

    Where each round is the same game again it compares what its pure strategies would earn in the
    round. All such agents choose at the same time. They play what each unit more would pay them to
    do where that is an equilibrium; otherwise each replies to what the others did in the round
    before, and in the first round to nothing done. So play rests in an equilibrium, or goes round
    in circles, as in chicken, which ``mechlab.agents.deviations.period`` tells.

    Elsewhere it begins with each act of which one more unit pays. Then, as long as that earns it
    more, it replaces this by the pure strategy that earns it most over the whole episode (see
    ``mechlab.agents.response``).

    Of acts that bring the same it does the honest one, and it does none that bring nothing. It
    neither punishes nor invests in the others' later behaviour.

    >>> from mechlab.games.base import make_game
    >>> game = make_game("sharing")
    >>> Selfish("selfish").propensities(game, Incentives({"answer": 1.0}))["answer"]
    1.0
    >>> game, paid = make_game("public_goods"), {"idle": 20.0, "give": 8.0, "give(share=0.5)": 24.0}
    >>> Selfish("selfish").propensities(game, Incentives(incomes=paid))
    {'give': 0.5}
    """

    weighs: ClassVar[bool] = True

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        """Return the strategy that earns most; by the slopes, where incomes are not known."""
        if incentives.incomes:
            return strategy(game, best(incentives.incomes, incentives.unit))
        most = (max(group, key=incentives.gain) for group in groups(game.acts))
        acts = layout(game.acts, {name: 1.0 for name in most if incentives.gain(name) > 0.0})
        return {**game.habits(acts), **acts}


def best(incomes: Mapping[str, float], unit: float) -> str:
    """Return the first of the strategies that earn most, except for rounding."""
    enough = max(incomes.values()) - ROUNDING * unit
    return next(name for name, income in incomes.items() if income >= enough)


@dataclass(frozen=True)
class Logit(Agent):
    """Does act a with chance exp(lambda g_a / u) / (1 + sum_b exp(lambda g_b / u)).

    g is what a unit of an act brings, game and mechanism together, and u the game's unit; b runs
    over the acts that exclude each other, a itself among them, and the 1 is to do none. With lambda
    = 0 all of them are equally likely; with a large lambda it is ``selfish``.

    Where each round is the same game again, what an act brings is the realised income with it less
    that without. Each replies to the chances of the round before. Play that comes to rest is a
    quantal response equilibrium; where it would go to and fro, the agents play that equilibrium
    from the first round on. Elsewhere g is what one more unit pays.

    Source: McKelvey and Palfrey, "Quantal Response Equilibria for Normal Form Games", Games and
    Economic Behavior 10 (1995).

    >>> from mechlab.games.base import make_game
    >>> game, paid = make_game("sharing"), Incentives({"answer": 5000.0}, unit=10000.0)
    >>> Logit("logit", lambda_=2).propensities(game, paid)["volunteer"]
    0.5
    """

    weighs: ClassVar[bool] = True

    lambda_: float = param(1.0, low=0, high=1e6, unit="per unit of the game", text="precision")

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        """Return the logit chances of all acts."""
        chances: dict[str, float] = {}
        for group in groups(game.acts):
            gains = np.array([0.0, *(self._gain(game, incentives, name) for name in group)])
            weights = np.exp(self.lambda_ * (gains - gains.max()) / incentives.unit)
            chances |= dict(zip(group, (weights[1:] / weights.sum()).tolist(), strict=True))
        acts = layout(game.acts, chances)
        return {**game.habits(acts), **acts}

    def _gain(self, game: Game, incentives: Incentives, act: str) -> float:
        """Return what a unit of an act brings."""
        incomes = incentives.incomes
        if not incomes:
            return incentives.gain(act)
        return (incomes[act] - incomes[IDLE]) / game.steps


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

    weighs: ClassVar[bool] = True

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
