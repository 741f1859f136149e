"""An agent that does more often what pays more: quantal response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mechlab.agents.base import AGENTS, Agent
from mechlab.agents.choice import groups, layout
from mechlab.games.base import Game
from mechlab.mechanism.incentives import Incentives
from mechlab.parameters import param


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


AGENTS.add("logit", Logit("logit"))
