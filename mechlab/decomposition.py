"""What a decomposition found: what limits a group, and whether what this suggests is borne out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mechlab.game import Game
from mechlab.statistics import Summary

NEAR = 0.9  # of the ceiling: near-optimal, as the studies of this lab have it
REPAIRS = {"cooperation": "incentive", "competence": "protocol", "both": "both", "neither": "none"}

Diagnosis = Literal["cooperation", "competence", "both", "neither"]


@dataclass(frozen=True)
class Intervention:
    """What a mechanism does to the group.

    Attributes:
        mechanism: its specification.
        efficiency: with it.
        gain: efficiency above that without it, episode by episode at the same luck.
    """

    mechanism: str
    efficiency: Summary
    gain: Summary


@dataclass(frozen=True)
class Decomposition:
    """What limits a group, and whether the intervention that this suggests bears it out.

    Attributes:
        game, population, kinds, episodes, seed: what was played, each condition as often.
        efficiency: of each condition.
        perfect: of perfect agents in each condition: what is left to reach there.
        chances: probability of each diagnosis, given the episodes: ``cooperation``, ``competence``,
            ``both`` or ``neither`` limits the group.
        interventions: ``protocol`` (for competence), ``incentive`` (for cooperation), ``both``.
        margin: gain of the suggested intervention above that of the best other one; where both are
            suggested, above that of the better one alone; where none is, the gain of both.
    """

    game: Game
    population: str
    kinds: frozenset[str]
    episodes: int
    seed: int
    efficiency: Mapping[str, Summary]
    perfect: Mapping[str, Summary]
    chances: Mapping[Diagnosis, float]
    interventions: Mapping[str, Intervention]
    margin: Summary

    @property
    def cooperation(self) -> Summary:
        """Efficiency where the system asks and the agents answer."""
        return self.efficiency["auto_request"]

    @property
    def competence(self) -> Summary:
        """Efficiency where the agents ask and the system answers."""
        return self.efficiency["auto_fulfill"]

    @property
    def diagnosis(self) -> Diagnosis:
        """What most likely limits the group."""
        return max(self.chances, key=lambda name: self.chances[name])

    @property
    def suggests(self) -> str:
        """The intervention that the diagnosis suggests, a key of ``interventions``, or ``none``."""
        return REPAIRS[self.diagnosis]

    @property
    def borne_out(self) -> bool | None:
        """Whether the interventions bear the suggestion out; None where they do not tell.

        Where one is suggested, its margin must lie above 0; where none is, even both together must
        gain less than what near-optimal leaves open (1 - ``NEAR``).
        """
        low, high = self.margin.ci95
        if self.suggests == "none":
            return True if high < 1 - NEAR else False if low > 1 - NEAR else None
        return True if low > 0 else False if high < 0 else None

    def as_json(self) -> dict[str, Any]:
        """Return it as one object; means have their intervals and numbers of episodes."""
        return {
            "game": self.game.name,
            "settings": self.game.params,
            "population": self.population,
            "kinds": sorted(self.kinds),
            "episodes": self.episodes,
            "seed": self.seed,
            "near": NEAR,
            "conditions": {name: one.as_json() for name, one in self.efficiency.items()},
            "perfect": {name: one.as_json() for name, one in self.perfect.items()},
            "cooperation": self.cooperation.as_json(),
            "competence": self.competence.as_json(),
            "diagnosis": self.diagnosis,
            "chances": dict(self.chances),
            "suggests": self.suggests,
            "interventions": {
                name: {
                    "mechanism": one.mechanism,
                    "efficiency": one.efficiency.as_json(),
                    "gain": one.gain.as_json(),
                }
                for name, one in self.interventions.items()
            },
            "margin": self.margin.as_json(),
            "borne_out": self.borne_out,
        }
