"""Plays that anybody can repeat: who behaves how, written in a few words.

A group is written like a population: "volunteer&submit*2 + honest*8". The names:

- ``honest``: gives when asked, on its own turn. ``silent``: the same without giving.
- acts of the game, joined by "&": always does these and nothing else. ``idle``: none.
- ``erratic1``, ``erratic2``, ...: does everything with chances of its own, drawn by that number.
- ``colluder``: two of them give each other all they can, on request; see ``collusion``.
- ``selfish``: the agent of that name.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from mechlab.agents.base import AGENTS, Agent
from mechlab.agents.choice import layout
from mechlab.agents.population import Member
from mechlab.checks.collusion import colluder
from mechlab.errors import unknown
from mechlab.games.base import Game, make_game
from mechlab.mechanism.incentives import Incentives
from mechlab.notation import Notation, literal
from mechlab.parameters import parameters
from mechlab.simulation import Episodes, simulate

Row = Mapping[str, float]
_NOTATION = Notation("group", "'volunteer&submit*2 + honest*8'")
IDLE, ERRATIC = "idle", re.compile(r"erratic(\d+)")


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
    """Episodes that anybody can play again, and where in them the finding is.

    Attributes:
        game, settings: the game, and the settings that differ from its own.
        mechanism: its specification. group: the behaviours, as this module has them.
        check: name of the check that it is about.
        episode: its number under seed 0. episodes: how many from there on.
        round, agent: where in it the finding is; no round where it is the episode as a whole.
    """

    game: str
    mechanism: str
    group: str
    check: str = ""
    episode: int = 0
    episodes: int = 1
    round: int | None = None
    agent: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)

    def replay(self) -> Episodes:
        """Play the episodes again, exactly."""
        game = make_game(self.game, self.settings)
        group, count = members(game, self.group), self.episodes
        return simulate(game, group, self.mechanism, episodes=count, first=self.episode)

    @property
    def line(self) -> str:
        """The Python expression that makes it."""
        told = {
            part.name: getattr(self, part.name)
            for part in fields(self)[3:]
            if getattr(self, part.name) != getattr(Play, part.name, {})
        }
        what = [_written(part) for part in (self.game, self.mechanism, self.group)]
        return f"Play({', '.join([*what, *(f'{n}={_written(v)}' for n, v in told.items())])})"

    @property
    def command(self) -> str:
        """The command that shows the finding again."""
        if self.group in AGENTS:
            settings = (f"--set {name}={literal(v)}" for name, v in self.settings.items())
            words = ("mechlab run --game", self.game, "--population", self.group, "--mechanism")
            return " ".join(
                [*words, shlex.quote(self.mechanism), f"--episodes {self.episodes}", *settings]
            )
        code = f"from mechlab.checks import Play, finding; print(finding({self.line}))"
        return f"python -c {shlex.quote(code)}"


def _written(value: Any) -> str:
    """Return a value as Python reads it, in double quotes: a shell takes it in single ones."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_written(k)}: {_written(v)}" for k, v in value.items()) + "}"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def play(game: Game, mechanism: object, group: str, **where: Any) -> Play:
    """Make a ``Play`` of a game, leaving out the settings that are its own."""
    declared = parameters(type(game))
    settings = {n: value for n, value in game.params.items() if declared[n].default != value}
    return Play(game.name, str(mechanism), group, settings=settings, **where)


def members(game: Game, group: str) -> tuple[Member, ...]:
    """Return the agents of a group; a single name without a count fills it.

    Raises:
        UserError: for an unknown name, or where the counts do not add up to the game's agents.
    """
    agents: list[Member] = []
    for term, count in _NOTATION.counted(group, game.agents):
        for value in term.values:
            raise unknown(f"parameter of {term.name}", value, ())
        agents += [_member(game, term.name, len(agents) + k) for k in range(count)]
    return tuple(agents)


def _member(game: Game, name: str, position: int) -> Member:
    if name == "colluder":
        return colluder(game)
    if name == "selfish":
        return AGENTS.get(name)
    return Fixed.of(row(game, name, position))


def row(game: Game, name: str, position: int = 0) -> Row:
    """Return the behaviour of that name; an erratic agent's depends on its number in the group."""
    if name == "honest":
        return game.reference("sequential")
    if name == "silent":
        none = {act: 0.0 for act in game.acts if np.any(game.acts[act].given)}
        return game.roles.get("silent", {**game.reference("sequential"), **none})
    if drawn := ERRATIC.fullmatch(name):
        lots = np.random.default_rng([int(drawn[1]), position]).random(len(game.propensities))
        return dict(zip(game.propensities, lots.tolist(), strict=True))
    done = () if name == IDLE else name.split("&")
    for act in done:
        if act not in game.acts:
            raise unknown("behaviour", act, [*game.acts, "honest", "silent", IDLE])
    acts = layout(game.acts, dict.fromkeys(done, 1.0))
    return {**game.habits(acts), **acts}
