"""One episode of the sharing game with agents written in Python, turn by turn.

Rows of propensities and Python agents sit at one table and play through the same compiled steps;
what rows do among themselves is the same as in a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mechlab.errors import UserError
from mechlab.flows import Amounts, Array
from mechlab.game import Player
from mechlab.games.sharing import actions as act
from mechlab.games.sharing.rules import Rules
from mechlab.games.sharing.state import DEALT, GAINED, MESSAGES, Ledger, State
from mechlab.games.sharing.steps import ask_piece, close_turn, give_piece, open_turn, submit_slot
from mechlab.games.sharing.turns import ask_by_system, play_turns
from mechlab.games.sharing.view import Exchange, Message, View
from mechlab.mechanism import Mechanism, Words


class Table:
    """Plays the rounds of one episode and keeps what players are shown.

    Args:
        state, rules: of a batch of one.
        rounds: number of rounds.
        mechanism: what agents are told and not shown.
        players: the Python agents, by number.
    """

    def __init__(
        self,
        state: State,
        rules: Rules,
        rounds: int,
        mechanism: Mechanism,
        players: Mapping[int, Player],
    ) -> None:
        self.state, self.rules, self.rounds, self.players = state, rules, rounds, players
        words = Words()
        told = (mechanism.rule(words), *mechanism.instructions(words))
        self.told = tuple(sentence for sentence in told if sentence)
        self.hides = mechanism.hides
        self.invalid_actions = 0
        self._noted = int(state.counts[0, GAINED])  # pieces gained that were noted; not the deal
        self._income = np.zeros(int(state.sizes.agents))
        self._messages: list[Message] = []
        self._exchanges: list[Exchange] = []
        self._completions: list[tuple[int, int]] = []  # round, agent
        self._refused: dict[int, list[act.Refusal]] = {i: [] for i in players}
        self._thoughts: dict[int, list[str]] = {i: [] for i in players}

    def play(self, round: int, behaviour: Array, now: Amounts) -> None:
        """Play one round and write what happened into ``now``."""
        self.round, self.behaviour, self.ledger = round, behaviour, Ledger.of(now)
        board = self._income.copy()
        self._turns(0, 0)  # begins the round
        directory = self._directory()
        for position in range(len(self._income)):
            i = int(self.state.order[0, position])
            before = self.state.done[0].copy()
            if i in self.players:
                self._player_turn(i, board, directory)
            else:
                self._turns(position, position + 1)
            self._note(before)
        if self.rules.system_asks:
            ask_by_system(self.state, self.ledger, self.rules, behaviour, round)

    def settle(self, income: Array) -> None:
        """Book what each agent earned and was paid in the round, (N,)."""
        self._income += income

    def _turns(self, start: int, stop: int) -> None:
        play_turns(self.state, self.ledger, self.rules, self.behaviour, self.round, start, stop)

    def _note(self, before: Any) -> None:
        """Note the completions and the exchanges of the turn that was just played."""
        for i in np.repeat(np.arange(len(before)), self.state.done[0] - before):
            self._completions.append((self.round, int(i)))
        for entry in self.state.gains[0, self._noted : self.state.counts[0, GAINED]]:
            piece, receiver = int(entry) >> 16, int(entry) & 0xFFFF
            giver = int(self.state.source[0, receiver * int(self.state.sizes.pieces) + piece])
            if giver != DEALT:
                self._exchanges.append(Exchange(self.round, giver, receiver, piece))
        self._noted = int(self.state.counts[0, GAINED])

    def _player_turn(self, i: int, board: Array, directory: Mapping[int, tuple[int, ...]]) -> None:
        open_turn(self.state, self.ledger, i)
        answer = self.players[i].act(self.view(i, board, directory))
        turn = answer if isinstance(answer, act.Turn) else act.Turn(tuple(answer or ()))
        self._refused[i] = []
        self._thoughts[i].append(turn.thoughts)
        for number, action in enumerate(turn.actions):
            try:
                if number >= self.rules.action_limit:
                    raise UserError(f"a turn has at most {self.rules.action_limit} actions")
                self._apply(i, action)
            except UserError as reason:
                self.invalid_actions += 1
                self._refused[i].append(act.Refusal(action, str(reason)))
        close_turn(self.state, self.ledger, i)

    def _apply(self, i: int, action: object) -> None:
        match action:
            case act.SendMessage(to=to, text=text, asks=asks):
                self._send_message(i, to, str(text), tuple(asks))
            case act.Broadcast(text=text):
                self._post(Message(self.round, i, None, str(text)))
            case act.SendInformation(to=to, pieces=pieces, values=values):
                self._send_information(i, to, tuple(pieces), values)
            case act.SubmitTask(pieces=pieces):
                self._submit(i, tuple(pieces))
            case _:
                raise UserError(f"an action of the sharing game is expected, got {action!r}")

    def _post(self, message: Message) -> None:
        self._messages.append(message)
        self.state.counts[0, MESSAGES] += 1

    def _send_message(self, i: int, to: int, text: str, asks: tuple[int, ...]) -> None:
        self._check_peer(i, to)
        for piece in asks:
            self._check_piece(piece)
        self._post(Message(self.round, i, to, text, asks))
        if not self.rules.system_asks:
            for piece in asks:
                ask_piece(
                    *(self.state, self.ledger, self.rules, self.behaviour),
                    *(i, to, piece, self.round),
                )

    def _send_information(
        self, i: int, to: int, pieces: tuple[int, ...], values: tuple[int, ...] | None
    ) -> None:
        self._check_peer(i, to)
        own = self._pieces(i)
        for piece in pieces:
            self._check_piece(piece)
            if piece not in own:
                raise UserError(f"the sender must hold every piece, and does not hold {piece}")
        told = tuple(own[piece] for piece in pieces) if values is None else tuple(values)
        if len(told) != len(pieces):
            raise UserError(f"values must be as many as pieces ({len(pieces)}), got {len(told)}")
        for value in told:
            if not (isinstance(value, int) and 0 <= value <= 100):
                raise UserError(f"a value must be a whole number in [0, 100], got {value!r}")
        for piece, value in zip(pieces, told, strict=True):
            give_piece(self.state, self.ledger, i, to, piece, value)

    def _submit(self, i: int, pieces: tuple[int, ...]) -> None:
        wanted = sorted(pieces)
        slots = [slot for slot, task in enumerate(self._tasks(i)) if sorted(task) == wanted]
        if not slots:
            raise UserError(f"no open task needs just the pieces {wanted}")
        missing = set(wanted) - self._pieces(i).keys()
        if missing:
            raise UserError(f"the task lacks the pieces {sorted(missing)}")
        submit_slot(self.state, self.ledger, self.rules, i, slots[0])

    def _check_peer(self, i: int, to: object) -> None:
        last = len(self._income) - 1
        if not (isinstance(to, int) and 0 <= to <= last) or to == i:
            raise UserError(f"a recipient is another agent, 0 to {last}, got {to!r}")

    def _check_piece(self, piece: object) -> None:
        last = int(self.state.sizes.pieces) - 1
        if not (isinstance(piece, int) and 0 <= piece <= last):
            raise UserError(f"a piece is a whole number from 0 to {last}, got {piece!r}")

    def view(self, i: int, board: Array, directory: Mapping[int, tuple[int, ...]]) -> View:
        """Return what agent i sees, given the board and the directory of the round."""
        names = range(len(self._income))
        messages = [m for m in self._messages if m.to is None or i in (m.sender, m.to)]
        received = [e for e in self._exchanges if e.receiver == i]
        notices = (
            *(f"round {r}: agent {j} completed a task" for r, j in self._completions if j != i),
            *(f"round {e.round}: agent {e.giver} sent you piece {e.piece}" for e in received),
        )
        return View(
            agent=i,
            agents=len(names),
            round=self.round,
            rounds=self.rounds,
            reward=self.rules.reward,
            rules=self.told,
            board=None if "board" in self.hides else tuple(map(float, board)),
            tasks=self._tasks(i),
            pieces=self._pieces(i),
            directory=directory,
            requests={j: p for j in names if (p := self._asked(of=i, by=j))},
            awaited={j: p for j in names if (p := self._asked(of=j, by=i))},
            messages=tuple(m for m in messages if m.to is not None),
            public=tuple(m for m in messages if m.to is None),
            notices=None if "notices" in self.hides else notices,
            exchanges=None if "notices" in self.hides else tuple(self._exchanges),
            refused=tuple(self._refused[i]),
            thoughts=() if "thoughts" in self.hides else tuple(filter(None, self._thoughts[i])),
        )

    def _tasks(self, i: int) -> tuple[tuple[int, ...], ...]:
        sizes = self.state.sizes
        slots = range(i * int(sizes.slots), (i + 1) * int(sizes.slots))
        return tuple(self._set(self.state.tasks, slot) for slot in slots)

    def _pieces(self, i: int) -> dict[int, int]:
        first = i * int(self.state.sizes.pieces)
        held = self._set(self.state.owned, i)
        return {piece: int(self.state.value[0, first + piece]) for piece in held}

    def _asked(self, of: int, by: int) -> tuple[int, ...]:
        asked = self._set(self.state.open, of * int(self.state.sizes.agents) + by)
        has = set(self._set(self.state.owned, by))
        return tuple(piece for piece in asked if piece not in has)

    def _set(self, sets: Any, number: int) -> tuple[int, ...]:
        """Read a set of pieces from its words."""
        width = int(self.state.sizes.width)
        words = np.ascontiguousarray(sets[0, number * width : (number + 1) * width])
        bits = np.unpackbits(words.view(np.uint8), bitorder="little")
        return tuple(np.flatnonzero(bits).tolist())

    def _directory(self) -> dict[int, tuple[int, ...]]:
        agents = int(self.state.sizes.agents)
        return {
            piece: tuple(
                self.state.holders[0, piece * agents : piece * agents + int(count)].tolist()
            )
            for piece, count in enumerate(self.state.copies[0])
        }
