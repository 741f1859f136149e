"""Observations and actions of players of our games, as spaces of Gymnasium, without free text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, Space

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
from mechlab.registry import Registry

Part = Space[Any]
NUMBER: Any = np.float64  # Gymnasium's own default has half the digits


class Spaces(ABC):
    """The spaces of one game; condition and mechanism decide which parts an observation has.

    Attributes:
        observation: a dictionary of spaces, by the name of each part.
        action: the space of an agent's actions.
    """

    action: Part

    def __init__(self, game: Any, condition: str, mechanism: Mechanism) -> None:
        self.game, self.condition = game, condition
        n = game.agents
        parts = {"round": Box(0.0, 1.0, (1,), NUMBER), "board": _money(n), **self.parts()}
        if "record" in mechanism.shows:
            parts["record"] = Box(0.0, np.inf, (n, 2), NUMBER)  # answered and not, by agent
        self.observation = Dict({k: part for k, part in parts.items() if k not in mechanism.hides})

    @abstractmethod
    def parts(self) -> Mapping[str, Part]:
        """Return the game's own parts of an observation, and set ``action``."""

    @abstractmethod
    def look(self, view: Any) -> Mapping[str, Any]:
        """Return the values of the game's own parts."""

    @abstractmethod
    def act(self, view: Any, action: Any) -> Any:
        """Return the action, or the actions, of a turn."""

    def observe(self, view: Any) -> dict[str, Array]:
        """Return an observation made from a view, by the name of each part."""
        values = {"round": [view.round / view.rounds], "board": view.board, **self.look(view)}
        if "record" in self.observation.spaces:
            values["record"] = [view.record[i] for i in range(view.agents)]
        return {
            name: np.asarray(values[name], space.dtype).reshape(space.shape or ())
            for name, space in self.observation.items()
        }


SPACES = Registry[Callable[[Any, str, Mechanism], Spaces]]("PettingZoo spaces of the game")


def spaces(game: Game, condition: str, mechanism: Mechanism) -> Spaces:
    """Return the spaces of a game; ``UserError`` for one that has none."""
    return SPACES.get(game.name)(game, condition, mechanism)


def _money(count: int) -> Box:
    return Box(-np.inf, np.inf, (count,), NUMBER)


def _last(choices: tuple[tuple[float, ...], ...] | None, agents: int) -> Any:
    """The choices of all in the last round; -1 in the first round, and where they are hidden."""
    return choices[-1] if choices else [-1.0] * agents


@SPACES.named(PublicGoods.name)
class _PublicGoods(Spaces):
    game: PublicGoods

    def parts(self) -> Mapping[str, Part]:
        n, most = self.game.agents, float(self.game.endowment)
        chosen = {"choices": Box(-1.0, most, (n,), NUMBER)}
        if self.condition != "punishment":
            self.action = Discrete(self.game.endowment + 1)
            return chosen
        self.action = Box(0.0, most, (1 + n,), NUMBER)  # tokens, then dollars by agent
        stage = {"punishing": MultiBinary(1), "contributed": Box(-1.0, most, (n,), NUMBER)}
        return {**chosen, **stage, "taken": _money(1)}

    def look(self, view: simultaneous.PublicGoodsView) -> Mapping[str, Any]:
        n = self.game.agents
        return {
            "choices": _last(view.all_choices, n),
            "punishing": [view.stage == "punish"],
            "contributed": view.contributed or [-1.0] * n,
            "taken": [view.taken],
        }

    def act(self, view: simultaneous.PublicGoodsView, action: Any) -> Any:
        if self.condition != "punishment":
            return simultaneous.Contribute(action)
        if view.stage == "contribute":
            return simultaneous.Contribute(round(float(action[0])))
        others = (j for j in range(self.game.agents) if j != view.agent)
        return simultaneous.Punish({j: action[1 + j] for j in others})


@SPACES.named(Commons.name)
class _Commons(Spaces):
    game: Commons

    def parts(self) -> Mapping[str, Part]:
        self.action = Box(0.0, 1.0, (1,), NUMBER)  # part of the most that can be harvested
        most = self.game.capacity
        return {
            "stock": Box(0.0, most, (1,), NUMBER),
            "most": Box(0.0, most, (1,), NUMBER),
            "choices": Box(-1.0, most, (self.game.agents,), NUMBER),
        }

    def look(self, view: simultaneous.CommonsView) -> Mapping[str, Any]:
        choices = _last(view.all_choices, self.game.agents)
        return {"stock": [view.stock], "most": [view.most], "choices": choices}

    def act(self, view: simultaneous.CommonsView, action: Any) -> Any:
        return simultaneous.Harvest(float(action[0]) * view.most)


