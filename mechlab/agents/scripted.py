"""Scripted agents: roles that a game defines, played whatever the incentives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from mechlab.agents.base import AGENTS, Agent
from mechlab.errors import UserError
from mechlab.games.base import Game
from mechlab.mechanism.incentives import Incentives


@dataclass(frozen=True)
class Scripted(Agent):
    """An agent that plays the role of its name in every round.

    >>> from mechlab.games.base import make_game
    >>> Scripted("silent").propensities(make_game("sharing"), Incentives())["submit"]
    1.0
    """

    responds: ClassVar[bool] = False

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        """Return the role's behaviour; raises ``UserError`` where the game lacks the role."""
        if self.name not in game.roles:
            have = ", ".join(sorted(game.roles)) or "none"
            raise UserError(f"the game {game.name!r} has no role {self.name!r} (it has: {have})")
        return game.roles[self.name]


for _role in ("perfect", "silent", "saboteur"):
    AGENTS.add(_role, Scripted(_role))
