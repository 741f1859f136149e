"""The interface of a game: settings, rounds that fill the flows, acts, and reference points."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
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

MOST_MEETINGS = 10**9  # of pairs of agents, in an episode: about two minutes of computing


@dataclass(frozen=True)
class Game(Parameterised, ABC):
    """A frozen dataclass of settings, with the rules of a round.

    Every game has the settings ``agents`` and ``rounds``. Behaviour is an array of propensities,
    (N, A): one row per agent, one column per entry of ``propensities``. See ``docs/games.md`` for a
    whole game in 40 lines.

    Class attributes:
        name: its name in study files and on the command line.
        fields: the fields of ``Flows`` that it fills.
        conditions: names of the rule variants; the first is the plain game.
        propensities: the columns of a behaviour, each a number from 0 to 1 unless stated.
        vocabulary: the game's own nouns, for prompts and rules.
        roles: behaviour of the scripted agents that it has: ``perfect``, ``silent``, ``saboteur``.
        references: behaviour of all agents, or of each in a sequence, at the reference points:
            ``perfect``, and ``sequential`` and ``optimum`` where they differ from it.
        extremes: pure strategies beyond the acts, which only checks try.
        repeated: whether each round is the same game again, whatever was done in earlier ones.
        alike: whether agents differ in nothing but luck, so that one may be judged for all.
        table_type: the table at which players take their turns, where the game has turns.
    """

    name: ClassVar[str]
    fields: ClassVar[frozenset[str]] = frozenset(FIELDS)
    conditions: ClassVar[tuple[str, ...]] = ("baseline",)
    propensities: ClassVar[tuple[str, ...]]
    # without words of its own, a game has none of the steps that mechanisms may advise
    vocabulary: ClassVar[Vocabulary] = Vocabulary(ask_step="", answer_step="", submit_step="")
    roles: ClassVar[Mapping[str, Mapping[str, float]]] = {}
    references: ClassVar[Mapping[str, Mapping[str, float] | Sequence[Mapping[str, float]]]]
    extremes: ClassVar[Mapping[str, Mapping[str, float]]] = {}
    repeated: ClassVar[bool] = False
    alike: ClassVar[bool] = False
    table_type: ClassVar[type[Table] | None] = None

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

    @property
    def steps(self) -> int:
        """Units of an act in a round, where it can be done in part; 1 where it cannot."""
        return 1

    @abstractmethod
    def start(self, seeds: Seeds, condition: str) -> Any:
        """Return the state of a batch of B episodes before round 0; seeds are (B,)."""

    @abstractmethod
    def play(self, state: Any, round: int, behaviour: Array, now: Amounts) -> None:
        """Play one round of every episode and write what happened into ``now``, zeros so far."""

    def prospects(self, state: Any) -> Mapping[str, Act]:
        """Return the acts as they stand in ``state``, where their worth depends on past play.

        Amounts are per agent, (N,), averaged over the episodes of the state.
        """
        return self.acts

    def habits(self, acts: Mapping[str, float]) -> Mapping[str, float]:
        """Return the other propensities of an agent of which only its acts are known."""
        return {}

    def tallies(self, state: Any) -> dict[str, Array]:
        """Return counts of whole episodes for the game's own measures, each (B,) or (B, N)."""
        return {}

    def behaviour(self, rows: list[Mapping[str, float]]) -> Array:
        """Return propensities by name, one mapping per agent, as an array, (N, A); 0 where absent.

        Raises ``UserError`` for a name that the game does not have.
        """
        for name in {name for row in rows for name in row} - set(self.propensities):
            raise unknown(f"propensity of {self.name}", name, self.propensities)
        return np.array([[row.get(name, 0.0) for name in self.propensities] for row in rows], float)

    def make_table(self, state: Any, mechanism: Mechanism, players: Collection[int]) -> Table:
        """Return a table for a batch of one; raise ``UserError`` if the game has no turns."""
        if self.table_type is None:
            raise UserError(f"the game {self.name!r} has no turns for players")
        return self.table_type(self, state, mechanism, players)

    def reference(self, name: str, agent: int = 0) -> Mapping[str, float]:
        """Return the behaviour of an agent at a reference point; by default perfect play."""
        rows = self.references.get(name, self.references["perfect"])
        return rows if isinstance(rows, Mapping) else rows[agent]

    def reference_rows(self, name: str) -> list[Mapping[str, float]]:
        """Return the behaviour of each agent at a reference point."""
        return [self.reference(name, agent) for agent in range(self.agents)]

    def check_condition(self, condition: str) -> None:
        """Raise ``UserError`` for a condition that the game does not have."""
        if condition not in self.conditions:
            raise unknown(f"condition of {self.name}", condition, self.conditions)


@runtime_checkable
class Player(Protocol):
    """An agent written in Python: one method, called on each of its turns."""

    def act(self, view: Any) -> Any:
        """Return the actions of one turn, given all that the agent sees: the game's view."""


@dataclass(frozen=True)
class Turn:
    """A player's actions on its turn, in order, and its private thoughts about them."""

    actions: Sequence[Any] = ()
    thoughts: str = ""


@dataclass(frozen=True)
class Refusal:
    """An action that could not be carried out, and why."""

    action: object
    reason: str


