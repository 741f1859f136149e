"""Checks and their verdicts: in words and numbers, with a play that shows each again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mechlab.checks._plays import Play
from mechlab.checks._rounds import Measure, SampledPlays, rounds, without_rounding
from mechlab.games.base import Game, make_game
from mechlab.mechanism import Mechanism, parse
from mechlab.registry import Registry

SIGNS = {True: "holds", False: "fails", None: "-"}


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check.

    Attributes:
        name: name of the check.
        holds: whether the promise holds; None where the question does not arise or is left open.
        words: the outcome in plain sentences.
        values: the numbers behind it; money is in the game's unit.
        play: shows the outcome again; a counterexample where the promise does not hold.
        attack: the play in which most is taken, where that is more than honesty is paid.
    """

    name: str
    holds: bool | None
    words: str
    values: Mapping[str, float] = field(default_factory=dict)
    play: Play | None = None
    attack: Play | None = None

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain data; each play with its command and the number that it prints."""
        return {
            "name": self.name,
            "holds": self.holds,
            "words": self.words,
            "values": dict(self.values),
            "replay": _replayed(self.play),
            "attack": _replayed(self.attack),
        }


def _replayed(play: Play | None) -> dict[str, Any] | None:
    if play is None:
        return None
    return {"command": play.command, **({"finding": finding(play)} if play.check else {})}


@dataclass(frozen=True)
class Check:
    """A property that a mechanism may have in a game.

    Attributes:
        name, promise: in one word, and in one line.
        verdict: judges it, with the plays of its measure.
        measure: the number of a round that it is judged by; None where there is none.
        again: computes the number of a play with a deviation anew.
        agents: how many agents' payments, from the first on, are the finding of a whole episode.
    """

    name: str
    promise: str
    verdict: Callable[[Mechanism, Game, SampledPlays], Verdict]
    measure: Measure | None = None
    agents: int = 1
    again: Callable[[Mechanism, Game, Play], float] | None = None


CHECKS = Registry[Check]("check")


@dataclass(frozen=True)
class Verdicts:
    """The verdicts on one mechanism in one game, in the order of ``CHECKS``."""

    mechanism: Mechanism
    game: Game
    verdicts: tuple[Verdict, ...]

    def __getitem__(self, name: str) -> Verdict:
        return {verdict.name: verdict for verdict in self.verdicts}[name]

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.verdicts)

    def __str__(self) -> str:
        """The verdicts as a short text."""
        lines = [f"{SIGNS[v.holds]:5}  {v.name}: {v.words}" for v in self.verdicts]
        return "\n".join([f"{self.mechanism} in {self.game.name}", *lines])

    def to_dict(self) -> dict[str, Any]:
        """The verdicts as plain data; what is undefined is None, because JSON has no nan."""
        data = {
            "mechanism": str(self.mechanism),
            "game": self.game.name,
            "settings": self.game.params,
            "unit": self.game.unit,
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
        }
        return {name: _plain(value) for name, value in data.items()}


def finding(play: Play) -> float:
    """Return the number that a play was shown for, computed anew.

    In a play with a deviation, it is what the agent earns more without it; in one with a round, the
    measure of its check there; else the mean over the episodes of the payments to its agent, or to
    both of a colluding pair.

    Raises:
        ValueError: for a round that the game does not have.

    >>> spec, name = "sharing_bonus(rate=0.5)", "incentive_compatibility"
    >>> finding(Play("public_goods", spec, "honest*4", name, round=3, deviation="idle"))
    -0.1
    """
    game, mechanism, check = (
        make_game(play.game, play.settings),
        parse(play.mechanism),
        CHECKS.get(play.check),
    )
    if play.round is not None and play.round >= game.rounds:
        raise ValueError(f"round must be below {game.rounds}, got {play.round}")
    if check.again and play.deviation:
        return without_rounding(check.again(mechanism, game, play), game)
    if play.round is None or check.measure is None:
        payments = play.replay().payments[:, play.agent : play.agent + check.agents]
        return without_rounding(payments.sum(axis=1).mean(), game)
    round = next(r for r in rounds(game, mechanism, play.group) if r.flows.round == play.round)
    return without_rounding(check.measure.of(round)[play.episode, play.agent], game)


def _plain(value: Any) -> Any:
    """Return data of JSON's own kinds."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
