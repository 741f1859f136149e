"""What a game offers: settings, rounds that fill the flows, acts, and the reference points."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mechlab.errors import UserError, unknown
from mechlab.flows import FIELDS, Amounts, Array
from mechlab.mechanism import Mechanism, Vocabulary
from mechlab.mechanism.incentives import Act
from mechlab.parameters import Parameterised
from mechlab.registry import Registry

Seeds = NDArray[np.uint64]


@dataclass(frozen=True)
class Game(Parameterised, ABC):
    """A frozen dataclass of settings, with the rules of a round.

    Every game has the settings ``agents`` and ``rounds``. Behaviour is handed in as an array of
    propensities, (N, A): a row an agent, a column an entry of ``propensities``, so that a round
    of any population is one call.

    Class attributes:
        name: its name in study files and on the command line.
        fields: the fields of ``Flows`` that it fills.
        conditions: names of the rule variants; the first is the plain game.
        propensities: the columns of a behaviour, each a number from 0 to 1 unless stated.
        vocabulary: the game's own nouns, for prompts and rules.
        roles: behaviour of the scripted agents ``perfect``, ``silent`` and ``saboteur``, where the
            game has them.
        references: behaviour of all agents at the reference points: ``perfect``, and
            ``sequential`` and ``optimum`` where they differ from it.
    """

    name: ClassVar[str]
    fields: ClassVar[frozenset[str]] = frozenset(FIELDS)
    conditions: ClassVar[tuple[str, ...]] = ("baseline",)
    propensities: ClassVar[tuple[str, ...]]
    vocabulary: ClassVar[Vocabulary] = Vocabulary()
    roles: ClassVar[Mapping[str, Mapping[str, float]]] = {}
    references: ClassVar[Mapping[str, Mapping[str, float]]]

    agents: int
    rounds: int

    @property
    @abstractmethod
    def unit(self) -> float:
        """The game's unit of account, in its money."""

    @property
    @abstractmethod
    def acts(self) -> Mapping[str, Act]:
        """The acts that payments can move, each with what one more unit of it changes."""

    @abstractmethod
    def start(self, seeds: Seeds, condition: str) -> Any:
        """Return the state of a batch of episodes before round 0; one seed an episode."""

    @abstractmethod
    def play(self, state: Any, round: int, behaviour: Array, now: Amounts) -> None:
        """Play one round of every episode and write what happened into ``now`` (given cleared)."""

    def prospects(self, state: Any) -> Mapping[str, Act]:
        """Return the acts as they stand in ``state``: by default the same in every state.

        A game in which the worth of an act depends on what has happened returns amounts per agent,
        (N,), averaged over the episodes of the state.
        """
        return self.acts

    def habits(self, acts: Mapping[str, float]) -> Mapping[str, float]:
        """Return the propensities that are no acts, for an agent known by its acts alone."""
        return {}

    def tallies(self, state: Any) -> dict[str, Array]:
        """Return counts of whole episodes for the game's own measures, each (B,) or (B, N)."""
        return {}

    def behaviour(self, rows: list[Mapping[str, float]]) -> Array:
        """Lay out named propensities, one mapping an agent, as (N, A); absent ones are 0."""
        for name in {name for row in rows for name in row} - set(self.propensities):
            raise unknown(f"propensity of {self.name}", name, self.propensities)
        return np.array([[row.get(name, 0.0) for name in self.propensities] for row in rows], float)

    def make_table(self, state: Any, mechanism: Mechanism, players: Collection[int]) -> Table:
        """Seat players at a batch of one, by their numbers; rows play on as before.

        Raises:
            UserError: for a game that is not played turn by turn.
        """
        raise UserError(f"the game {self.name!r} has no turns for players")

    def reference(self, name: str) -> Mapping[str, float]:
        """Return the behaviour of all at a reference point: perfect play unless it differs."""
        return self.references.get(name, self.references["perfect"])

    def check_condition(self, condition: str) -> None:
        """Raise ``UserError`` for a condition that the game does not have."""
        if condition not in self.conditions:
            raise unknown(f"condition of {self.name}", condition, self.conditions)


@runtime_checkable
class Player(Protocol):
    """An agent written in Python: one method, called on each of its turns."""

    def act(self, view: Any) -> Any:
        """Return the actions of one turn, given all that the agent sees (see the game's view)."""


@dataclass(frozen=True)
class Turn:
    """The actions of a player's turn, in order, and the private thoughts that go with them."""

    actions: Sequence[Any] = ()
    thoughts: str = ""


@dataclass(frozen=True)
class Refusal:
    """An action that could not be carried out, and why."""

    action: object
    reason: str


Turns = Generator[tuple[int, Any], Any, None]


class Table(Protocol):
    """One episode with players, turn by turn; see ``Game.make_table``.

    It knows of turns only: whoever drives it asks the player, at once or over a network.

    Attributes:
        invalid_actions: actions of players that could not be carried out.
        income: what each agent has earned and was paid in the rounds that were settled, (N,).
        refused: by player, the actions of its last turn that could not be carried out, with why.
    """

    invalid_actions: int
    income: Array
    refused: dict[int, tuple[Refusal, ...]]

    def play(self, round: int, behaviour: Array, now: Amounts) -> Turns:
        """Play one round and write the flows into ``now``.

        Yields the number of each player on its turn with all that it sees; takes its actions.
        """

    def look(self, i: int) -> Any:
        """Return what player i sees now, on its turn or not; from the first turn on."""

    def settle(self, income: Array) -> None:
        """Book what each agent earned and was paid in the round, (N,)."""


GAMES = Registry[type[Game]]("game", "mechlab.games")

G = TypeVar("G", bound=type[Game])


def game(cls: G) -> G:
    """Register a game class under its ``name``; the outermost decorator of the class."""
    GAMES.add(cls.name, cls)
    return cls


def make_game(name: str | Game, settings: Mapping[str, Any] | None = None) -> Game:
    """Return the named game with its settings; a ready game is returned as it is.

    >>> make_game("sharing", {"rounds": 30}).rounds
    30
    """
    if isinstance(name, Game):
        return name
    built: Game = GAMES.get(name).build(dict(settings or {}))
    return built
