"""What players of our games see and do, as spaces of Gymnasium. Free text is left out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, Space

from mechlab.flows import Array
from mechlab.game import Game
from mechlab.games import Commons, Matrix, PublicGoods
from mechlab.games import choices as choose
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
