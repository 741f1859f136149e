"""One episode of the sharing game with agents written in Python, turn by turn.

Rows of propensities and Python agents play at one table, through the same compiled steps; rows act
among themselves just as in a batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mechlab.errors import UserError
from mechlab.flows import Amounts, Array
from mechlab.games._compiled import FlowRows
from mechlab.games._players import Players, distinct_pieces, peer, whole_numbers
from mechlab.games.base import Turns
from mechlab.games.sharing import view as act
from mechlab.games.sharing._rules import Rules
from mechlab.games.sharing._state import DEALT, GAINED, MESSAGES, State
from mechlab.games.sharing._turns import (
    ask_by_system,
    ask_piece,
    close_turn,
    give_piece,
    open_turn,
    play_turns,
    submit_slot,
)
from mechlab.games.sharing.view import Exchange, Message, Notice, View
from mechlab.mechanism import Mechanism, Vocabulary

Pieces = tuple[int, ...]


class Table(Players):
    """Plays the rounds of one episode and keeps what its players see.

    Args:
        state, rules: of a batch of one.
        rounds: number of rounds.
        mechanism: decides what players are told and what is hidden from them.
        players: numbers of the agents that are players, not rows.
    """

    shown: ClassVar[frozenset[str]] = frozenset({"record"})

    def __init__(
        self,
        state: State,
        rules: Rules,
        rounds: int,
        mechanism: Mechanism,
        players: Collection[int],
    ) -> None:
        self._read = Reader(state)
        super().__init__(self._read.agents, Vocabulary(), mechanism, players, rules.action_limit)
        self.state, self.rules, self.rounds = state, rules, rounds
        automated = {"asking": rules.system_asks, "answering": rules.system_answers}
        self._automated = frozenset(part for part, on in automated.items() if on)
        self._noted = int(state.counts[0, GAINED])  # pieces gained so far, the deal included
        self._public: list[Message] = []
        self._exchanges: list[Exchange] = []
        # By player, what its views show of earlier turns: kept, as to collect it each turn is slow.
        self._messages: dict[int, list[Message]] = {i: [] for i in players}
        self._notices: dict[int, list[Notice]] = {i: [] for i in players}
        self._sent: dict[int, dict[int, list[int]]] = {i: {} for i in players}

    def play(self, round: int, behaviour: Array, now: Amounts) -> Turns:
        """Play one round; yield a player's number and view for each turn, receive its actions."""
        self.round, self.behaviour, self.flows = round, behaviour, FlowRows.of(now)
        self._board = self.board()
        self._turns(0, 0)  # begins the round
        self._directory = self._read.directory()
        self._record = self._read.record() if "record" in self.shows else None
        for position in range(self._read.agents):
            i = int(self.state.order[0, position])
            done = int(self.state.done[0, i])
            if i in self.players:
                open_turn(self.state, self.flows, i)
                self.carry_out(i, (yield i, self.look(i)), partial(self._apply, i))
                close_turn(self.state, self.flows, i)
            else:
                self._turns(position, position + 1)
            self._note_tasks(i, int(self.state.done[0, i]) - done)
            self._note_gains()
        if self.rules.system_asks:
            ask_by_system(self.state, self.flows, self.rules, behaviour, round)
            self._note_gains()

    def _turns(self, start: int, stop: int) -> None:
        play_turns(self.state, self.flows, self.rules, self.behaviour, self.round, start, stop)

    def _note_tasks(self, i: int, tasks: int) -> None:
        """Note the tasks that agent i completed on its turn."""
        if tasks:
            earned = float(self.flows.produced[0, i])
            lost = tasks * self.rules.reward - earned
            notice = Notice(self.round, i, tasks, earned, lost)
            for player in self._notices.keys() - {i}:
                self._notices[player].append(notice)

    def _note_gains(self) -> None:
        """Note the pieces that anybody gained since the last note."""
        for entry in self.state.gains[0, self._noted : self.state.counts[0, GAINED]].tolist():
            piece, receiver = entry >> 16, entry & 0xFFFF
            giver = self._read.giver(receiver, piece)
            if giver != DEALT:
                self._exchanges.append(Exchange(self.round, giver, receiver, piece))
                if giver in self._sent:
                    self._sent[giver].setdefault(receiver, []).append(piece)
        self._noted = int(self.state.counts[0, GAINED])

    def _apply(self, i: int, action: object) -> None:
        match action:
            case act.SendMessage(to=to, text=text, asks=asks):
                self._send_message(i, peer(i, to, self._read.agents), str(text), self._pieces(asks))
            case act.Broadcast(text=text):
                self._post(Message(self.round, i, None, str(text)))
            case act.SendInformation(to=to, pieces=pieces, values=values):
                self._send_information(
                    i, peer(i, to, self._read.agents), self._pieces(pieces), values
                )
            case act.SubmitTask(pieces=pieces):
                self._submit(i, self._pieces(pieces))
            case _:
                raise UserError(f"an action of the sharing game is expected, got {action!r}")

    def _post(self, message: Message) -> None:
        if message.to is None:
            self._public.append(message)
        else:
            for i in self._messages.keys() & {message.sender, message.to}:
                self._messages[i].append(message)
        self.state.counts[0, MESSAGES] += 1

    def _send_message(self, i: int, to: int, text: str, asks: Pieces) -> None:
        self._post(Message(self.round, i, to, text, asks))
        if not self.rules.system_asks:
            for piece in asks:
                ask_piece(
                    *(self.state, self.flows, self.rules, self.behaviour),
                    *(i, to, piece, self.round),
                )

    def _send_information(
        self, i: int, to: int, pieces: Pieces, values: Iterable[int] | None
    ) -> None:
        held = self._read.held(i)
        missing = [piece for piece in pieces if piece not in held]
        if missing:
            raise UserError(f"the sender must hold every piece, and does not hold {missing[0]}")
        sent = [held[piece] for piece in pieces]
        if values is not None:
            sent = list(whole_numbers("values", values))
        if len(sent) != len(pieces):
            raise UserError(f"values must be as many as pieces ({len(pieces)}), got {len(sent)}")
        for value in sent:
            if not 0 <= value <= 100:
                raise UserError(f"a value must be in [0, 100], got {value}")
        for piece, value in zip(pieces, sent, strict=True):
            give_piece(self.state, self.flows, i, to, piece, value)

    def _submit(self, i: int, pieces: Pieces) -> None:
        wanted = sorted(pieces)
        slots = [slot for slot, task in enumerate(self._read.tasks(i)) if sorted(task) == wanted]
        if not slots:
            raise UserError(f"no open task needs just the pieces {wanted}")
        missing = set(wanted) - self._read.held(i).keys()
        if missing:
            raise UserError(f"the task lacks the pieces {sorted(missing)}")
        submit_slot(self.state, self.flows, self.rules, i, slots[0])

    def _pieces(self, values: object) -> Pieces:
        return distinct_pieces(values, self._read.pieces)

    def look(self, i: int) -> View:
        """Return what agent i sees now; board, directory and record date from the round's start."""
        read, hidden = self._read, "notices" in self.hides
        return View(
            agent=i,
            agents=read.agents,
            round=self.round,
            rounds=self.rounds,
            reward=self.rules.reward,
            rules=self.sentences,
            board=self._board,
            tasks=read.tasks(i),
            pieces=read.held(i),
            directory=self._directory,
            requests=read.requests(of=i),
            awaited=read.awaited(by=i),
            sent={j: tuple(pieces) for j, pieces in sorted(self._sent[i].items())},
            messages=tuple(self._messages[i]),
            public=tuple(self._public),
            notices=None if hidden else tuple(self._notices[i]),
            exchanges=None if hidden else tuple(self._exchanges),
            automated=self._automated,
            record=self._record,
            refused=self.refused[i],
            thoughts=self.thoughts(i),
        )


class Reader:
    """Reads the state of a batch of one; it returns copies."""

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

        def sent(i: int) -> int:
            came = _by_agent(self._open[i] & self._owned)
            known = ((by, k) for by, asked in came.items() for k in asked if self.giver(by, k) == i)
            return sum(held[i][k] == held[by][k] for by, k in known)

        unsent = (sum(map(len, self.requests(i).values())) for i in range(self.agents))
        return {i: (sent(i), count) for i, count in enumerate(unsent)}

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
