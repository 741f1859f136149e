"""What every table keeps of its players: what they were told, thought and were refused."""

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
        vocabulary: the game's nouns, in which the mechanism is told.
        mechanism: what players are told and not shown.
        players: numbers of the agents that are players.
        limit: most actions in a turn.

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
        told = (mechanism.rule(vocabulary), *mechanism.instructions(vocabulary))
        self.sentences = tuple(sentence for sentence in told if sentence)
        self.hides, self.players, self.limit = mechanism.hides, tuple(sorted(players)), limit
        self.invalid_actions = 0
        self.income = np.zeros(agents)
        self.refused: dict[int, tuple[Refusal, ...]] = dict.fromkeys(players, ())
        self._thoughts: dict[int, list[str]] = {i: [] for i in players}

    def settle(self, income: Array) -> None:
        """Book what each agent earned and was paid in the round, (N,)."""
        self.income += income

    def carry_out(self, i: int, answer: object, apply: Callable[[Any], None]) -> None:
        """Carry out what player i answered, an action at a time.

        An action for which ``apply`` raises ``UserError`` is refused: counted, and shown to it.
        """
        turn = answer if isinstance(answer, Turn) else Turn(listed(answer))
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


def listed(answer: object) -> tuple[Any, ...]:
    """Read the actions of a turn; one alone need not stand in a list, and none is None."""
    if answer is None:
        return ()
    single = isinstance(answer, str) or not isinstance(answer, Iterable)
    return (answer,) if single else tuple(answer)  # type: ignore[arg-type] # known to be iterable


def whole(what: str, given: object) -> tuple[int, ...]:
    """Read whole numbers of any kind (NumPy's too) that a player wrote."""
    try:
        return tuple(index(number) for number in given)  # type: ignore[attr-defined] # tried
    except TypeError:
        raise UserError(f"{what} must be whole numbers, got {given!r}") from None


def peer(i: int, to: object, agents: int) -> int:
    """Read the number of another agent than i."""
    (other,) = whole("a recipient", (to,))
    if not 0 <= other < agents or other == i:
        raise UserError(f"a recipient is another agent, 0 to {agents - 1}, got {other}")
    return other


def amount(what: str, given: object, most: float) -> float:
    """Read an amount from 0 to ``most``.

    >>> amount("tokens", 5, 20)
    5.0
    >>> amount("tokens", 25, 20)
    Traceback (most recent call last):
    mechlab.errors.UserError: tokens must be in [0, 20], got 25
    """
    try:
        value = float(given)  # type: ignore[arg-type] # tried
    except (TypeError, ValueError):
        raise UserError(f"{what} must be a number in [0, {most:.12g}], got {given!r}") from None
    if not 0.0 <= value <= most:
        raise UserError(f"{what} must be in [0, {most:.12g}], got {value:.12g}")
    return value
