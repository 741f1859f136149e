"""What players of the simultaneous games see, and what they may do on a turn: one action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mechlab.games.simultaneous import View


@dataclass(frozen=True)
class Contribute:
    """Public goods: whole tokens for the common project."""

    tokens: int


@dataclass(frozen=True)
class Punish:
    """Public goods with punishment: dollars to spend on punishing others, by their numbers."""

    dollars: Mapping[int, float]


@dataclass(frozen=True)
class Harvest:
    """Commons: units to take from the own part of the stock."""

    units: float


@dataclass(frozen=True)
class Choose:
    """Matrix: a move by its number, from 0, or by its name in the view."""

    move: int | str


@dataclass(frozen=True)
class PublicGoodsView(View):
    """What a member of a public goods group sees; ``own`` and ``made`` are tokens contributed.

    Attributes:
        endowment: tokens that each has in a round; one that is kept is a dollar.
        multiplier: dollars that a contributed token makes. share: what each agent has of them.
        impact: dollars that a dollar of punishment takes; None where nobody can punish.
        contributed: in the stage "punish", what all contributed this round; None if hidden.
        taken: dollars that others' punishment took from it in the last round.
    """

    endowment: int
    multiplier: float
    share: float
    impact: float | None
    contributed: tuple[float, ...] | None
    taken: float


@dataclass(frozen=True)
class CommonsView(View):
    """What a user of the commons sees; ``own`` and ``made`` are units harvested.

    Attributes:
        stock: units that there are now. most: units that it can harvest now.
        growth, capacity, collapse: what is left multiplies by ``growth`` up to ``capacity``, and is
            lost if it is less than ``collapse``.
    """

    stock: float
    most: float
    growth: float
    capacity: float
    collapse: float


@dataclass(frozen=True)
class MatrixView(View):
    """What a player of a matrix game sees; ``own`` and ``made`` are numbers of moves, from 0.

    Attributes:
        moves, their_moves: the names of its own moves and of the other's.
        payoffs: by own move and the other's, what it and the other earn, in dollars.
        continuation: chance that another round follows.
    """

    moves: tuple[str, ...]
    their_moves: tuple[str, ...]
    payoffs: tuple[tuple[tuple[float, float], ...], ...]
    continuation: float
