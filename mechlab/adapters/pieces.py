"""What players of the games of pieces see and do, as bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Box, MultiBinary

from mechlab.adapters.spaces import NUMBER, SPACES, Part, Spaces
from mechlab.flows import Array
from mechlab.games import Grants, Sharing
from mechlab.games.grants import view as lend
from mechlab.games.sharing import actions as share


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
