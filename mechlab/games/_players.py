"""The players at a table: what the mechanism tells them, their thoughts, and refused actions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from operator import index
from typing import Any, ClassVar

import numpy as np

from mechlab.errors import UserError
from mechlab.flows import Array
from mechlab.games.base import Refusal, Turn
from mechlab.mechanism import Mechanism, Vocabulary


class Players:
    """The players at a table.

    Class attribute:
        shown: the parts that a mechanism may add to the view, which this game's view has.

    Args:
        agents: number of agents, players or not.
        vocabulary: the game's nouns, in which the mechanism states its rules.
        mechanism: decides what players are told and what is hidden from them.
        players: numbers of the agents that are players.
        limit: largest number of actions in a turn.

    Raises:
        UserError: where the mechanism shows a part that the game's view does not have.
    """

    shown: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        agents: int,
        vocabulary: Vocabulary,
        mechanism: Mechanism,
        players: Collection[int],
        limit: float = np.inf,
    ) -> None:
        if mechanism.shows - self.shown:
            parts = ", ".join(sorted(mechanism.shows - self.shown))
            raise UserError(f"{mechanism} shows players the {parts}, which this game cannot")
        self.shows = mechanism.shows
        sentences = (mechanism.rule(vocabulary), *mechanism.instructions(vocabulary))
        self.sentences = tuple(sentence for sentence in sentences if sentence)
        self.hides, self.players, self.limit = mechanism.hides, tuple(sorted(players)), limit
        self.invalid_actions = 0
        self.income = np.zeros(agents)
        self.refused: dict[int, tuple[Refusal, ...]] = dict.fromkeys(players, ())
        self._thoughts: dict[int, list[str]] = {i: [] for i in players}

    def settle(self, income: Array) -> None:
        """Add each agent's income of the round, payments included, (N,)."""
        self.income += income

    def carry_out(self, i: int, answer: object, apply: Callable[[Any], None]) -> None:
        """Carry out player i's answer, one action after the other.

        An action for which ``apply`` raises ``UserError`` is refused: counted, and shown to it.
        """
        turn = answer if isinstance(answer, Turn) else Turn(_actions(answer))
        if turn.thoughts:
            self._thoughts[i].append(turn.thoughts)
        refused = []
        for number, action in enumerate(turn.actions):
            try:
                if number >= self.limit:
                    raise UserError(f"actions in a turn are at most {self.limit}, got more")
                apply(action)
            except UserError as reason:
                refused.append(Refusal(action, str(reason)))
        self.invalid_actions += len(refused)
        self.refused[i] = tuple(refused)

    def thoughts(self, i: int) -> tuple[str, ...]:
        """Return player i's own earlier private thoughts, unless they are hidden from it."""
        return () if "thoughts" in self.hides else tuple(self._thoughts[i])

    def board(self) -> tuple[float, ...] | None:
        """Return the income of every agent so far, unless it is hidden."""
        return None if "board" in self.hides else tuple(self.income.tolist())


def _actions(answer: object) -> tuple[Any, ...]:
    """Read the actions of a turn; a single one need not stand in a list, and None is no action."""
    if answer is None:
        return ()
    single = isinstance(answer, str) or not isinstance(answer, Iterable)
    return (answer,) if single else tuple(answer)  # type: ignore[arg-type] # known to be iterable


def whole_numbers(name: str, values: object) -> tuple[int, ...]:
    """Read whole numbers of any kind (NumPy's too) from a player's action."""
    try:
        return tuple(index(number) for number in values)  # type: ignore[attr-defined] # tried
    except TypeError:
        raise UserError(f"{name} must be whole numbers, got {values!r}") from None


def peer(i: int, to: object, agents: int) -> int:
    """Read the number of another agent than i."""
    (other,) = whole_numbers("a recipient", (to,))
    if not 0 <= other < agents or other == i:
        raise UserError(f"a recipient is another agent, 0 to {agents - 1}, got {other}")
    return other


def distinct_pieces(values: object, count: int) -> tuple[int, ...]:
    """Read numbers of pieces from 0 to ``count - 1``, each at most once.

    >>> distinct_pieces([3, 1], 10)
    (3, 1)
    >>> distinct_pieces([3, 3], 10)
    Traceback (most recent call last):
    mechlab.errors.UserError: a piece is named once in an action, got [3, 3]
    """
    pieces = whole_numbers("pieces", values)
    for piece in pieces:
        if not 0 <= piece < count:
            raise UserError(f"a piece is a whole number from 0 to {count - 1}, got {piece}")
    if len(set(pieces)) < len(pieces):
        raise UserError(f"a piece is named once in an action, got {list(pieces)}")
    return pieces


def amount(name: str, value: object, high: float) -> float:
    """Read an amount from 0 to ``high``.

    >>> amount("tokens", 5, 20)
    5.0
    >>> amount("tokens", 25, 20)
    Traceback (most recent call last):
    mechlab.errors.UserError: tokens must be in [0, 20], got 25
    """
    try:
        number = float(value)  # type: ignore[arg-type] # tried
    except (TypeError, ValueError):
        raise UserError(f"{name} must be a number in [0, {high:.12g}], got {value!r}") from None
    if not 0.0 <= number <= high:
        raise UserError(f"{name} must be in [0, {high:.12g}], got {number:.12g}")
    return number
