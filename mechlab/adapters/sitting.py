"""Our games as environments: one episode after the other, at a table with nobody but players."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.spaces.utils import flatten, flatten_space
from gymnasium.utils.seeding import np_random

from mechlab.adapters.spaces import spaces
from mechlab.flows import Array
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.simulation import rounds


@dataclass(frozen=True)
class Setting:
    """What is played: a game under a mechanism, in a condition."""

    game: Game
    mechanism: Mechanism
    condition: str


class Sitting:
    """One episode after the other at a game's table, with nobody but players.

    Attributes:
        turn: number of the player whose turn it is; None when the episode is over.
        income: what each has earned and was paid in the rounds that are settled, (N,).
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        game = setting.game
        self.spaces = spaces(game, setting.condition, setting.mechanism)
        self.names = [f"agent_{i}" for i in range(game.agents)]
        self.seen = flatten_space(self.spaces.seen)
        self.turn: int | None = None
        self._rng: Any = None

    def begin(self, seed: int | None) -> None:
        """Begin an episode; without a seed, the next one of the last seed."""
        if seed is not None or self._rng is None:
            self._rng, _ = np_random(seed)
        game, mechanism = self.setting.game, self.setting.mechanism
        lot = self._rng.integers(1 << 63, size=1).astype(np.uint64)
        state = game.start(lot, self.setting.condition)
        self.table = game.seat(state, mechanism, range(game.agents))
        behaviour = np.zeros((game.rounds, game.agents, len(game.propensities)))
        self._turns = rounds(game, state, behaviour, mechanism, table=self.table)
        self._advance(None)

    def act(self, action: Any) -> None:
        """Take the turn of the player whose turn it is; None does nothing."""
        self._advance(() if action is None else self.spaces.act(self._view, action))

    def _advance(self, answer: Any) -> None:
        try:
            self.turn, self._view = self._turns.send(answer)
        except StopIteration:
            self.turn = None

    @property
    def income(self) -> Array:
        """What each has earned and was paid so far."""
        return self.table.income.copy()

    def observe(self, i: int) -> Any:
        """Return what player i sees now, flattened."""
        seen = self.spaces.observe(self.table.look(i))
        return np.asarray(flatten(self.spaces.seen, seen), self.seen.dtype)

    def info(self, i: int) -> dict[str, Any]:
        """Return what was refused of player i's last turn."""
        return {"refused": [refusal.reason for refusal in self.table.refused[i]]}
