"""What players of our games see and do, as spaces of Gymnasium. Free text is left out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, Space

from mechlab.flows import Array
from mechlab.games import Commons, Grants, Matrix, PublicGoods, Sharing
from mechlab.games import simultaneous as choose
from mechlab.games.base import Game
from mechlab.games.grants import view as lend
from mechlab.games.sharing import view as share
from mechlab.mechanism import Mechanism
from mechlab.registry import Registry

Part = Space[Any]
NUMBER: Any = np.float64  # Gymnasium's own default has half the digits


class Spaces(ABC):
    """The spaces of one game; condition and mechanism decide which parts there are.

    Attributes:
        seen: what an agent sees, a space by the name of each part.
        done: its actions.
    """

    done: Part

    def __init__(self, game: Any, condition: str, mechanism: Mechanism) -> None:
        self.game, self.condition = game, condition
        n = game.agents
        known = {"round": Box(0.0, 1.0, (1,), NUMBER), "board": _money(n), **self.parts()}
        if "record" in mechanism.shows:
            known["record"] = Box(0.0, np.inf, (n, 2), NUMBER)  # answered and not, by agent
        self.seen = Dict({k: part for k, part in known.items() if k not in mechanism.hides})

    @abstractmethod
    def parts(self) -> Mapping[str, Part]:
        """Return the game's own parts of what is seen, and set ``done``."""

    @abstractmethod
    def look(self, view: Any) -> Mapping[str, Any]:
        """Return the values of the game's own parts."""

    @abstractmethod
    def act(self, view: Any, action: Any) -> Any:
        """Return the action, or the actions, of a turn."""

    def observe(self, view: Any) -> dict[str, Array]:
        """Return what a view shows, by the names of ``seen``."""
        values = {"round": [view.round / view.rounds], "board": view.board, **self.look(view)}
        if "record" in self.seen.spaces:
            values["record"] = [view.record[i] for i in range(view.agents)]
        return {
            name: np.asarray(values[name], space.dtype).reshape(space.shape or ())
            for name, space in self.seen.items()
        }


SPACES = Registry[Callable[[Any, str, Mechanism], Spaces]]("PettingZoo spaces of the game")


def spaces(game: Game, condition: str, mechanism: Mechanism) -> Spaces:
    """Return the spaces of a game; ``UserError`` for one that has none."""
    return SPACES.get(game.name)(game, condition, mechanism)


def _money(count: int) -> Box:
    return Box(-np.inf, np.inf, (count,), NUMBER)


def _last(made: tuple[tuple[float, ...], ...] | None, agents: int) -> Any:
    """What all chose in the last round; -1 before there was one, and where it is hidden."""
    return made[-1] if made else [-1.0] * agents


@SPACES.named(PublicGoods.name)
class _PublicGoods(Spaces):
    game: PublicGoods

    def parts(self) -> Mapping[str, Part]:
        n, most = self.game.agents, float(self.game.endowment)
        chosen = {"made": Box(-1.0, most, (n,), NUMBER)}
        if self.condition != "punishment":
            self.done = Discrete(self.game.endowment + 1)
            return chosen
        self.done = Box(0.0, most, (1 + n,), NUMBER)  # tokens, then dollars by agent
        stage = {"punishing": MultiBinary(1), "contributed": Box(-1.0, most, (n,), NUMBER)}
        return {**chosen, **stage, "taken": _money(1)}

    def look(self, view: choose.PublicGoodsView) -> Mapping[str, Any]:
        n = self.game.agents
        return {
            "made": _last(view.made, n),
            "punishing": [view.stage == "punish"],
            "contributed": view.contributed or [-1.0] * n,
            "taken": [view.taken],
        }

    def act(self, view: choose.PublicGoodsView, action: Any) -> Any:
        if self.condition != "punishment":
            return choose.Contribute(action)
        if view.stage == "contribute":
            return choose.Contribute(round(float(action[0])))
        others = (j for j in range(self.game.agents) if j != view.agent)
        return choose.Punish({j: action[1 + j] for j in others})


@SPACES.named(Commons.name)
class _Commons(Spaces):
    game: Commons

    def parts(self) -> Mapping[str, Part]:
        self.done = Box(0.0, 1.0, (1,), NUMBER)  # part of the most that can be harvested
        most = self.game.capacity
        return {
            "stock": Box(0.0, most, (1,), NUMBER),
            "most": Box(0.0, most, (1,), NUMBER),
            "made": Box(-1.0, most, (self.game.agents,), NUMBER),
        }

    def look(self, view: choose.CommonsView) -> Mapping[str, Any]:
        made = _last(view.made, self.game.agents)
        return {"stock": [view.stock], "most": [view.most], "made": made}

    def act(self, view: choose.CommonsView, action: Any) -> Any:
        return choose.Harvest(float(action[0]) * view.most)


@SPACES.named(Matrix.name)
class _Matrix(Spaces):
    game: Matrix

    def parts(self) -> Mapping[str, Part]:
        self.done = Discrete(self.game.choices)
        return {"made": Box(-1.0, self.game.choices - 1.0, (2,), NUMBER)}

    def look(self, view: choose.MatrixView) -> Mapping[str, Any]:
        return {"made": _last(view.made, 2)}

    def act(self, view: choose.MatrixView, action: Any) -> Any:
        return choose.Choose(int(action))


