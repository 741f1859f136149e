"""What a player of the sharing game sees on its turn, and the actions that it can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mechlab.games import pieces
from mechlab.games.pieces import Message as Message
from mechlab.games.pieces import SendMessage as SendMessage


@dataclass(frozen=True)
class Broadcast:
    """A public message."""

    text: str


@dataclass(frozen=True)
class SendInformation:
    """Copies of pieces; if the sender does not hold all of them, nothing is sent.

    ``values`` are the values sent with them, from 0 to 100, by default those of the sender's own
    copies; a piece with another value is falsified.
    """

    to: int
    pieces: tuple[int, ...]
    values: tuple[int, ...] | None = None


@dataclass(frozen=True)
class SubmitTask:
    """Submit the open task that needs just these pieces; it fails if the agent lacks one."""

    pieces: tuple[int, ...]


Action = SendMessage | Broadcast | SendInformation | SubmitTask


@dataclass(frozen=True)
class Exchange:
    """A copy of a piece that an agent gained from another."""

    round: int
    giver: int
    receiver: int
    piece: int


@dataclass(frozen=True)
class Notice:
    """A public notice: what an agent earned on its turn, and lost through falsified pieces."""

    round: int
    agent: int
    tasks: int
    earned: float
    lost: float


@dataclass(frozen=True, kw_only=True)
class View(pieces.View):
    """All that an agent knows when its turn begins; the directory dates from the round's start.

    Requests stand open until the asker has the piece.

    Attributes:
        tasks: pieces that each open task needs.
        pieces: its own pieces, each with its value.
        directory: the holders of every piece, in order of gain.
        sent: by recipient, the pieces that it sent and the recipient gained.
        public: the public channel.
        exchanges: who gained which piece from whom.
        automated: what the system does for all agents: ``asking``, ``answering``, or neither.
    """

    tasks: tuple[tuple[int, ...], ...]
    pieces: Mapping[int, int]
    directory: Mapping[int, tuple[int, ...]]
    sent: Mapping[int, tuple[int, ...]]
    public: tuple[Message, ...]
    exchanges: tuple[Exchange, ...] | None
    automated: frozenset[str]

    @property
    def lacking(self) -> tuple[int, ...]:
        """The pieces that its open tasks need and that it does not hold."""
        needed = dict.fromkeys(piece for task in self.tasks for piece in task)
        return tuple(piece for piece in needed if piece not in self.pieces)
