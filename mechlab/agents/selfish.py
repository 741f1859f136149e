"""An agent that does what pays it most under the mechanism, and farms it where that pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mechlab.agent import AGENTS, Agent
from mechlab.game import Game
from mechlab.incentives import Incentives


@dataclass(frozen=True)
class Selfish(Agent):
    """Does an act where one more unit of it pays more than nothing, game and mechanism together.

    Of two acts that exclude each other it does the one that pays more, and the honest one where
    both pay the same. Where giving pays nothing it does not give.

    >>> from mechlab.game import make_game
    >>> game = make_game("sharing")
    >>> Selfish("selfish").propensities(game, Incentives({"answer": 1.0}))["answer"]
    1.0
    >>> Selfish("selfish").propensities(game, Incentives())["answer"]
    0.0
    """

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        """Return 1 for each act that pays and 0 for the others."""
        gain = {name: act.produced + incentives.payment.get(name, 0.0) for name, act in game.acts.items()}
        acts = {name: float(gain[name] > 0.0) for name in gain}
        for name, act in game.acts.items():
            if act.instead:
                acts[name] = float(gain[name] > max(0.0, gain[act.instead]))
                acts[act.instead] = max(acts[act.instead], acts[name])
        return {**game.habits(acts), **acts}


AGENTS.add("selfish", Selfish("selfish"))
