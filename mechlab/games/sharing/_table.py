"""One episode of the sharing game with agents written in Python, turn by turn."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mechlab.errors import UserError
from mechlab.flows import Amounts, Array
from mechlab.games import pieces
from mechlab.games._actions import distinct_pieces, peer, whole_numbers
from mechlab.games._compiled import MESSAGES
from mechlab.games.base import Turns
from mechlab.games.sharing import _turns
from mechlab.games.sharing import view as act
from mechlab.games.sharing._state import DEALT, GAINED
from mechlab.games.sharing.view import Exchange, Message, Notice, View
from mechlab.mechanism import Mechanism

Pieces = tuple[int, ...]


class Table(pieces.Table):
    """Plays the rounds of one episode and keeps what its players see."""

    turns: ClassVar = _turns

    def __init__(
        self, game: Any, start: tuple[Any, Any], mechanism: Mechanism, players: Collection[int]
    ) -> None:
        super().__init__(game, start, mechanism, players, game.action_limit or np.inf)
        self._read = Reader(self.state)
        automated = {"asking": self.rules.system_asks, "answering": self.rules.system_answers}
        self._automated = frozenset(part for part, on in automated.items() if on)
        self._noted = int(self.state.counts[0, GAINED])  # pieces gained so far, the deal included
        self._public: list[Message] = []
        self._exchanges: list[Exchange] = []
        self._sent: dict[int, dict[int, list[int]]] = {i: {} for i in players}  # as ``_messages``

    def play(self, round: int, behaviour: Array, now: Amounts) -> Turns:
        """Play one round, the system's requests at its end included."""
        yield from super().play(round, behaviour, now)
        if self.rules.system_asks:
            self.step(_turns.ask_by_system)
            self.note_gifts()

    def begin_round(self) -> dict[str, Any]:
        return {**super().begin_round(), "directory": self._read.directory()}

    def record(self) -> dict[int, tuple[int, int]]:
        return self._read.record()

    def notice(self, i: int, tasks: int) -> Notice:
        earned = float(self.flows.produced[0, i])
        return Notice(self.round, i, tasks, earned, tasks * self.rules.reward - earned)

    def note_gifts(self) -> None:
        for entry in self.state.gains[0, self._noted : self.state.counts[0, GAINED]].tolist():
            piece, receiver = entry >> 16, entry & 0xFFFF
            giver = self._read.giver(receiver, piece)
            if giver != DEALT:
                self._exchanges.append(Exchange(self.round, giver, receiver, piece))
                if giver in self._sent:
                    self._sent[giver].setdefault(receiver, []).append(piece)
        self._noted = int(self.state.counts[0, GAINED])

    def apply(self, i: int, action: object) -> None:
        match action:
            case act.SendMessage(to=to, text=text, asks=asks):
                to, asks = peer(i, to, self.game.agents), self._pieces(asks)
                self.post(Message(self.round, i, to, str(text), asks))
                for piece in () if self.rules.system_asks else asks:
                    self.step(_turns.ask_piece, i, to, piece)
            case act.Broadcast(text=text):
                self._public.append(Message(self.round, i, None, str(text)))
                self.state.counts[0, MESSAGES] += 1
            case act.SendInformation(to=to, pieces=pieces, values=values):
                to = peer(i, to, self.game.agents)
                self._send_information(i, to, self._pieces(pieces), values)
            case act.SubmitTask(pieces=pieces):
                held, wanted = self._read.held(i), self._pieces(pieces)
                self.submit(i, wanted, self._read.tasks(i), held, "the task lacks the pieces")
            case _:
                raise UserError(f"an action of the sharing game is expected, got {action!r}")

    def _send_information(
        self, i: int, to: int, pieces: Pieces, values: Iterable[int] | None
    ) -> None:
        held = self._read.held(i)
        missing = [piece for piece in pieces if piece not in held]
        if missing:
            raise UserError(f"the sender must hold every piece, and does not hold {missing[0]}")
        sent = [held[k] for k in pieces] if values is None else whole_numbers("values", values)
        if len(sent) != len(pieces):
            raise UserError(f"values must be as many as pieces ({len(pieces)}), got {len(sent)}")
        for value in sent:
            if not 0 <= value <= 100:
                raise UserError(f"a value must be in [0, 100], got {value}")
        for piece, value in zip(pieces, sent, strict=True):
            self.step(_turns.give_piece, i, to, piece, value)

    def _pieces(self, values: object) -> Pieces:
        return distinct_pieces(values, self._read.pieces)

    def look(self, i: int) -> View:
        return View(
            **self.parts(i),
            tasks=self._read.tasks(i),
            pieces=self._read.held(i),
            requests=self._read.requests(of=i),
            awaited=self._read.awaited(by=i),
            sent={j: tuple(pieces) for j, pieces in sorted(self._sent[i].items())},
            public=tuple(self._public),
            exchanges=None if "notices" in self.hides else tuple(self._exchanges),
            automated=self._automated,
        )


class Reader:
    """Reads the state of a batch of one; it returns copies."""

    def __init__(self, state: Any) -> None:
        self.state = state
        self.agents, self.pieces = int(state.sizes.agents), int(state.sizes.pieces)
        shape, width = (self.agents, -1), int(state.sizes.width)
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
        """Return the pieces that others asked an agent for and still lack, by asker."""
        return _by_agent(self._open[of] & ~self._owned)

    def awaited(self, by: int) -> dict[int, Pieces]:
        """Return the pieces that an agent asked others for and still lacks, by holder."""
        return _by_agent(self._open[:, by] & ~self._owned[by])

    def record(self) -> dict[int, tuple[int, int]]:
        """Return by agent how many pieces that it was asked for it sent, and how many not.

        A piece that came altered, or that the asker has from somebody else, counts as neither.
        """
        held = [self.held(i) for i in range(self.agents)]

        def sent(i: int) -> Iterator[bool]:
            for by, asked in _by_agent(self._open[i] & self._owned).items():
                yield from (held[i][k] == held[by][k] for k in asked if self.giver(by, k) == i)

        unsent = (sum(map(len, self.requests(i).values())) for i in range(self.agents))
        return {i: (sum(sent(i)), count) for i, count in enumerate(unsent)}

    def directory(self) -> dict[int, Pieces]:
        """Return the holders of every piece when the round began, in order of gain."""
        holders = self.state.holders[0].reshape(self.pieces, self.agents)
        return {k: tuple(holders[k, :n].tolist()) for k, n in enumerate(self.state.copies[0])}

    def giver(self, i: int, piece: int) -> int:
        """Return who sent agent i its copy of a piece; -1 for a copy that it was dealt."""
        return int(self.state.source[0, i * self.pieces + piece])


def _by_agent(sets: NDArray[np.uint64]) -> dict[int, Pieces]:
    """Return the agents' sets, (N, W), that are not empty, as tuples."""
    return {i: _pieces(sets[i]) for i in np.flatnonzero(sets.any(axis=1)).tolist()}


def _pieces(words: NDArray[np.uint64]) -> Pieces:
    """Read a set of pieces from its words, (W,)."""
    bits = np.unpackbits(words.view(np.uint8), bitorder="little")
    return tuple(bits.nonzero()[0].tolist())
