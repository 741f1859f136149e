"""Scenarios: episodes before they are played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mechlab.agents.population import Population
from mechlab.games.base import Game, Seeds
from mechlab.mechanism import Mechanism


@dataclass(frozen=True, eq=False)
class Scenario:
    """Who plays which game, under which mechanism, and from which seeds.

    Attributes:
        seed: seed of the study.
        first: number of the first episode under that seed.
        seeds: (B,) the seed of each episode; ``len`` is B.
    """

    game: Game
    population: Population
    mechanism: Mechanism
    condition: str
    seed: int
    first: int
    seeds: Seeds

    def __len__(self) -> int:
        return len(self.seeds)

    def episode(self, k: int) -> dict[str, Any]:
        """Return what identifies episode ``k``, counted from 0, as plain values for a record."""
        return {
            "game": self.game.name,
            "settings": self.game.params,
            "population": str(self.population),
            "mechanism": str(self.mechanism),
            "condition": self.condition,
            "seed": self.seed,
            "number": self.first + k,
        }
