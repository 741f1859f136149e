"""An agent that gives as the others gave: conditional cooperation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mechlab.agents.base import AGENTS, Agent
from mechlab.agents.selfish import Selfish
from mechlab.games.base import Game
from mechlab.mechanism.incentives import Incentives
from mechlab.parameters import param

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


AGENTS.add("conditional", Conditional("conditional"))
