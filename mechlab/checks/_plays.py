"""Plays that anybody can repeat: who behaves how, written in a few words.

A group is written like a population: "volunteer&submit*2 + honest*8". The names:

- ``honest``: gives when asked, on its own turn. ``silent``: the same without giving.
- pure strategies (``mechlab.agents.strategies``): acts of the game joined by "&", which it always
  does, and nothing else; in part, like "give(share=0.5)"; ``idle``; extremes of the game.
- ``erratic1``, ``erratic2``, ...: does everything with chances of its own, drawn by that number.
- ``colluder``: two of them ask each other for all that they lack, and answer.
- ``broker``: asks for every piece, and sends everybody everything that it has.
- ``selfish``: the agent of that name.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from mechlab.agents.base import AGENTS, Agent
from mechlab.agents.population import Member
from mechlab.agents.strategies import Row, strategy
from mechlab.errors import unknown
from mechlab.games.base import Game, make_game
from mechlab.games.grants import view as lend
from mechlab.games.grants.game import Grants
from mechlab.games.sharing import view as share
from mechlab.games.sharing.game import Sharing
from mechlab.mechanism.incentives import Incentives
from mechlab.notation import Notation, literal
from mechlab.parameters import parameters
from mechlab.simulation import Episodes, simulate

_NOTATION = Notation("group", "'volunteer&submit*2 + honest*8'")
_ERRATIC = re.compile(r"erratic(\d+)")
_PAIR = (0, 1)  # the numbers of colluders in their group


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
        game, settings: the game, and the settings that differ from its defaults.
        mechanism: its specification. group: the behaviours, as ``mechlab.checks`` lists them.
        check: name of the check that it is about.
        episode: its number under seed 0. episodes: how many from there on.
        round, agent: where the finding is; no round where it is the whole episode.
        deviation: what the agent could do in its place; see ``mechlab.agents.strategies``.
    """

    game: str
    mechanism: str
    group: str
    check: str = ""
    episode: int = 0
    episodes: int = 1
    round: int | None = None
    agent: int = 0
    deviation: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, game: Game, mechanism: object, group: str, **where: Any) -> Play:
        """Make a play of a game, leaving out the settings that are the game's defaults."""
        declared = parameters(type(game))
        settings = {n: value for n, value in game.params.items() if declared[n].default != value}
        return cls(game.name, str(mechanism), group, settings=settings, **where)

    def replay(self) -> Episodes:
        """Play the episodes again, exactly."""
        game = make_game(self.game, self.settings)
        group, count = members(game, self.group), self.episodes
        return simulate(game, group, self.mechanism, episodes=count, first=self.episode)

    @property
    def line(self) -> str:
        """The Python expression that makes it."""
        required = [_written(part) for part in (self.game, self.mechanism, self.group)]
        values = {part.name: getattr(self, part.name) for part in fields(self)[3:]}
        changed = {n: v for n, v in values.items() if v != getattr(Play, n, {})}
        named = [f"{name}={_written(value)}" for name, value in changed.items()]
        return f"Play({', '.join([*required, *named])})"

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
    """Return a value as Python reads it, in double quotes, so that a shell takes it in single."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_written(k)}: {_written(v)}" for k, v in value.items()) + "}"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def members(game: Game, group: str) -> tuple[Member, ...]:
    """Return the agents of a group; a single name without a count fills it.

    Raises:
        UserError: for an unknown name, or where the counts do not add up to the game's agents.
    """
    agents: list[Member] = []
    for term, count in _NOTATION.counted(group, game.agents):
        for value in term.values.keys() - {"share"}:
            raise unknown(f"parameter of {term.name}", value, ("share",))
        share = f"(share={literal(term.values['share'])})" if term.values else ""
        agents += [_member(game, term.name + share, len(agents) + k) for k in range(count)]
    return tuple(agents)


def _member(game: Game, name: str, position: int) -> Member:
    if name == "colluder":
        return _Colluder(_TURNS[game.name])
    if name == "broker":
        return _Broker()
    if name == "selfish":
        return AGENTS.get(name)
    return Fixed.of(row(game, name, position))


def row(game: Game, name: str, position: int = 0) -> Row:
    """Return the behaviour of a name; an erratic agent's depends on its number in the group."""
    if name == "honest":
        return game.reference("sequential", position)
    if name == "silent":
        none = {act: 0.0 for act in game.acts if np.any(game.acts[act].given)}
        return game.roles.get("silent", {**game.reference("sequential", position), **none})
    if drawn := _ERRATIC.fullmatch(name):
        lots = np.random.default_rng([int(drawn[1]), position]).random(len(game.propensities))
        return dict(zip(game.propensities, lots.tolist(), strict=True))
    return strategy(game, name)


class _Colluder:
    """Plays honestly, and asks its partner for everything that it lacks, needed or not.

    A mechanism that pays for answers pays for these, although nobody needs them.
    """

    def __init__(self, turn: Callable[[Any, int], list[Any]]) -> None:
        self._turn = turn

    def act(self, view: Any) -> list[Any]:
        """Return the honest actions, and the requests of the pair."""
        return self._turn(view, _PAIR[1 - _PAIR.index(view.agent)])


class _Broker:
    """Becomes the one from whom all have their copies, so that it is paid for every later use."""

    def act(self, view: share.View) -> list[Any]:
        """Submit, ask for every piece that it lacks, and send to each agent what that lacks."""
        lacking = [(k, has[0]) for k, has in view.directory.items() if k not in view.pieces and has]
        sends = {
            j: tuple(k for k in view.pieces if j not in view.directory.get(k, ()))
            for j in range(view.agents)
            if j != view.agent
        }
        return [
            *(share.SubmitTask(task) for task in view.tasks if set(task) <= view.pieces.keys()),
            *(share.SendMessage(holder, asks=(k,)) for k, holder in lacking),
            *(share.SendInformation(j, pieces) for j, pieces in sends.items() if pieces),
        ]


def can_broker(game: Game) -> bool:
    """Whether pieces can be passed on."""
    return game.name == Sharing.name


def can_collude(game: Game) -> bool:
    """Whether a pair can ask each other for what nobody needs."""
    return game.name in _TURNS and game.agents > len(_PAIR)


def _share(view: Any, partner: int) -> list[Any]:
    wanted = tuple(k for k, has in view.directory.items() if partner in has)
    idle = tuple(k for k in wanted if k not in view.pieces and k not in view.lacking)
    return [
        *(share.SubmitTask(task) for task in view.tasks if set(task) <= view.pieces.keys()),
        *(share.SendInformation(j, pieces) for j, pieces in view.requests.items()),
        *(share.SendMessage(view.directory[k][0], asks=(k,)) for k in view.lacking),
        share.SendMessage(partner, asks=idle),
    ]


def _lend(view: lend.View, partner: int) -> list[Any]:
    def lacks(k: int) -> bool:
        waits = k in view.awaited.get(partner, ())
        return not waits and view.access.get((partner, k), -1) <= view.round

    needed = [(j, k) for j, k in view.lacking if j != partner and k not in view.awaited.get(j, ())]
    return [
        *(lend.SubmitTask(t.pieces) for t in view.tasks if set(t.pieces) <= view.access.keys()),
        *(lend.Grant(j, pieces) for j, pieces in view.requests.items()),
        *(lend.SendMessage(j, asks=(k,)) for j, k in needed),
        lend.SendMessage(partner, asks=tuple(filter(lacks, range(view.family)))),
    ]


_TURNS: dict[str, Callable[[Any, int], list[Any]]] = {Sharing.name: _share, Grants.name: _lend}
