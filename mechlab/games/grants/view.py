"""What a player of the grants game sees on its turn, and the actions that it can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mechlab.games import pieces
from mechlab.games.pieces import Message as Message
from mechlab.games.pieces import SendMessage as SendMessage

Piece = tuple[int, int]  # its owner, and its number among the owner's pieces


@dataclass(frozen=True)
class Grant:
    """Access for another agent to one's own pieces, by their numbers."""

    to: int
    pieces: tuple[int, ...]


@dataclass(frozen=True)
class SubmitTask:
    """Submit the open task that needs just these pieces; it fails without access to one."""

    pieces: tuple[Piece, ...]


Action = SendMessage | Grant | SubmitTask


@dataclass(frozen=True)
class Task:
    """An open task: the pieces that it needs, and the last round in which it can be submitted."""

    pieces: tuple[Piece, ...]
    due: int


@dataclass(frozen=True)
class Notice:
    """The number of tasks that an agent completed on a turn, and what it earned with them."""

    round: int
    agent: int
    tasks: int
    earned: float


@dataclass(frozen=True)
class Loan:
    """Access that an agent was granted, to piece number ``piece`` of ``giver``."""

    round: int
    giver: int
    piece: int


@dataclass(frozen=True, kw_only=True)
class View(pieces.View):
    """All that an agent knows when its turn begins.

    Pieces asked for are numbers among their owner's pieces. A request stands open until the owner's
    next turn; the record counts those that an agent could answer on its turns.

    Attributes:
        family: pieces that each agent owns, numbered from 0.
        lifetime: rounds that a grant lasts, the round of granting included.
        tasks: its open tasks.
        access: others' pieces to which it has access, each with the last round of access.
        lent: by recipient, its own pieces to which that agent has access, with the last round.
        borrowed: all access that it was ever granted; None if hidden.
    """

    family: int
    lifetime: int
    tasks: tuple[Task, ...]
    access: Mapping[Piece, int]
    lent: Mapping[int, Mapping[int, int]]
    borrowed: tuple[Loan, ...] | None

    @property
    def lacking(self) -> tuple[Piece, ...]:
        """The pieces of incomplete tasks to which it has no access in the next round."""
        open_tasks = [task for task in self.tasks if set(task.pieces) - self.access.keys()]
        needed = dict.fromkeys(piece for task in open_tasks for piece in task.pieces)
        return tuple(piece for piece in needed if self.access.get(piece, -1) <= self.round)
