"""Agents as propensities that may respond to incentives; those that play a role; their registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from mechlab.errors import UserError, unknown
from mechlab.games.base import Game
from mechlab.mechanism.incentives import Incentives
from mechlab.notation import literal
from mechlab.parameters import Parameterised, parameters
from mechlab.registry import Registry

LIVE = "llm:"  # in populations: the name of a model follows
FIT = "fit:"  # the path of a stored fit follows


@dataclass(frozen=True)
class Agent(Parameterised, ABC):
    """An agent that is described by numbers: scripted or emulated.

    Fields declared with ``param`` can be set where a population is written: ``logit(lambda=2)*5``.
    A field whose name is a word of Python ends in an underscore, which is left out in writing.

    Attributes:
        name: its name in populations ("o3").
        responds: whether its propensities depend on the incentives; one that does not saves the
            differencing of payments.
        kind: ``scripted`` or ``emulated``; screens and reports say which.
    """

    name: str  # type: ignore[misc] # one class may hold several agents
    responds: ClassVar[bool] = True
    kind: ClassVar[str] = "scripted"

    @property
    def what(self) -> str:
        """One line for lists: what it is."""
        return (type(self).__doc__ or "").strip().split("\n", 1)[0]

    @property
    def basis(self) -> Mapping[str, float]:
        """The numbers behind its name: a record of its episodes is good for no others."""
        return {}

    @abstractmethod
    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        """Return the agent's behaviour for one round, by the names of ``game.propensities``."""

    def tuned(self, values: Mapping[str, Any]) -> Self:
        """Return the agent with other parameters; ``UserError`` for a wrong name or value."""
        valid = {name.rstrip("_"): name for name in parameters(type(self))}
        for name in values:
            if name not in valid:
                raise unknown(f"parameter of {self.name}", name, valid)
        return replace(self, **{valid[name]: value for name, value in values.items()})

    def __str__(self) -> str:
        """How it is written in a population, its parameters included."""
        values = (f"{name.rstrip('_')}={literal(value)}" for name, value in self.params.items())
        inner = ", ".join(values)
        return f"{self.name}({inner})" if inner else self.name


class Remote(ABC):
    """An agent that answers over a network, so that it can only be asked; see ``mechlab.llm``.

    Attributes:
        name: its name in populations, without options; ``str`` gives these too.
    """

    kind: ClassVar[str] = "live"

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name in populations."""


AGENTS = Registry[Agent]("agent", "mechlab.agents")


@dataclass(frozen=True)
class Scripted(Agent):
    """An agent that plays the role of its name in every round.

    >>> from mechlab.games.base import make_game
    >>> Scripted("silent").propensities(make_game("sharing"), Incentives())["submit"]
    1.0
    """

    responds: ClassVar[bool] = False

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        """Return the role's behaviour; raises ``UserError`` where the game lacks the role."""
        if self.name not in game.roles:
            have = ", ".join(sorted(game.roles)) or "none"
            raise UserError(f"the game {game.name!r} has no role {self.name!r} (it has: {have})")
        return game.roles[self.name]


for _role in ("perfect", "silent", "saboteur"):
    AGENTS.add(_role, Scripted(_role))
