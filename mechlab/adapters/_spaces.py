"""Observations and actions of players of our games, as spaces of Gymnasium, without free text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, Space

from mechlab.errors import unknown
from mechlab.flows import Array
from mechlab.games import simultaneous
from mechlab.games.base import Game
from mechlab.games.commons import Commons
from mechlab.games.grants import view as grants
from mechlab.games.grants.game import Grants
from mechlab.games.matrix import Matrix
from mechlab.games.public_goods import PublicGoods
from mechlab.games.sharing import view as sharing
from mechlab.games.sharing.game import Sharing
from mechlab.mechanism import Mechanism

Part = tuple[Space[Any], Callable[[Any], Any]]  # the space of a part, and its values in a view
NUMBER: Any = np.float64  # Gymnasium's own default has half the digits


class Spaces(ABC):
    """The spaces of one game; condition and mechanism decide which parts an observation has.

    Attributes:
        observation: a dictionary of spaces, by the name of each part.
        action: the space of an agent's actions.
    """

    action: Space[Any]

    def __init__(self, game: Any, condition: str, mechanism: Mechanism) -> None:
        self.game, self.condition = game, condition
        n, hidden = game.agents, mechanism.hides
        parts: dict[str, Part] = {
            "round": (Box(0.0, 1.0, (1,), NUMBER), lambda view: [view.round / view.rounds]),
            "board": (_money(n), lambda view: view.board),
            **self.parts(),
        }
        if "record" in mechanism.shows:  # answered and not, by agent
            record = Box(0.0, np.inf, (n, 2), NUMBER)
            parts["record"] = record, lambda view: [view.record[i] for i in range(n)]
        self._read = {name: read for name, (_, read) in parts.items() if name not in hidden}
        self.observation = Dict({name: parts[name][0] for name in self._read})

    @abstractmethod
    def parts(self) -> Mapping[str, Part]:
        """Return the game's own parts of an observation, and set ``action``."""

    @abstractmethod
    def act(self, view: Any, action: Any) -> Any:
        """Return the action, or the actions, of a turn."""

    def observe(self, view: Any) -> dict[str, Array]:
        """Return an observation made from a view, by the name of each part."""
        return {
            name: np.asarray(self._read[name](view), space.dtype).reshape(space.shape or ())
            for name, space in self.observation.items()
        }


def _money(count: int) -> Box:
    return Box(-np.inf, np.inf, (count,), NUMBER)


def _choices(agents: int, most: float) -> Part:
    """The choices of all in the last round; -1 in the first round, and where they are hidden."""
    none = [-1.0] * agents
    space = Box(-1.0, most, (agents,), NUMBER)
    return space, lambda view: view.all_choices[-1] if view.all_choices else none


class _PublicGoods(Spaces):
    game: PublicGoods

    def parts(self) -> Mapping[str, Part]:
        n, most = self.game.agents, float(self.game.endowment)
        chosen = {"choices": _choices(n, most)}
        if self.condition != "punishment":
            self.action = Discrete(self.game.endowment + 1)
            return chosen
        self.action = Box(0.0, most, (1 + n,), NUMBER)  # tokens, then dollars by agent
        contributed, none = Box(-1.0, most, (n,), NUMBER), [-1.0] * n
        return {
            **chosen,
            "punishing": (MultiBinary(1), lambda view: [view.stage == "punish"]),
            "contributed": (contributed, lambda view: view.contributed or none),
            "taken": (_money(1), lambda view: [view.taken]),
        }

    def act(self, view: simultaneous.PublicGoodsView, action: Any) -> Any:
        if self.condition != "punishment":
            return simultaneous.Contribute(action)
        if view.stage == "contribute":
            return simultaneous.Contribute(round(float(action[0])))
        others = (j for j in range(self.game.agents) if j != view.agent)
        return simultaneous.Punish({j: action[1 + j] for j in others})


class _Commons(Spaces):
    game: Commons

    def parts(self) -> Mapping[str, Part]:
        self.action = Box(0.0, 1.0, (1,), NUMBER)  # part of the most that can be harvested
        amount = Box(0.0, self.game.capacity, (1,), NUMBER)
        return {
            "stock": (amount, lambda view: [view.stock]),
            "most": (amount, lambda view: [view.most]),
            "choices": _choices(self.game.agents, self.game.capacity),
        }

    def act(self, view: simultaneous.CommonsView, action: Any) -> Any:
        return simultaneous.Harvest(float(action[0]) * view.most)


class _Matrix(Spaces):
    game: Matrix

    def parts(self) -> Mapping[str, Part]:
        self.action = Discrete(self.game.choices)
        return {"choices": _choices(2, self.game.choices - 1.0)}

    def act(self, view: simultaneous.MatrixView, action: Any) -> Any:
        return simultaneous.Choose(int(action))


