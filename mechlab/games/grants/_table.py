"""One episode of the grants game with agents written in Python, turn by turn.

Rows of propensities and Python agents play at one table, through the same compiled steps; rows act
among themselves just as in a batch.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mechlab.errors import UserError
from mechlab.flows import Amounts, Array
from mechlab.games._compiled import FlowRows
from mechlab.games._players import Players, distinct_pieces, peer, whole_numbers
from mechlab.games.base import Turns
from mechlab.games.grants import view as act
from mechlab.games.grants._state import MESSAGES, State, Terms
from mechlab.games.grants._turns import (
    BEGIN,
    ask_piece,
    close_turn,
    grant_piece,
    open_turn,
    play_turns,
    submit_slot,
)
from mechlab.games.grants.view import Loan, Message, Notice, Piece, Task, View
from mechlab.mechanism import Mechanism, Vocabulary

NEVER = -1  # stands for the last round of access where there is none


class Table(Players):
    """Plays the rounds of one episode and keeps what its players see.

    Args:
        state, terms: of a batch of one.
        rounds: number of rounds.
        vocabulary: the game's nouns.
        mechanism: decides what players are told and what is hidden from them.
        players: numbers of the agents that are players, not rows.
    """

    shown: ClassVar[frozenset[str]] = frozenset({"record"})

    def __init__(  # noqa: PLR0913 - what a table is made of
        self,
        state: State,
        terms: Terms,
        rounds: int,
        vocabulary: Vocabulary,
        mechanism: Mechanism,
        players: Collection[int],
    ) -> None:
        self._read = Reader(state)
        self.agents, self.family = self._read.agents, self._read.family
        super().__init__(self.agents, vocabulary, mechanism, players)
        self.state, self.terms, self.rounds = state, terms, rounds
        self._messages: list[Message] = []
        self._notices: list[Notice] = []
        self._loans: list[tuple[int, Loan]] = []  # receiver, loan
        self._answers = Amounts.zeros(1, self.agents, ("answered", "withheld"))  # of all rounds

    def play(self, round: int, behaviour: Array, now: Amounts) -> Turns:
        """Play one round; yield a player's number and view for each turn, receive its actions."""
        answers = Amounts.zeros(1, self.agents, ("answered", "withheld"))  # for the record
        counted = {"answered": answers.answered, "withheld": answers.withheld}
        self.round, self.behaviour = round, behaviour
        self.flows = FlowRows.of(replace(now, **counted))
        self._board, self._record = self.board(), self._recorded()
        self._turns(BEGIN, 0)
        for position in range(self.agents):
            i = int(self.state.order[0, position])
            done, until = int(self.state.done[0, i]), self._until()
            if i in self.players:
                open_turn(self.state, self.flows, self.terms, i, round)
                self.carry_out(i, (yield i, self.look(i)), partial(self._apply, i))
                close_turn(self.state, self.flows, i)
            else:
                self._turns(position, position + 1)
            self._note(i, int(self.state.done[0, i]) - done, until)
        for amounts in (now, self._answers):
            amounts.add(answers, counted)

    def _recorded(self) -> dict[int, tuple[int, int]] | None:
        """Return by agent the requests answered so far, and not, if the mechanism shows them."""
        if "record" not in self.shows:
            return None
        counts = [a.sum(axis=(0, 2)) for a in (self._answers.answered, self._answers.withheld)]
        return {
            i: (int(given), int(kept)) for i, (given, kept) in enumerate(zip(*counts, strict=True))
        }

    def _until(self) -> NDArray[np.int64]:
        return self._read.until(self.round, self.terms.lifetime)

    def _turns(self, start: int, stop: int) -> None:
        play_turns(self.state, self.flows, self.terms, self.behaviour, self.round, start, stop)

    def _note(self, i: int, tasks: int, before: Any) -> None:
        """Note the tasks that agent i completed on its turn, and all access granted during it."""
        if tasks:
            self._notices.append(Notice(self.round, i, tasks, tasks * self.terms.reward))
        for j, k in np.argwhere(self._until() != before).tolist():
            self._loans.append((j, Loan(self.round, *self._read.piece(k))))

    def _apply(self, i: int, action: object) -> None:
        match action:
            case act.SendMessage(to=to, text=text, asks=asks):
                self._send_message(i, peer(i, to, self.agents), str(text), self._numbers(asks))
            case act.Grant(to=to, pieces=pieces):
                receiver = peer(i, to, self.agents)
                for number in self._numbers(pieces):
                    k = i * self.family + number
                    grant_piece(self.state, self.flows, self.terms, i, receiver, k, self.round)
            case act.SubmitTask(pieces=pieces):
                self._submit(i, pieces)
            case _:
                raise UserError(f"an action of the grants game is expected, got {action!r}")

    def _send_message(self, i: int, to: int, text: str, asks: tuple[int, ...]) -> None:
        self._messages.append(Message(self.round, i, to, text, asks))
        self.state.counts[0, MESSAGES] += 1
        for number in asks:
            k = to * self.family + number
            ask_piece(self.state, self.flows, self.terms, self.behaviour, i, k, self.round)

    def _submit(self, i: int, pieces: Any) -> None:
        wanted = sorted(whole_numbers("pieces", piece) for piece in pieces)
        tasks = enumerate(self._read.tasks(i))
        slots = [slot for slot, task in tasks if sorted(task.pieces) == wanted]
        if not slots:
            raise UserError(f"no open task needs just the pieces {wanted}")
        missing = set(wanted) - self._access(i).keys()
        if missing:
            raise UserError(f"the task needs access to the pieces {sorted(missing)}")
        submit_slot(self.state, self.flows, self.terms, i, slots[0], self.round)

    def _numbers(self, values: object) -> tuple[int, ...]:
        return distinct_pieces(values, self.family)

    def _access(self, i: int) -> dict[Piece, int]:
        until = self._until()[i]
        held = np.flatnonzero(until >= self.round).tolist()
        return {self._read.piece(k): int(until[k]) for k in held}

    def _lent_by(self, i: int) -> dict[int, dict[int, int]]:
        until = self._until()[:, i * self.family : (i + 1) * self.family]
        lent: dict[int, dict[int, int]] = {}
        for j, number in np.argwhere(until >= self.round).tolist():
            lent.setdefault(j, {})[number] = int(until[j, number])
        return lent

    def look(self, i: int) -> View:
        """Return what agent i sees now; the board is that of the beginning of the round."""
        peers, hidden = range(self.agents), "notices" in self.hides
        return View(
            agent=i,
            agents=self.agents,
            round=self.round,
            rounds=self.rounds,
            reward=self.terms.reward,
            family=self.family,
            lifetime=self.terms.lifetime,
            rules=self.sentences,
            board=self._board,
            tasks=self._read.tasks(i),
            access=self._access(i),
            lent=self._lent_by(i),
            requests={j: some for j in peers if (some := self._read.requests(of=i, by=j))},
            awaited={j: some for j in peers if (some := self._read.requests(of=j, by=i))},
            messages=tuple(m for m in self._messages if i in (m.sender, m.to)),
            notices=None if hidden else tuple(n for n in self._notices if n.agent != i),
            borrowed=None if hidden else tuple(loan for j, loan in self._loans if j == i),
            record=self._record,
            refused=self.refused[i],
            thoughts=self.thoughts(i),
        )


