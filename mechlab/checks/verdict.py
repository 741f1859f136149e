"""Verdicts: what a check found, in words and numbers, with a play that shows it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mechlab.checks.measures import finding
from mechlab.checks.play import Play
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism


@dataclass(frozen=True)
class Verdict:
    """What one check found.

    Attributes:
        name: name of the check.
        holds: whether the promise holds; None where the question does not arise or was not asked.
        words: the finding in plain sentences.
        values: the numbers behind it; money is in the game's.
        play: what shows it again; a counterexample where the promise does not hold.
        attack: the play in which most is taken, where that is more than honesty is paid.
    """

    name: str
    holds: bool | None
    words: str
    values: Mapping[str, float] = field(default_factory=dict)
    play: Play | None = None
    attack: Play | None = None

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain data, with what shows it again."""
        return {
            "name": self.name,
            "holds": self.holds,
            "words": self.words,
            "values": dict(self.values),
            "replay": _again(self.play),
            "attack": _again(self.attack),
        }


def _again(play: Play | None) -> dict[str, Any] | None:
    """The command that shows a play again, and the number that it prints."""
    if play is None:
        return None
    return {"command": play.command, **({"finding": finding(play)} if play.check else {})}


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
        lines = [f"{SIGNS[v.holds]:5}  {v.name}: {v.words}" for v in self.found]
        return "\n".join([f"{self.mechanism} in {self.game.name}", *lines])

    def to_dict(self) -> dict[str, Any]:
        """The findings as plain data; what is undefined is None, as JSON has no nan."""
        data = {
            "mechanism": str(self.mechanism),
            "game": self.game.name,
            "settings": self.game.params,
            "unit": self.game.unit,
            "verdicts": [verdict.to_dict() for verdict in self.found],
        }
        return {name: _plain(value) for name, value in data.items()}

    def to_json(self) -> str:
        """The findings as JSON."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)


SIGNS = {True: "holds", False: "fails", None: "-"}


def _plain(value: Any) -> Any:
    """Return data of JSON's own kinds."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
