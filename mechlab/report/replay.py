"""The answer played again beside no mechanism and the reference points, to look into the episodes.

Stored seeds make it the same on every build. The verdict rests on none of it: that comes from the
search's own episodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from mechlab.agents.base import Agent
from mechlab.agents.population import Member
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.mechanism.incentives import Incentives
from mechlab.search.results import SearchResult
from mechlab.simulation import Episodes, simulate
from mechlab.study import BASELINE

EPISODES = 200
Group = Member | Sequence[str | Member]
OFFLINE = frozenset({"scripted", "emulated"})  # kinds that cost nothing to play again


@dataclass(frozen=True)
class Replay:
    """Episodes of the answer, of no mechanism, and of each reference point, at the same seeds."""

    answer: Episodes
    baseline: Episodes
    references: Mapping[str, Episodes]


@dataclass(frozen=True)
class _Reference(Agent):
    """Plays a reference point of a game."""

    responds: ClassVar[bool] = False

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        return game.references[self.name]


def replay(result: SearchResult) -> Replay | None:
    """Play the answer again; None for a group of live agents or of a user's own."""
    study = result.study
    if not study.group.kinds <= OFFLINE:
        return None

    def play(population: Group, mechanism: str | Mechanism, condition: str) -> Episodes:
        return simulate(
            study.played,
            population,
            mechanism,
            episodes=EPISODES,
            seed=study.seed,
            condition=condition,
        )

    group, plain = study.group.members, study.played.conditions[0]
    return Replay(
        answer=play(group, result.best.mechanism, study.condition),
        baseline=play(group, BASELINE, study.condition),
        references={
            name: play(_Reference(name), BASELINE, plain) for name in study.played.references
        },
    )