@dataclass(frozen=True, kw_only=True)
class View:
    """What a player of any game sees on its turn; a part that the mechanism hides is None.

    Attributes:
        agent, agents: its number, from 0, and the number of agents.
        round, rounds: the number of the round, from 0, and the number of rounds.
        rules: sentences about payments and advised steps, as the mechanism states them.
        board: income of every agent before this round, payments included, in dollars.
        refused: its own actions of its last turn that could not be carried out, and why.
        thoughts: its own earlier private thoughts; empty where they are hidden.
    """

    agent: int
    agents: int
    round: int
    rounds: int
    rules: tuple[str, ...]
    board: tuple[float, ...] | None
    refused: tuple[Refusal, ...]
    thoughts: tuple[str, ...]


Turns = Generator[tuple[int, Any], Any, None]


class Table(ABC):
    """One episode in which some agents are players, turn by turn, and the others rows.

    A table yields turns. Its driver gets the player's answer, from Python or over a network.

    Attributes:
        shown: the parts that a mechanism may add to this game's view.
        shows, hides: the parts of the view that the mechanism adds and hides.
        players: numbers of the agents that are players, not rows, in order.
        invalid_actions: number of players' actions that could not be carried out.
        income: income of each agent in the rounds that are settled, payments included, (N,).
        refused: by player, the actions of its last turn that could not be carried out, and why.

    It is made from the state of a batch of one; ``limit`` is the largest number of actions in a
    turn. Raises ``UserError`` where the mechanism shows a part that the game's view does not have.
    """

    shown: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        game: Any,
        state: Any,
        mechanism: Mechanism,
        players: Collection[int],
        limit: float = np.inf,
    ) -> None:
        if mechanism.shows - self.shown:
            parts = ", ".join(sorted(mechanism.shows - self.shown))
            raise UserError(f"{mechanism} shows players the {parts}, which this game cannot")
        self.shows, self.hides, self.players = mechanism.shows, mechanism.hides, sorted(players)
        self.invalid_actions, self.income = 0, np.zeros(game.agents)
        self.refused: dict[int, tuple[Refusal, ...]] = dict.fromkeys(players, ())
        words = game.vocabulary
        sentences = (mechanism.rule(words), *mechanism.instructions(words))
        self._rules = tuple(sentence for sentence in sentences if sentence)
        self.game, self.state, self._limit = game, state, limit
        self._thoughts: dict[int, list[str]] = {i: [] for i in players}

    @abstractmethod
    def play(self, round: int, behaviour: Array, now: Amounts) -> Turns:
        """Play one round, write the flows into ``now``; yield number and view, receive actions."""

    @abstractmethod
    def look(self, i: int) -> Any:
        """Return what player i sees now, on its turn or not, once the first turn has begun."""

    def settle(self, income: Array) -> None:
        """Add each agent's income of the round, payments included, (N,)."""
        self.income += income

    def board(self) -> tuple[float, ...] | None:
        """Return the income of every agent so far, unless it is hidden."""
        return None if "board" in self.hides else tuple(self.income.tolist())

    def common(self, i: int, round: int) -> dict[str, Any]:
        """Return the parts of player i's view that all games share; see ``View``."""
        return {
            "agent": i,
            "agents": self.game.agents,
            "round": round,
            "rounds": self.game.rounds,
            "rules": self._rules,
            "board": self.board(),
            "refused": self.refused[i],
            "thoughts": () if "thoughts" in self.hides else tuple(self._thoughts[i]),
        }

    def carry_out(self, i: int, answer: object, apply: Callable[[Any], None]) -> None:
        """Carry out player i's actions; where ``apply`` raises ``UserError``, one is refused."""
        turn = answer if isinstance(answer, Turn) else Turn(_actions(answer))
        if turn.thoughts:
            self._thoughts[i].append(turn.thoughts)
        refused = []
        for number, action in enumerate(turn.actions):
            try:
                if number >= self._limit:
                    raise UserError(f"actions in a turn are at most {self._limit}, got more")
                apply(action)
            except UserError as reason:
                refused.append(Refusal(action, str(reason)))
        self.invalid_actions += len(refused)
        self.refused[i] = tuple(refused)


def _actions(answer: object) -> tuple[Any, ...]:
    """Read the actions of a turn; a single one need not stand in a list, and None is no action."""
    if isinstance(answer, Iterable) and not isinstance(answer, str):
        return tuple(answer)
    return () if answer is None else (answer,)


GAMES = Registry[type[Game]]("game", "mechlab.games")

G = TypeVar("G", bound=type[Game])


def game(cls: G) -> G:
    """Register a game class under its ``name``; the outermost decorator of the class."""
    GAMES.add(cls.name, cls)
    return cls


def make_game(name: str | Game, settings: Mapping[str, Any] | None = None) -> Game:
    """Return the named game with its settings; a game that is ready is returned unchanged.

    Raises ``UserError`` for an unknown game or setting, a value out of range, or episodes that
    would take minutes each.

    >>> make_game("sharing", {"rounds": 30}).rounds
    30
    """
    if isinstance(name, Game):
        return name
    game: Game = GAMES.get(name).build(dict(settings or {}))
    if game.agents**2 * game.rounds > MOST_MEETINGS:
        raise UserError(
            f"agents * agents * rounds must be at most {MOST_MEETINGS:,}, got {game.agents} agents "
            f"and {game.rounds} rounds: an episode would take minutes"
        )
    return game
