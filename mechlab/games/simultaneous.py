"""Games in which all agents choose at the same time, as rows of propensities or as players."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mechlab.flows import Amounts, Array
from mechlab.games import base
from mechlab.games.base import Game, Turns
from mechlab.mechanism import Mechanism

Choices = dict[str, Array]


@dataclass(frozen=True, kw_only=True)
class View(base.View):
    """What an agent sees of every simultaneous game when it chooses.

    Attributes:
        stage: the stage of the round in which it chooses now.
        choices: what it chose in each earlier round.
        all_choices: what each agent chose, a tuple for each earlier round; None if hidden.
        earned: its own income of each earlier round, payments included, in dollars.
    """

    stage: str
    choices: tuple[float, ...]
    all_choices: tuple[tuple[float, ...], ...] | None
    earned: tuple[float, ...]


class Table(base.Table):
    """One episode of a simultaneous game; all players of a stage act on the same snapshot."""

    def __init__(
        self, game: Any, state: Any, mechanism: Mechanism, players: Collection[int]
    ) -> None:
        super().__init__(game, state, mechanism, players, limit=1)
        self._past: list[Array] = []  # choices in the first stage of each round, (N,)
        self._earned: list[Array] = []  # income of each round, (N,)
        self._now: tuple[str, int, Choices] = ("", 0, {})  # stage, round, choices before it

    def play(self, round: int, behaviour: Array, now: Amounts) -> Turns:
        """Play one round; see ``games.base.Table``."""
        self.game.begin(self.state, round)
        choices: Choices = {}
        for stage in self.game.stages(self.state):
            self._now = (stage, round, choices)
            chosen = self.game.choose(self.state, stage, round, behaviour, choices)
            chosen[0, self.players] = self.game.idle
            if not self.game.over(self.state):
                yield from self._ask(chosen[0])
            choices = {**choices, stage: chosen}
        self.game.resolve(self.state, choices, now)
        self._past.append(next(iter(choices.values()))[0])

    def _ask(self, chosen: Array) -> Turns:
        """Let each player choose; its view does not hold the choices of the same stage."""
        for i in self.players:
            view = self.look(i)

            def choose(action: Any, view: View = view, i: int = i) -> None:
                chosen[i] = self.game.read(self.state, view, action)

            self.carry_out(i, (yield i, view), choose)

    def settle(self, income: Array) -> None:
        """Add each agent's income of the round, payments included, (N,)."""
        super().settle(income)
        self._earned.append(income.copy())

    def look(self, i: int) -> View:
        """Return what player i sees now."""
        stage, round, choices = self._now
        hidden = "notices" in self.hides
        common = {
            **self.common(i, round),
            "stage": stage,
            "choices": tuple(chosen[i].item() for chosen in self._past),
            "all_choices": None if hidden else tuple(tuple(c.tolist()) for c in self._past),
            "earned": tuple(float(income[i]) for income in self._earned),
        }
        view: View = self.game.view(self.state, common, {} if hidden else choices)
        return view


@dataclass(frozen=True)
class Simultaneous(Game):
    """A game whose rounds have one or more stages, in each of which all agents choose at once.

    The choices of a stage are an array, (B, N, ...). ``choose`` draws them from rows of
    propensities, and a player's own choice replaces its row's.
    """

    table_type: ClassVar = Table

    @property
    def idle(self) -> float:
        """The choice of a player that takes no valid action."""
        return 0.0

    @abstractmethod
    def stages(self, state: Any) -> tuple[str, ...]:
        """Return the names of a round's stages, in order."""

    def over(self, state: Any) -> bool:
        """Return whether the episode has ended, so that players are not asked any more."""
        return False

    def begin(self, state: Any, round: int) -> None:
        """Begin a round, before anybody chooses."""

    @abstractmethod
    def choose(
        self, state: Any, stage: str, round: int, behaviour: Array, choices: Choices
    ) -> Array:
        """Return the choices of rows in a stage, given those of the round's earlier stages."""

    @abstractmethod
    def resolve(self, state: Any, choices: Choices, now: Amounts) -> None:
        """Write into ``now`` what the choices of all stages earn and give."""

    @abstractmethod
    def read(self, state: Any, view: Any, action: Any) -> float | Array:
        """Return the choice of this stage that an action states, or raise ``UserError``."""

    @abstractmethod
    def view(self, state: Any, common: dict[str, Any], choices: Choices) -> View:
        """Return the game's own view, given its common parts and the round's earlier choices.

        ``choices`` is empty where the others' acts are hidden.
        """

    def play(self, state: Any, round: int, behaviour: Array, now: Amounts) -> None:
        """Play a round of rows: every stage in turn, then their result."""
        self.begin(state, round)
        choices: Choices = {}
        for stage in self.stages(state):
            choices[stage] = self.choose(state, stage, round, behaviour, choices)
        self.resolve(state, choices, now)


def others(agents: int) -> Array:
    """Return 1 for every pair of different agents, (N, N)."""
    return np.asarray(1.0 - np.eye(agents))


@dataclass(frozen=True)
class Contribute:
    """Public goods: whole tokens for the common project."""

    tokens: int


@dataclass(frozen=True)
class Punish:
    """Public goods with punishment: dollars to spend on punishing each other agent, by number."""

    dollars: Mapping[int, float]


@dataclass(frozen=True)
class Harvest:
    """Commons: units to take from one's own part of the stock."""

    units: float


@dataclass(frozen=True)
class Choose:
    """Matrix: a move by its number, from 0, or by its name in the view."""

    move: int | str


@dataclass(frozen=True, kw_only=True)
class PublicGoodsView(View):
    """What a member of a public goods group sees; ``choices`` are tokens contributed.

    Attributes:
        endowment: tokens that each agent has in a round; a token that is kept is a dollar.
        multiplier: dollars that a contributed token makes.
        share: the part of these dollars that each agent gets.
        impact: dollars that a dollar of punishment takes; None where nobody can punish.
        contributed: in the stage "punish", each agent's tokens of this round; None if hidden.
        taken: dollars that others' punishment took from it in the last round.
    """

    endowment: int
    multiplier: float
    share: float
    impact: float | None
    contributed: tuple[float, ...] | None
    taken: float


@dataclass(frozen=True, kw_only=True)
class CommonsView(View):
    """What a user of the commons sees; ``choices`` are units harvested.

    Attributes:
        stock: units of the stock now.
        most: the largest number of units that it can harvest now.
        growth, capacity, collapse: what is left multiplies by ``growth`` up to ``capacity``, and is
            lost if it is less than ``collapse``.
    """

    stock: float
    most: float
    growth: float
    capacity: float
    collapse: float


@dataclass(frozen=True, kw_only=True)
class MatrixView(View):
    """What a player of a matrix game sees; ``choices`` are numbers of moves, from 0.

    Attributes:
        moves, their_moves: the names of its own moves and of the other's.
        payoffs: what it and the other earn, in dollars, by its own move and the other's.
        continuation: chance that another round follows.
    """

    moves: tuple[str, ...]
    their_moves: tuple[str, ...]
    payoffs: tuple[tuple[tuple[float, float], ...], ...]
    continuation: float
