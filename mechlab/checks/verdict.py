"""Verdicts: what a check found, in words and numbers, with a play that shows it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mechlab.agent import Agent
from mechlab.game import Game, make_game
from mechlab.incentives import Incentives
from mechlab.mechanism import Mechanism, parse
from mechlab.simulate import Episodes, simulate

Row = Mapping[str, float]


@dataclass(frozen=True)
class Fixed(Agent):
    """An agent that behaves the same in every round, whatever the incentives.

    >>> Fixed.of({"ask": 1.0}).row
    {'ask': 1.0}
    """

    values: tuple[tuple[str, float], ...] = ()
    responds = False

    @classmethod
    def of(cls, row: Row) -> Fixed:
        """Make an agent of a behaviour."""
        return cls("fixed", tuple(row.items()))

    @property
    def row(self) -> dict[str, float]:
        """Its behaviour by the names of the game's propensities."""
        return dict(self.values)

    def propensities(self, game: Game, incentives: Incentives) -> Row:
        """Return the behaviour."""
        return self.row


@dataclass(frozen=True)
class Play:
    """One episode that anybody can play again.

    Attributes:
        group: the behaviour of each agent, or one name for all ("selfish").
        episode: its number under the seed.
        round, agent: where in it the finding is, where that can be told.
    """

    game: str
    settings: Mapping[str, Any]
    mechanism: str
    group: tuple[Row, ...] | str
    seed: int = 0
    episode: int = 0
    round: int | None = None
    agent: int | None = None

    def replay(self) -> Episodes:
        """Play the episode again, exactly."""
        group = self.group if isinstance(self.group, str) else tuple(map(Fixed.of, self.group))
        return simulate(
            make_game(self.game, self.settings),
            group,
            parse(self.mechanism),
            episodes=1,
            seed=self.seed,
            first=self.episode,
        )


@dataclass(frozen=True)
class Verdict:
    """What one check found.

    Attributes:
        name: name of the check.
        holds: whether the promise holds; None where the question does not arise or was not asked.
        words: the finding in plain sentences.
        values: the numbers behind it; money is in the game's.
        play: an episode that shows it; a counterexample where the promise does not hold.
    """

    name: str
    holds: bool | None
    words: str
    values: Mapping[str, float] = field(default_factory=dict)
    play: Play | None = None


@dataclass(frozen=True)
class Verdicts:
    """All that was checked of one mechanism in one game."""

    mechanism: Mechanism
    game: Game
    found: tuple[Verdict, ...]

    def __getitem__(self, name: str) -> Verdict:
        return {verdict.name: verdict for verdict in self.found}[name]

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.found)

    def __str__(self) -> str:
        """The findings as a short text."""
        signs = {True: "holds", False: "fails", None: "  -  "}
        lines = [f"{signs[v.holds]}  {v.name}: {v.words}" for v in self.found]
        return "\n".join([f"{self.mechanism} in {self.game.name}", *lines])

    def to_dict(self) -> dict[str, Any]:
        """The findings as plain data; what is undefined is None, as JSON has no nan."""
        return {
            "mechanism": str(self.mechanism),
            "game": self.game.name,
            "settings": self.game.params,
            "verdicts": [_plain(asdict(verdict)) for verdict in self.found],
        }

    def to_json(self) -> str:
        """The findings as JSON."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)


def _plain(value: Any) -> Any:
    """Return data of JSON's own kinds."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
