"""Payoff tables of well-known two-player games, and how to write a table."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mechlab.errors import UserError, unknown
from mechlab.flows import Array

_TABLES = {
    # Axelrod, "The Evolution of Cooperation" (1984): T, R, P, S = 5, 3, 1, 0.
    "prisoners_dilemma": "3,3 0,5; 5,0 1,1",
    # Skyrms, "The Stag Hunt and the Evolution of Social Structure" (2004): a hare needs nobody.
    "stag_hunt": "4,4 0,3; 3,0 3,3",
    # Rapoport and Chammah, "The Game of Chicken", American Behavioral Scientist 10 (1966); the
    # order of the payoffs is theirs, T > R > S > P.
    "chicken": "3,3 1,5; 5,1 0,0",
    # Kreps, "Corporate Culture and Economic Theory" (1990): the row player trusts or not, the
    # column player honours that or not.
    "trust": "10,10 -5,15; 0,0 0,0",
}
TRAVELLERS = "travellers_dilemma"
TABLES = (*_TABLES, TRAVELLERS)
_MOVES = {
    "prisoners_dilemma": (("cooperate", "defect"),) * 2,
    "stag_hunt": (("stag", "hare"),) * 2,
    "chicken": (("swerve", "straight"),) * 2,
    "trust": (("trust", "refuse"), ("honour", "abuse")),
    TRAVELLERS: (tuple(f"claim {claim}" for claim in range(100, 1, -1)),) * 2,
}


@lru_cache
def pairs(table: str, player: int) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return what a player (0: the row) and the other earn, by its own choice and the other's.

    >>> pairs("trust", 1)
    (((10.0, 10.0), (0.0, 0.0)), ((15.0, -5.0), (0.0, 0.0)))
    """
    own, other = payoffs(table)[player], payoffs(table)[1 - player]
    both = np.stack([own, other] if player == 0 else [own.T, other.T], axis=2)
    return tuple(tuple((a, b) for a, b in row) for row in both.tolist())


def moves(table: str) -> tuple[tuple[str, ...], ...]:
    """Return the names of each player's moves; where they have no names, numbers from 1.

    >>> moves("trust")[1]
    ('honour', 'abuse')
    """
    count = payoffs(table).shape[1]
    return _MOVES.get(table, (tuple(f"move {k + 1}" for k in range(count)),) * 2)


@lru_cache
def payoffs(table: str) -> Array:
    """Return the payoffs of the row and the column player, (2, M, M), read-only.

    Raises:
        UserError: for an unknown name, or payoffs that are not a square table of pairs.

    >>> payoffs("trust")[1]
    array([[10., 15.],
           [ 0.,  0.]])
    >>> payoffs("3,3 0,5; 5,0")
    Traceback (most recent call last):
    mechlab.errors.UserError: a payoff table has as many columns as rows (2 or more), of pairs: \
'3,3 0,5; 5,0 1,1', got '3,3 0,5; 5,0'
    """
    if not any(sign in table for sign in ",; "):
        if table not in TABLES:
            raise unknown("payoff table", table, TABLES)
        table = _TABLES.get(table, table)
    array = _travellers() if table == TRAVELLERS else _read(table)
    array.flags.writeable = False
    return array


def _read(table: str) -> Array:
    try:
        rows = [
            [[float(number) for number in cell.split(",")] for cell in row.split()]
            for row in table.split(";")
        ]
        array = np.array(rows)
    except ValueError:
        array = np.empty(0)
    square = array.ndim == 3 and array.shape[0] == array.shape[1] > 1 and array.shape[2] == 2
    if not square or not np.isfinite(array).all():
        raise UserError(
            "a payoff table has as many columns as rows (2 or more), of pairs: "
            f"'3,3 0,5; 5,0 1,1', got {table!r}"
        )
    return np.moveaxis(array, 2, 0)


def _travellers() -> Array:
    """Claims from 100 down to 2; both get the lower one, its author 2 more and the other 2 less.

    Basu, "The Traveler's Dilemma: Paradoxes of Rationality in Game Theory", American Economic
    Review 84 (1994).
    """
    claims = np.arange(100.0, 1.0, -1.0)
    own, other = claims[:, None], claims[None, :]
    row = np.minimum(own, other) + 2.0 * np.sign(other - own)
    return np.stack([row, row.T])