@SPACES.named(Matrix.name)
class _Matrix(Spaces):
    game: Matrix

    def parts(self) -> Mapping[str, Part]:
        self.action = Discrete(self.game.choices)
        return {"choices": Box(-1.0, self.game.choices - 1.0, (2,), NUMBER)}

    def look(self, view: simultaneous.MatrixView) -> Mapping[str, Any]:
        return {"choices": _last(view.all_choices, 2)}

    def act(self, view: simultaneous.MatrixView, action: Any) -> Any:
        return simultaneous.Choose(int(action))


class _Pieces(Spaces):
    """Games of pieces: a flag for each task to submit, each piece to give, each to ask for."""

    def set_action(self, tasks: int, pieces: int) -> None:
        self._shape = (self.game.agents - 1, pieces)
        self.action = MultiBinary(tasks + 2 * self._shape[0] * pieces)
        self._tasks = tasks

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


@SPACES.named(Sharing.name)
class _Sharing(_Pieces):
    game: Sharing

    def parts(self) -> Mapping[str, Part]:
        n, k, tasks = self.game.agents, self.game.pieces, self.game.tasks
        self.set_action(tasks, k)
        return {
            "tasks": MultiBinary((tasks, k)),
            "pieces": MultiBinary(k),
            "directory": MultiBinary((k, n)),
            "requests": MultiBinary((n, k)),
            "awaited": MultiBinary((n, k)),
        }

    def look(self, view: Any) -> Mapping[str, Any]:
        shapes = {name: part.shape or () for name, part in self.observation.items()}
        return {
            "tasks": _flags(shapes["tasks"], _pairs(dict(enumerate(view.tasks)))),
            "pieces": _flags(shapes["pieces"], ((k,) for k in view.pieces)),
            "directory": _flags(shapes["directory"], _pairs(view.directory)),
            "requests": _flags(shapes["requests"], _pairs(view.requests)),
            "awaited": _flags(shapes["awaited"], _pairs(view.awaited)),
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


@SPACES.named(Grants.name)
class _Grants(_Pieces):
    game: Grants

    def parts(self) -> Mapping[str, Part]:
        n, f, tasks = self.game.agents, self.game.family, self.game.tasks
        self.set_action(tasks, f)
        left = Box(0.0, float(self.game.lifetime), (n, f), NUMBER)
        return {
            "tasks": MultiBinary((tasks, n, f)),
            "due": Box(0.0, 1.0, (tasks,), NUMBER),
            "access": left,
            "lent": left,
            "requests": MultiBinary((n, f)),
            "awaited": MultiBinary((n, f)),
        }

    def look(self, view: grants.View) -> Mapping[str, Any]:
        shapes = {name: part.shape or () for name, part in self.observation.items()}
        access, lent = np.zeros(shapes["access"]), np.zeros(shapes["lent"])
        for (owner, k), until in view.access.items():
            access[owner, k] = until - view.round + 1
        for j, pieces in view.lent.items():
            for k, until in pieces.items():
                lent[j, k] = until - view.round + 1
        needed = {slot: task.pieces for slot, task in enumerate(view.tasks)}
        dues = [max(0, task.due - view.round + 1) / self.game.deadline for task in view.tasks]
        return {
            "tasks": _flags(shapes["tasks"], ((slot, *p) for slot, p in _pairs(needed))),
            "due": dues,
            "access": access,
            "lent": lent,
            "requests": _flags(shapes["requests"], _pairs(view.requests)),
            "awaited": _flags(shapes["awaited"], _pairs(view.awaited)),
        }

    def act(self, view: grants.View, action: Any) -> Any:
        submitted, given, asked = self.split(view, action)
        return [
            *(grants.SubmitTask(task.pieces) for task in submitted),
            *(grants.Grant(j, pieces) for j, pieces in given.items()),
            *(grants.SendMessage(j, "", pieces) for j, pieces in asked.items()),
        ]


def _flags(shape: Sequence[int], places: Iterable[tuple[int, ...]]) -> Array:
    """Return an array of this shape with 1 at each of the places, else 0."""
    flags = np.zeros(tuple(shape))
    for place in places:
        flags[place] = 1.0
    return flags


def _pairs(lists: Mapping[int, Iterable[Any]]) -> Iterable[tuple[int, Any]]:
    return ((key, item) for key, items in lists.items() for item in items)
