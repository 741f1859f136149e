"""Two agents that help each other to payments: each asks the other for all that it could give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mechlab.games.base import Game
from mechlab.games.grants import Grants
from mechlab.games.grants import view as lend
from mechlab.games.sharing import Sharing
from mechlab.games.sharing import view as share

PAIR = (0, 1)  # the numbers of colluders in their group


class Colluder:
    """Plays honestly, and asks its partner for everything that it lacks, needed or not.

    Whatever pays for answers pays for these, though nobody needs them.
    """

    def __init__(self, turn: Callable[[Any, int], list[Any]]) -> None:
        self._turn = turn

    def act(self, view: Any) -> list[Any]:
        """Return the honest actions, and the requests of the pair."""
        return self._turn(view, PAIR[1 - PAIR.index(view.agent)])


def colluder(game: Game) -> Colluder:
    """Return a colluder of a game; ``KeyError`` for one in which nothing can be asked for."""
    return Colluder(_TURNS[game.name])


def can_collude(game: Game) -> bool:
    """Whether a pair can ask each other for what nobody needs."""
    return game.name in _TURNS and game.agents > len(PAIR)


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
