"""What a player of the sharing game sees on its turn, and the actions that it can take."""

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
        agent, agents: its number, from 0, and the number of agents.
        round, rounds: the number of the round, from 0, and the number of rounds.
        reward: revenue of a completed task, in dollars.
        rules: sentences about payments and advised steps, as the mechanism states them.
        board: income of every agent so far, payments included, in dollars.
        tasks: pieces that each open task needs.
        pieces: its own pieces, each with its value.
        directory: the holders of every piece, in order of gain.
        requests: by asker, the pieces that it was asked for and the asker still lacks.
        awaited: by holder, the pieces that it asked for and still lacks.
        sent: by recipient, the pieces that it sent and the recipient gained.
        messages: private messages that it received or sent.
        public: the public channel.
        notices: tasks that others completed, with their losses.
        exchanges: who gained which piece from whom.
        automated: what the system does for all agents: ``asking``, ``answering``, or neither.
        record: by agent, how many of the pieces that it was asked for it sent unaltered, and how
            many it did not send and the asker still lacks; None unless a mechanism shows it.
        refused: its own actions of its last turn that could not be carried out, and why.
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