class Reader:
    """Reads the state of a batch of one; it returns copies."""

    def __init__(self, state: State) -> None:
        sizes = state.sizes
        self.state, self.agents, self.family = state, int(sizes.agents), int(sizes.family)
        self._slots, self._memory = int(sizes.slots), int(sizes.memory)

    def tasks(self, i: int) -> tuple[Task, ...]:
        """Return the open tasks of agent i."""
        needed = self._sets(self.state.tasks, self.agents, self._slots)[i]
        dues = self.state.due[0].reshape(self.agents, self._slots)[i].tolist()
        return tuple(
            Task(tuple(map(self.piece, np.flatnonzero(pieces).tolist())), due)
            for pieces, due in zip(needed, dues, strict=True)
        )

    def until(self, round: int, lifetime: int) -> NDArray[np.int64]:
        """Return the last round in which an agent has access to a piece: (N, N F), or NEVER."""
        last = np.where(self._sets(self.state.held, self.agents), round, NEVER)
        granted = self._sets(self.state.granted, self._memory, self.agents)
        for age in range(min(self._memory, round + 1)):
            recent = granted[(round - age) % self._memory]
            last = np.where(recent, np.maximum(last, round - age + lifetime - 1), last)
        return last

    def requests(self, of: int, by: int) -> tuple[int, ...]:
        """Return one agent's requests that another has not considered, by number of the piece."""
        pending = self._sets(self.state.pending, self.agents)[by]
        pieces = pending[of * self.family : (of + 1) * self.family]
        return tuple(np.flatnonzero(pieces).tolist())

    def piece(self, k: int) -> Piece:
        """Return a piece as its owner and its number among the owner's."""
        return divmod(k, self.family)

    def _sets(self, words: NDArray[Any], *shape: int) -> NDArray[np.bool_]:
        """Read sets of pieces as (..., N F) truths."""
        octets = np.ascontiguousarray(words[0]).view(np.uint8).reshape(*shape, -1)
        bits = np.unpackbits(octets, axis=-1, bitorder="little")
        return bits[..., : self.agents * self.family].astype(bool)
