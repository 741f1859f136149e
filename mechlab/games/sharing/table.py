"""One episode of the sharing game with agents written in Python, turn by turn.

Rows of propensities and Python agents sit at one table and play through the same compiled steps;
what rows do among themselves is the same as in a batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from typing import ClassVar

from mechlab.errors import UserError
from mechlab.flows import Amounts, Array
from mechlab.games.base import Turns
from mechlab.games.flow_rows import Ledger
from mechlab.games.players import Seats, peer, whole
from mechlab.games.sharing import view as act
from mechlab.games.sharing.rules import Rules
from mechlab.games.sharing.state import DEALT, GAINED, MESSAGES, State
from mechlab.games.sharing.turns import (
    ask_by_system,
    ask_piece,
    close_turn,
    give_piece,
    open_turn,
    play_turns,
    submit_slot,
)
from mechlab.games.sharing.view import Exchange, Message, Notice, Pieces, Reading, View
from mechlab.mechanism import Mechanism, Vocabulary


class Table(Seats):
    """Plays the rounds of one episode and keeps what players are shown.

    Args:
        state, rules: of a batch of one.
        rounds: number of rounds.
        mechanism: what agents are told and not shown.
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
        self._read = Reading(state)
        super().__init__(self._read.agents, Vocabulary(), mechanism, players, rules.action_limit)
        self.state, self.rules, self.rounds = state, rules, rounds
        automated = {"asking": rules.system_asks, "answering": rules.system_answers}
        self._automated = frozenset(part for part, on in automated.items() if on)
        self._noted = int(state.counts[0, GAINED])  # pieces gained that were noted; not the deal
        self._public: list[Message] = []
        self._exchanges: list[Exchange] = []
        # Of each player, what its views show of what has passed: kept, not found again every turn.
        self._messages: dict[int, list[Message]] = {i: [] for i in players}
        self._notices: dict[int, list[Notice]] = {i: [] for i in players}
        self._sent: dict[int, dict[int, list[int]]] = {i: {} for i in players}

    def play(self, round: int, behaviour: Array, now: Amounts) -> Turns:
        """Play one round; yield each player's turn as its number and view, take its actions."""
        self.round, self.behaviour, self.ledger = round, behaviour, Ledger.of(now)
        self._board = self.board()
        self._turns(0, 0)  # begins the round
        self._directory = self._read.directory()
        self._record = self._read.record() if "record" in self.shows else None
        for position in range(self._read.agents):
            i = int(self.state.order[0, position])
            done = int(self.state.done[0, i])
            if i in self.players:
                open_turn(self.state, self.ledger, i)
                self.carry_out(i, (yield i, self.look(i)), partial(self._apply, i))
                close_turn(self.state, self.ledger, i)
            else:
                self._turns(position, position + 1)
            self._note_tasks(i, int(self.state.done[0, i]) - done)
            self._note_gains()
        if self.rules.system_asks:
            ask_by_system(self.state, self.ledger, self.rules, behaviour, round)
            self._note_gains()

    def _turns(self, start: int, stop: int) -> None:
        play_turns(self.state, self.ledger, self.rules, self.behaviour, self.round, start, stop)

    def _note_tasks(self, i: int, tasks: int) -> None:
        """Note the tasks that agent i completed on its turn."""
        if tasks:
            earned = float(self.ledger.produced[0, i])
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
                    *(self.state, self.ledger, self.rules, self.behaviour),
                    *(i, to, piece, self.round),
                )

    def _send_information(
        self, i: int, to: int, pieces: Pieces, values: Iterable[int] | None
    ) -> None:
        own = self._read.held(i)
        missing = [piece for piece in pieces if piece not in own]
        if missing:
            raise UserError(f"the sender must hold every piece, and does not hold {missing[0]}")
        told = [own[piece] for piece in pieces] if values is None else whole("values", values)
        if len(told) != len(pieces):
            raise UserError(f"values must be as many as pieces ({len(pieces)}), got {len(told)}")
        for value in told:
            if not 0 <= value <= 100:
                raise UserError(f"a value must be in [0, 100], got {value}")
        for piece, value in zip(pieces, told, strict=True):
            give_piece(self.state, self.ledger, i, to, piece, value)

    def _submit(self, i: int, pieces: Pieces) -> None:
        wanted = sorted(pieces)
        slots = [slot for slot, task in enumerate(self._read.tasks(i)) if sorted(task) == wanted]
        if not slots:
            raise UserError(f"no open task needs just the pieces {wanted}")
        missing = set(wanted) - self._read.held(i).keys()
        if missing:
            raise UserError(f"the task lacks the pieces {sorted(missing)}")
        submit_slot(self.state, self.ledger, self.rules, i, slots[0])

    def _pieces(self, named: object) -> Pieces:
        pieces = whole("pieces", named)
        last = self._read.pieces - 1
        for piece in pieces:
            if not 0 <= piece <= last:
                raise UserError(f"a piece is a whole number from 0 to {last}, got {piece}")
        if len(set(pieces)) < len(pieces):
            raise UserError(f"a piece is named once in an action, got {list(pieces)}")
        return pieces

    def look(self, i: int) -> View:
        """Return what agent i sees now; board, directory, record: those the round began with."""
        read, hidden = self._read, "notices" in self.hides
        return View(
            agent=i,
            agents=read.agents,
            round=self.round,
            rounds=self.rounds,
            reward=self.rules.reward,
            rules=self.told,
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