class _Pieces(Spaces):
    """Games of pieces: a flag for each task to submit, each piece to give, each to ask for."""

    def requests(self, tasks: int, pieces: int) -> dict[str, Part]:
        """Return the parts of what is asked of an agent and by it, and set ``action``."""
        n = self.game.agents
        self._tasks, self._shape = tasks, (n - 1, pieces)
        self.action = MultiBinary(tasks + 2 * (n - 1) * pieces)
        return {
            "requests": _flags((n, pieces), lambda view: _pairs(view.requests)),
            "awaited": _flags((n, pieces), lambda view: _pairs(view.awaited)),
        }

    def split(self, view: Any, action: Any) -> tuple[list[Any], dict[int, Any], dict[int, Any]]:
        """Return the tasks to submit, and the pieces to give and to ask for by peer."""
        flags, n = np.asarray(action, bool), self._shape[0] * self._shape[1]
        submitted = [task for task, flag in zip(view.tasks, flags, strict=False) if flag]
        given, asked = flags[self._tasks :][:n], flags[self._tasks :][n:]
        return submitted, self._by_peer(view, given), self._by_peer(view, asked)

    def _by_peer(self, view: Any, flags: Any) -> dict[int, tuple[int, ...]]:
        peers = [j for j in range(self.game.agents) if j != view.agent]
        rows = zip(peers, flags.reshape(self._shape), strict=True)
        return {j: tuple(np.flatnonzero(row).tolist()) for j, row in rows if row.any()}


class _Sharing(_Pieces):
    game: Sharing

    def parts(self) -> Mapping[str, Part]:
        n, k, tasks = self.game.agents, self.game.pieces, self.game.tasks
        return {
            "tasks": _flags((tasks, k), lambda view: _pairs(dict(enumerate(view.tasks)))),
            "pieces": _flags((k,), lambda view: ((piece,) for piece in view.pieces)),
            "directory": _flags((k, n), lambda view: _pairs(view.directory)),
            **self.requests(tasks, k),
        }

    def act(self, view: Any, action: Any) -> Any:
        """Return the actions; pieces it does not hold go apart: they are refused as a whole."""
        submitted, given, asked = self.split(view, action)
        turn: list[sharing.Action] = [sharing.SubmitTask(task) for task in submitted]
        for j, pieces in given.items():
            held = tuple(k for k in pieces if k in view.pieces)
            rest = tuple(k for k in pieces if k not in view.pieces)
            turn += [sharing.SendInformation(j, some) for some in (held, rest) if some]
        return [*turn, *(sharing.SendMessage(j, "", pieces) for j, pieces in asked.items())]


class _Grants(_Pieces):
    game: Grants

    def parts(self) -> Mapping[str, Part]:
        n, f, tasks = self.game.agents, self.game.family, self.game.tasks

        def needed(view: grants.View) -> Iterable[tuple[int, ...]]:
            return ((slot, *p) for slot, task in enumerate(view.tasks) for p in task.pieces)

        def due(view: grants.View) -> list[float]:
            return [max(0, t.due - view.round + 1) / self.game.deadline for t in view.tasks]

        def rounds_left(until: Callable[[grants.View], Iterable[tuple[Any, int]]]) -> Part:
            space = Box(0.0, float(self.game.lifetime), (n, f), NUMBER)
            return space, lambda view: _array(
                (n, f), {place: last - view.round + 1 for place, last in until(view)}
            )

        def lent(view: grants.View) -> Iterable[tuple[Any, int]]:
            return (((j, k), last) for j, some in view.lent.items() for k, last in some.items())

        return {
            "tasks": _flags((tasks, n, f), needed),
            "due": (Box(0.0, 1.0, (tasks,), NUMBER), due),
            "access": rounds_left(lambda view: view.access.items()),
            "lent": rounds_left(lent),
            **self.requests(tasks, f),
        }

    def act(self, view: grants.View, action: Any) -> Any:
        submitted, given, asked = self.split(view, action)
        return [
            *(grants.SubmitTask(task.pieces) for task in submitted),
            *(grants.Grant(j, pieces) for j, pieces in given.items()),
            *(grants.SendMessage(j, "", pieces) for j, pieces in asked.items()),
        ]


def _flags(shape: tuple[int, ...], places: Callable[[Any], Iterable[tuple[int, ...]]]) -> Part:
    """A part of this shape with 1 at each of the places in a view, else 0."""
    return MultiBinary(shape), lambda view: _array(shape, dict.fromkeys(places(view), 1.0))


def _array(shape: tuple[int, ...], values: Mapping[tuple[int, ...], float]) -> Array:
    filled = np.zeros(shape)
    for place, value in values.items():
        filled[place] = value
    return filled


def _pairs(lists: Mapping[int, Iterable[Any]]) -> Iterable[tuple[int, Any]]:
    return ((key, item) for key, items in lists.items() for item in items)


_SPACES: dict[str, type[Spaces]] = {
    PublicGoods.name: _PublicGoods,
    Commons.name: _Commons,
    Matrix.name: _Matrix,
    Sharing.name: _Sharing,
    Grants.name: _Grants,
}


def spaces(game: Game, condition: str, mechanism: Mechanism) -> Spaces:
    """Return the spaces of a game; ``UserError`` for one that has none."""
    if game.name not in _SPACES:
        raise unknown("PettingZoo spaces of the game", game.name, _SPACES)
    return _SPACES[game.name](game, condition, mechanism)
