"""What a player of the grants game sees on its turn, and the actions that it can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mechlab.games.base import Refusal

Piece = tuple[int, int]  # its owner, and its number among the owner's pieces


@dataclass(frozen=True)
class SendMessage:
    """A direct message; ``asks`` names pieces that the recipient owns, by their numbers."""

    to: int
    text: str = ""
    asks: tuple[int, ...] = ()


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
class Message:
    """A direct message as it was sent; ``asks`` are numbers of its recipient's pieces."""

    round: int
    sender: int
    to: int
    text: str
    asks: tuple[int, ...] = ()


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


@dataclass(frozen=True)
class View:
    """All that an agent knows when its turn begins.

    Parts that the mechanism hides are None (``board``, ``notices``, ``borrowed``) or empty
    (``thoughts``).

    Attributes:
        agent, agents: its number, from 0, and the number of agents.
        round, rounds: the number of the round, from 0, and the number of rounds.
        reward: revenue of a completed task, in dollars.
        family: pieces that each agent owns, numbered from 0.
        lifetime: rounds that a grant lasts, the round of granting included.
        rules: sentences about payments and advised steps, as the mechanism states them.
        board: income of every agent so far, payments included, in dollars.
        tasks: its open tasks.
        access: others' pieces to which it has access, each with the last round of access.
        lent: by recipient, its own pieces to which that agent has access, with the last round.
        requests: by asker, its own pieces that it was asked for since its last turn.
        awaited: by owner, pieces that it asked for since the owner's last turn.
        messages: direct messages that it received or sent.
        notices: tasks that others completed.
        borrowed: all access that it was ever granted.
        record: by agent, how many of the requests that it could answer on its turns it answered,
            and how many not; None unless a mechanism shows it.
        refused: its own actions of its last turn that could not be carried out, and why.
        thoughts: its own earlier private thoughts.
    """

    agent: int
    agents: int
    round: int
    rounds: int
    reward: float
    family: int
    lifetime: int
    rules: tuple[str, ...]
    board: tuple[float, ...] | None
    tasks: tuple[Task, ...]
    access: Mapping[Piece, int]
    lent: Mapping[int, Mapping[int, int]]
    requests: Mapping[int, tuple[int, ...]]
    awaited: Mapping[int, tuple[int, ...]]
    messages: tuple[Message, ...]
    notices: tuple[Notice, ...] | None
    borrowed: tuple[Loan, ...] | None
    record: Mapping[int, tuple[int, int]] | None
    refused: tuple[Refusal, ...]
    thoughts: tuple[str, ...]

    @property
    def lacking(self) -> tuple[Piece, ...]:
        """The pieces of incomplete tasks to which it has no access in the next round."""
        open_tasks = [task for task in self.tasks if set(task.pieces) - self.access.keys()]
        needed = dict.fromkeys(piece for task in open_tasks for piece in task.pieces)
        return tuple(piece for piece in needed if self.access.get(piece, -1) <= self.round)
