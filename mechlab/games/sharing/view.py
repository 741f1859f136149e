"""What an agent written in Python sees on its turn in the sharing game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mechlab.games.players import Refusal as Refusal  # what a turn is, and what was refused of it
from mechlab.games.players import Turn as Turn
from mechlab.games.sharing.state import State


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


Pieces = tuple[int, ...]


class Reading:
    """Reads a batch of one; what it returns is a copy."""

    def __init__(self, state: State) -> None:
        sizes = state.sizes
        self.state, self.agents, self.pieces = state, int(sizes.agents), int(sizes.pieces)
        shape, width = (self.agents, -1), int(sizes.width)
        # Views of the state, whose words are sets of pieces.
        self._owned = state.owned[0].reshape(self.agents, width)
        self._tasks = state.tasks[0].reshape(*shape, width)
        self._open = state.open[0].reshape(*shape, width)
        self._values = state.value[0].reshape(shape)

    def tasks(self, i: int) -> tuple[Pieces, ...]:
        """Return the pieces that each open task of agent i needs."""
        return tuple(_pieces(task) for task in self._tasks[i])

    def held(self, i: int) -> dict[int, int]:
        """Return agent i's pieces, each with the value of its copy."""
        values = self._values[i].tolist()
        return {piece: values[piece] for piece in _pieces(self._owned[i])}

    def requests(self, of: int) -> dict[int, Pieces]:
        """Return what others asked of an agent, which holds it, and still lack, by asker."""
        return _by_agent(self._open[of] & ~self._owned)

    def awaited(self, by: int) -> dict[int, Pieces]:
        """Return what an agent asked of others, which hold it, and still lacks, by holder."""
        return _by_agent(self._open[:, by] & ~self._owned[by])

    def record(self) -> dict[int, tuple[int, int]]:
        """Return who answers: by agent, pieces asked of it that it sent, and that it did not.

        A piece that came altered, or that the asker has from somebody else, counts as neither.
        """
        held = [self.held(i) for i in range(self.agents)]

        def sent(i: int) -> int:
            came = _by_agent(self._open[i] & self._owned)
            known = ((by, k) for by, asked in came.items() for k in asked if self.giver(by, k) == i)
            return sum(held[i][k] == held[by][k] for by, k in known)

        unsent = (sum(map(len, self.requests(i).values())) for i in range(self.agents))
        return {i: (sent(i), count) for i, count in enumerate(unsent)}

    def directory(self) -> dict[int, Pieces]:
        """Return the holders of every piece when the round began, the first one first."""
        holders = self.state.holders[0].reshape(self.pieces, self.agents)
        return {k: tuple(holders[k, :n].tolist()) for k, n in enumerate(self.state.copies[0])}

    def giver(self, i: int, piece: int) -> int:
        """Return who sent agent i its copy of a piece; -1 for a copy that it was dealt."""
        return int(self.state.source[0, i * self.pieces + piece])


def _by_agent(sets: NDArray[np.uint64]) -> dict[int, Pieces]:
    """Return those of the agents' sets, (N, W), that hold anything."""
    return {i: _pieces(sets[i]) for i in np.flatnonzero(sets.any(axis=1)).tolist()}


def _pieces(words: NDArray[np.uint64]) -> Pieces:
    """Read a set of pieces from its words, (W,)."""
    bits = np.unpackbits(words.view(np.uint8), bitorder="little")
    return tuple(bits.nonzero()[0].tolist())
