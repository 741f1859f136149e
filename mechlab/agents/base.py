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

    Fields declared with ``param`` can be set in a population: ``logit(lambda=2)*5``. Where the name
    of a parameter is a keyword of Python, the field has an underscore after it.

    Attributes:
        name: its name in populations ("o3").
        responds: whether its propensities depend on the incentives; where nobody's do, no payments
            are differenced.
        weighs: whether it weighs realised incomes where they can be told, not slopes alone.
        kind: ``scripted`` or ``emulated``, as screens and reports say.
    """

    name: str  # type: ignore[misc] # one class may hold several agents
    responds: ClassVar[bool] = True
    weighs: ClassVar[bool] = False
    kind: ClassVar[str] = "scripted"

    @property
    def what(self) -> str:
        """One line for lists."""
        return (type(self).__doc__ or "").strip().split("\n", 1)[0]

    @property
    def basis(self) -> Mapping[str, float]:
        """The numbers behind its name: recorded episodes of other numbers are not its own."""
        return {}

    @abstractmethod
    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        """Return the agent's behaviour for one round, by the names of ``game.propensities``."""

    def tuned(self, values: Mapping[str, Any]) -> Self:
        """Return the agent with other parameters, or raise ``UserError`` for a wrong one."""
        valid = {name.rstrip("_"): name for name in parameters(type(self))}
        for name in values:
            if name not in valid:
                raise unknown(f"parameter of {self.name}", name, valid)
        return replace(self, **{valid[name]: value for name, value in values.items()})

    def __str__(self) -> str:
        """The agent as it is written in a population, with its parameters."""
        values = (f"{name.rstrip('_')}={literal(value)}" for name, value in self.params.items())
        inner = ", ".join(values)
        return f"{self.name}({inner})" if inner else self.name


class Remote(ABC):
    """An agent that answers over a network; see ``mechlab.llm``."""

    kind: ClassVar[str] = "live"

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name in populations, without its options; ``str`` adds these."""


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
