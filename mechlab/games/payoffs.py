"""Payoff tables of well-known two-player games, and how a table is written."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mechlab.errors import UserError, unknown
from mechlab.flows import Array

WRITTEN = {
    # Axelrod, "The Evolution of Cooperation" (1984): T, R, P, S = 5, 3, 1, 0.
    "prisoners_dilemma": "3,3 0,5; 5,0 1,1",
    # Skyrms, "The Stag Hunt and the Evolution of Social Structure" (2004): a hare needs nobody.
    "stag_hunt": "4,4 0,3; 3,0 3,3",
    # Rapoport and Chammah, "The Game of Chicken", American Behavioral Scientist 10 (1966); the
    # order of the payoffs is theirs, T > R > S > P.
    "chicken": "3,3 1,5; 5,1 0,0",
    # Kreps, "Corporate Culture and Economic Theory" (1990): the row trusts or not, the column
    # honours that or not.
    "trust": "10,10 -5,15; 0,0 0,0",
}
TRAVELLERS = "travellers_dilemma"
NAMES = (*WRITTEN, TRAVELLERS)
_MOVES = {
    "prisoners_dilemma": (("cooperate", "defect"),) * 2,
    "stag_hunt": (("stag", "hare"),) * 2,
    "chicken": (("swerve", "straight"),) * 2,
    "trust": (("trust", "refuse"), ("honour", "abuse")),
    TRAVELLERS: (tuple(f"claim {claim}" for claim in range(100, 1, -1)),) * 2,
}


@lru_cache
def sides(table: str, player: int) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return what a player (0: the row) and the other earn, by own choice and the other's.

    >>> sides("trust", 1)
    (((10.0, 10.0), (0.0, 0.0)), ((15.0, -5.0), (0.0, 0.0)))
    """
    own, other = payoffs(table)[player], payoffs(table)[1 - player]
    pairs = np.stack([own, other] if player == 0 else [own.T, other.T], axis=2)
    return tuple(tuple((a, b) for a, b in row) for row in pairs.tolist())


def moves(table: str) -> tuple[tuple[str, ...], ...]:
    """Return the names of each player's moves; in a table without names they are numbered from 1.

    >>> moves("trust")[1]
    ('honour', 'abuse')
    """
    count = payoffs(table).shape[1]
    return _MOVES.get(table, (tuple(f"move {k + 1}" for k in range(count)),) * 2)


@lru_cache
def payoffs(table: str) -> Array:
    """Return the payoffs of the row and the column player, (2, M, M), read-only.

    Raises:
        UserError: for an unknown name, or for payoffs that are no square table of pairs.

    >>> payoffs("trust")[1]
    array([[10., 15.],
           [ 0.,  0.]])
    >>> payoffs("3,3 0,5; 5,0")
    Traceback (most recent call last):
    mechlab.errors.UserError: a payoff table has as many columns as rows (2 or more), of pairs: \
'3,3 0,5; 5,0 1,1', got '3,3 0,5; 5,0'
    """
    if not any(sign in table for sign in ",; "):
        if table not in NAMES:
            raise unknown("payoff table", table, NAMES)
        table = WRITTEN.get(table, table)
    made = _travellers() if table == TRAVELLERS else _read(table)
    made.flags.writeable = False
    return made


def _read(table: str) -> Array:
    try:
        rows = [
            [[float(number) for number in cell.split(",")] for cell in row.split()]
            for row in table.split(";")
        ]
        made = np.array(rows)
    except ValueError:
        made = np.empty(0)
    square = made.ndim == 3 and made.shape[0] == made.shape[1] > 1 and made.shape[2] == 2
    if not square or not np.isfinite(made).all():
        raise UserError(
            "a payoff table has as many columns as rows (2 or more), of pairs: "
            f"'3,3 0,5; 5,0 1,1', got {table!r}"
        )
    return np.moveaxis(made, 2, 0)


def _travellers() -> Array:
    """Claims from 100 down to 2; the lower is paid to both, 2 more to who made it, 2 less else.

    Basu, "The Traveler's Dilemma: Paradoxes of Rationality in Game Theory", American Economic
    Review 84 (1994).
    """
    claims = np.arange(100.0, 1.0, -1.0)
    own, other = claims[:, None], claims[None, :]
    row = np.minimum(own, other) + 2.0 * np.sign(other - own)
    return np.stack([row, row.T])
