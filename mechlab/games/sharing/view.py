"""What an agent written in Python sees on its turn in the sharing game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mechlab.games.base import Refusal


@dataclass(frozen=True)
class SendMessage:
    """A private message; ``asks`` names the pieces that it requests from its recipient."""

    to: int
    text: str = ""
    asks: tuple[int, ...] = ()


@dataclass(frozen=True)
class Broadcast:
    """A public message."""

    text: str


@dataclass(frozen=True)
class SendInformation:
    """Copies of pieces that the sender holds; nothing is sent where one of them is not held.

    ``values`` are what is told of them, from 0 to 100, by default what the sender knows; another
    value than the sender's own is a falsified piece.
    """

    to: int
    pieces: tuple[int, ...]
    values: tuple[int, ...] | None = None


@dataclass(frozen=True)
class SubmitTask:
    """Submit the open task that needs just these pieces; with a missing piece it fails."""

    pieces: tuple[int, ...]


Action = SendMessage | Broadcast | SendInformation | SubmitTask


@dataclass(frozen=True)
class Message:
    """A message as it was sent; a public one has no recipient."""

    round: int
    sender: int
    to: int | None
    text: str
    asks: tuple[int, ...] = ()


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


@dataclass(frozen=True)
class View:
    """All that an agent knows when its turn begins.

    Board, directory and record are those of the beginning of the round. Parts that the mechanism
    hides are None (``board``, ``notices``, ``exchanges``) or empty (``thoughts``).

    Attributes:
        agent, agents, round, rounds: its number, how many there are, which round of how many.
        reward: revenue of a completed task, in dollars.
        rules: sentences about payments and advised steps, as the mechanism states them.
        board: income of every agent so far, payments included, in dollars.
        tasks: pieces that each open task needs.
        pieces: its own pieces, each with its value.
        directory: the holders of every piece.
        requests: by asker, the pieces that were asked of it and that the asker still lacks.
        awaited: by holder, the pieces that it asked for and still lacks.
        sent: by recipient, the pieces that it gave to one who lacked them.
        messages: private messages that it received or sent. public: the public channel.
        notices: what others completed and lost. exchanges: who gained which piece from whom.
        automated: what the system does in agents' names: ``asking``, ``answering``.
        record: who answers, by agent: of the pieces asked of it, how many it has sent unaltered,
            and how many it has not though the asker still lacks them; None unless a mechanism
            shows it.
        refused: its own actions of the last turn that could not be carried out, and why.
        thoughts: its own earlier private thoughts.
    """

    agent: int
    agents: int
    round: int
    rounds: int
    reward: float
    rules: tuple[str, ...]
    board: tuple[float, ...] | None
    tasks: tuple[tuple[int, ...], ...]
    pieces: Mapping[int, int]
    directory: Mapping[int, tuple[int, ...]]
    requests: Mapping[int, tuple[int, ...]]
    awaited: Mapping[int, tuple[int, ...]]
    sent: Mapping[int, tuple[int, ...]]
    messages: tuple[Message, ...]
    public: tuple[Message, ...]
    notices: tuple[Notice, ...] | None
    exchanges: tuple[Exchange, ...] | None
    automated: frozenset[str]
    record: Mapping[int, tuple[int, int]] | None
    refused: tuple[Refusal, ...]
    thoughts: tuple[str, ...]

    @property
    def lacking(self) -> tuple[int, ...]:
        """The pieces that its open tasks need and that it does not hold."""
        needed = dict.fromkeys(piece for task in self.tasks for piece in task)
        return tuple(piece for piece in needed if piece not in self.pieces)