class _Pieces(Spaces):
    """Games of pieces: to submit tasks, to give, to ask; a bit each, in this order."""

    def bits(self, tasks: int, pieces: int) -> None:
        self._shape = (self.game.agents - 1, pieces)
        self.done = MultiBinary(tasks + 2 * self._shape[0] * pieces)
        self._tasks = tasks

    def cut(self, view: Any, action: Any) -> tuple[list[Any], dict[int, Any], dict[int, Any]]:
        """Return the tasks to submit, and the pieces to give and to ask for by peer."""
        bits, n = np.asarray(action, bool), self._shape[0] * self._shape[1]
        submitted = [task for task, bit in zip(view.tasks, bits, strict=False) if bit]
        given, asked = bits[self._tasks :][:n], bits[self._tasks :][n:]
        return submitted, self._by_peer(view, given), self._by_peer(view, asked)

    def _by_peer(self, view: Any, bits: Any) -> dict[int, tuple[int, ...]]:
        peers = [j for j in range(self.game.agents) if j != view.agent]
        rows = zip(peers, bits.reshape(self._shape), strict=True)
        return {j: tuple(np.flatnonzero(row).tolist()) for j, row in rows if row.any()}


@SPACES.named(Sharing.name)
class _Sharing(_Pieces):
    game: Sharing

    def parts(self) -> Mapping[str, Part]:
        n, k, tasks = self.game.agents, self.game.pieces, self.game.tasks
        self.bits(tasks, k)
        return {
            "tasks": MultiBinary((tasks, k)),
            "pieces": MultiBinary(k),
            "directory": MultiBinary((k, n)),
            "requests": MultiBinary((n, k)),
            "awaited": MultiBinary((n, k)),
        }

    def look(self, view: Any) -> Mapping[str, Any]:
        shapes = {name: part.shape or () for name, part in self.seen.items()}
        return {
            "tasks": _bits(shapes["tasks"], _pairs(dict(enumerate(view.tasks)))),
            "pieces": _bits(shapes["pieces"], ((k,) for k in view.pieces)),
            "directory": _bits(shapes["directory"], _pairs(view.directory)),
            "requests": _bits(shapes["requests"], _pairs(view.requests)),
            "awaited": _bits(shapes["awaited"], _pairs(view.awaited)),
        }

    def act(self, view: Any, action: Any) -> Any:
        """Pieces that it does not hold are sent apart, for that is refused as a whole."""
        submitted, given, asked = self.cut(view, action)
        turn: list[share.Action] = [share.SubmitTask(task) for task in submitted]
        for j, pieces in given.items():
            held = tuple(k for k in pieces if k in view.pieces)
            rest = tuple(k for k in pieces if k not in view.pieces)
            turn += [share.SendInformation(j, some) for some in (held, rest) if some]
        return [*turn, *(share.SendMessage(j, "", pieces) for j, pieces in asked.items())]


@SPACES.named(Grants.name)
class _Grants(_Pieces):
    game: Grants

    def parts(self) -> Mapping[str, Part]:
        n, f, tasks = self.game.agents, self.game.family, self.game.tasks
        self.bits(tasks, f)
        left = Box(0.0, float(self.game.lifetime), (n, f), NUMBER)
        return {
            "tasks": MultiBinary((tasks, n, f)),
            "due": Box(0.0, 1.0, (tasks,), NUMBER),
            "access": left,
            "lent": left,
            "requests": MultiBinary((n, f)),
            "awaited": MultiBinary((n, f)),
        }

    def look(self, view: lend.View) -> Mapping[str, Any]:
        shapes = {name: part.shape or () for name, part in self.seen.items()}
        access, lent = np.zeros(shapes["access"]), np.zeros(shapes["lent"])
        for (owner, k), until in view.access.items():
            access[owner, k] = until - view.round + 1
        for j, pieces in view.lent.items():
            for k, until in pieces.items():
                lent[j, k] = until - view.round + 1
        needed = {slot: task.pieces for slot, task in enumerate(view.tasks)}
        dues = [max(0, task.due - view.round + 1) / self.game.deadline for task in view.tasks]
        return {
            "tasks": _bits(shapes["tasks"], ((slot, *p) for slot, p in _pairs(needed))),
            "due": dues,
            "access": access,
            "lent": lent,
            "requests": _bits(shapes["requests"], _pairs(view.requests)),
            "awaited": _bits(shapes["awaited"], _pairs(view.awaited)),
        }

    def act(self, view: lend.View, action: Any) -> Any:
        submitted, given, asked = self.cut(view, action)
        return [
            *(lend.SubmitTask(task.pieces) for task in submitted),
            *(lend.Grant(j, pieces) for j, pieces in given.items()),
            *(lend.SendMessage(j, "", pieces) for j, pieces in asked.items()),
        ]


def _bits(shape: Sequence[int], named: Iterable[tuple[int, ...]]) -> Array:
    """Return 1 at each named place."""
    bits = np.zeros(tuple(shape))
    for place in named:
        bits[place] = 1.0
    return bits


def _pairs(named: Mapping[int, Iterable[Any]]) -> Iterable[tuple[int, Any]]:
    return ((key, item) for key, items in named.items() for item in items)
