"""One episode of the grants game with agents written in Python, turn by turn."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mechlab.errors import UserError
from mechlab.flows import Amounts, Array
from mechlab.games import pieces
from mechlab.games._actions import distinct_pieces, peer, whole_numbers
from mechlab.games.base import Turns
from mechlab.games.grants import _turns
from mechlab.games.grants import view as act
from mechlab.games.grants.view import Loan, Message, Notice, Piece, Task, View
from mechlab.mechanism import Mechanism

NEVER = -1  # stands for the last round of access where there is none


class Table(pieces.Table):
    """Plays the rounds of one episode and keeps what its players see."""

    turns: ClassVar = _turns

    def __init__(
        self, game: Any, start: tuple[Any, Any], mechanism: Mechanism, players: Collection[int]
    ) -> None:
        super().__init__(game, start, mechanism, players)
        self._read = Reader(self.state)
        self.family = game.family
        self._loans: dict[int, list[Loan]] = {i: [] for i in players}
        pairs = (1, game.agents, game.agents)
        self._answers = {name: np.zeros(pairs) for name in ("answered", "withheld")}  # so far

    def play(self, round: int, behaviour: Array, now: Amounts) -> Turns:
        """Play one round; requests answered and not are counted for the record, kept or not."""
        counted = {name: np.zeros_like(total) for name, total in self._answers.items()}
        yield from super().play(round, behaviour, replace(now, **counted))
        for name, amounts in counted.items():
            getattr(now, name)[...] += amounts
            self._answers[name] += amounts

    def begin_round(self) -> dict[str, Any]:
        self._until = self._read.until(self.round, self.rules.lifetime)
        return super().begin_round()

    def record(self) -> dict[int, tuple[int, int]]:
        counts = [total.sum(axis=(0, 2), dtype=int).tolist() for total in self._answers.values()]
        return dict(enumerate(zip(*counts, strict=True)))

    def notice(self, i: int, tasks: int) -> Notice:
        return Notice(self.round, i, tasks, tasks * self.rules.reward)

    def note_gifts(self) -> None:
        before, self._until = self._until, self._read.until(self.round, self.rules.lifetime)
        for j, k in np.argwhere(self._until != before).tolist():
            if j in self._loans:
                self._loans[j].append(Loan(self.round, *self._read.piece(k)))

    def apply(self, i: int, action: object) -> None:
        match action:
            case act.SendMessage(to=to, text=text, asks=asks):
                to, asks = peer(i, to, self.game.agents), self._numbers(asks)
                self.post(Message(self.round, i, to, str(text), asks))
                for number in asks:
                    self.step(_turns.ask_piece, i, to * self.family + number)
            case act.Grant(to=to, pieces=pieces):
                to = peer(i, to, self.game.agents)
                for number in self._numbers(pieces):
                    self.step(_turns.grant_piece, i, to, i * self.family + number)
            case act.SubmitTask(pieces=pieces):
                wanted = [whole_numbers("pieces", piece) for piece in pieces]
                tasks = [task.pieces for task in self._read.tasks(i)]
                self.submit(
                    i, wanted, tasks, self._access(i), "the task needs access to the pieces"
                )
            case _:
                raise UserError(f"an action of the grants game is expected, got {action!r}")

    def _numbers(self, values: object) -> tuple[int, ...]:
        return distinct_pieces(values, self.family)

    def _access(self, i: int) -> dict[Piece, int]:
        until = self._read.until(self.round, self.rules.lifetime)[i]
        held = np.flatnonzero(until >= self.round).tolist()
        return {self._read.piece(k): int(until[k]) for k in held}

    def _lent_by(self, i: int) -> dict[int, dict[int, int]]:
        until = self._read.until(self.round, self.rules.lifetime)
        until = until[:, i * self.family : (i + 1) * self.family]
        lent: dict[int, dict[int, int]] = {}
        for j, number in np.argwhere(until >= self.round).tolist():
            lent.setdefault(j, {})[number] = int(until[j, number])
        return lent

    def look(self, i: int) -> View:
        peers = range(self.game.agents)
        return View(
            **self.parts(i),
            family=self.family,
            lifetime=self.rules.lifetime,
            tasks=self._read.tasks(i),
            access=self._access(i),
            lent=self._lent_by(i),
            requests={j: some for j in peers if (some := self._read.requests(of=i, by=j))},
            awaited={j: some for j in peers if (some := self._read.requests(of=j, by=i))},
            borrowed=None if "notices" in self.hides else tuple(self._loans[i]),
        )


class Reader:
    """Reads the state of a batch of one; it returns copies."""

    def __init__(self, state: Any) -> None:
        self.state = state
        self.agents, self.family = int(state.sizes.agents), int(state.sizes.size)

    def tasks(self, i: int) -> tuple[Task, ...]:
        """Return the open tasks of agent i."""
        needed, dues = (
            self._sets("tasks", self.agents, -1)[i],
            self.state.due[0].reshape(self.agents, -1)[i],
        )
        return tuple(
            Task(tuple(map(self.piece, np.flatnonzero(pieces).tolist())), due)
            for pieces, due in zip(needed, dues.tolist(), strict=True)
        )

    def until(self, round: int, lifetime: int) -> NDArray[np.int64]:
        """Return the last round in which an agent has access to a piece: (N, N F), or NEVER."""
        last = np.where(self._sets("held", self.agents), round, NEVER)
        granted = self._sets("granted", -1, self.agents)
        for age in range(min(len(granted), round + 1)):
            recent = granted[(round - age) % len(granted)]
            last = np.where(recent, np.maximum(last, round - age + lifetime - 1), last)
        return last

    def requests(self, of: int, by: int) -> tuple[int, ...]:
        """Return one agent's requests that another has not considered, by number of the piece."""
        pieces = self._sets("pending", self.agents)[by, of * self.family : (of + 1) * self.family]
        return tuple(np.flatnonzero(pieces).tolist())

    def piece(self, k: int) -> Piece:
        """Return a piece as its owner and its number among the owner's."""
        return divmod(k, self.family)

    def _sets(self, name: str, *shape: int) -> NDArray[np.bool_]:
        """Read sets of pieces as truths, (*shape, N F)."""
        octets = np.ascontiguousarray(getattr(self.state, name)[0]).view(np.uint8)
        words = octets.reshape(*shape, 8 * int(self.state.sizes.width))
        count = self.agents * self.family
        return np.unpackbits(words, axis=-1, count=count, bitorder="little").astype(bool)
