"""An agent that does what pays it most under the mechanism, and farms it where that pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mechlab.agents.base import AGENTS, Agent
from mechlab.agents.choice import groups, layout
from mechlab.games.base import Game
from mechlab.mechanism.incentives import Incentives


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


AGENTS.add("selfish", Selfish("selfish"))
