"""What an agent is: a row of propensities that may respond to incentives, or a player of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from mechlab.game import Game
from mechlab.incentives import Incentives
from mechlab.registry import Registry


@dataclass(frozen=True)
class Agent(ABC):
    """An agent that is described by numbers: scripted or emulated.

    Attributes:
        name: its name in populations ("o3").
        responds: whether its propensities depend on the incentives; one that does not saves the
            differencing of payments.
        kind: ``scripted`` or ``emulated``; screens and reports say which.
    """

    name: str
    responds: ClassVar[bool] = True
    kind: ClassVar[str] = "scripted"

    @abstractmethod
    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        """Return the agent's behaviour for one round, by the names of ``game.propensities``."""


@runtime_checkable
class Player(Protocol):
    """An agent written in Python: one method, called on each of its turns."""

    def act(self, view: Any) -> Any:
        """Return the actions of one turn, given all that the agent sees (see the game's view)."""


AGENTS = Registry[Agent]("agent", "mechlab.agents")
