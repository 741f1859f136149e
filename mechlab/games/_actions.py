"""What a player's action states, checked: whole numbers, other agents, pieces and amounts."""

from __future__ import annotations

from operator import index

from mechlab.errors import UserError


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
