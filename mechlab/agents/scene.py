"""What episodes are made of, before they are played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mechlab.agents.population import Population
from mechlab.games.base import Game, Seeds
from mechlab.mechanism import Mechanism


@dataclass(frozen=True, eq=False)
class Scene:
    """Who plays what under which mechanism, and the luck of each episode.

    Attributes:
        seed: the study's. first: number of the first episode under it.
        seeds: (B,) the episodes' own seeds.
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
        """Return all that names episode k, counted from 0, as plain values."""
        return {
            "game": self.game.name,
            "settings": self.game.params,
            "population": str(self.population),
            "mechanism": str(self.mechanism),
            "condition": self.condition,
            "seed": self.seed,
            "number": self.first + k,
        }
