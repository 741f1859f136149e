"""The sharing game in plain scalar Python: the same rules and the same record, to compare speed.

Written as one would write it without NumPy or Numba: with sets, dictionaries, lists and one
generator of random numbers. Agents are rows of propensities, like the emulated ones, in the plain
condition. Like our game it fills the flows of each round, which a mechanism pays on, and adds up
the flows that are kept.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

AGENTS, ROUNDS, PIECES, SLOTS, NEEDED, REWARD = 10, 20, 100, 2, 4, 10_000.0
PAIRS = ("asked", "withheld", "given", "answered", "falsified", "used", "credit")

Row = Mapping[str, float]
Matrix = list[list[float]]


@dataclass
class Agent:
    """The pieces and tasks of one agent, the requests to it, and the pieces that it asked for."""

    pieces: dict[int, int]  # piece: value of the copy
    tasks: list[tuple[int, ...]]
    sources: dict[int, int] = field(default_factory=dict)  # piece: the agent that sent it
    owed: list[set[int]] = field(default_factory=lambda: [set() for _ in range(AGENTS)])
    awaited: set[int] = field(default_factory=set)
    done: int = 0


class Episode:
    """One episode; ``play`` returns the tasks completed and the bonuses paid."""

    def __init__(
        self, row: Row, rate: float, seed: int, kept: tuple[str, ...] = ("given",)
    ) -> None:
        self.row, self.rate, self.random = row, rate, random.Random(seed)
        self.truth = [self._value() for _ in range(PIECES)]
        deck = self.random.sample(range(PIECES), PIECES)
        self.agents = [
            Agent({k: self.truth[k] for k in deck[i::AGENTS]}, [self._task() for _ in range(SLOTS)])
            for i in range(AGENTS)
        ]
        self.messages = self.sent = 0
        self.now, self.total = _nothing(PAIRS), _nothing(kept)
        self.produced = [0.0] * AGENTS

    def play(self) -> tuple[int, float]:
        """Play all rounds, and pay the bonus after each."""
        paid = 0.0
        for _ in range(ROUNDS):
            directory: dict[int, list[int]] = {}
            for i, agent in enumerate(self.agents):
                for piece in agent.pieces:
                    directory.setdefault(piece, []).append(i)
            self.now = _nothing(PAIRS)
            for i in self.random.sample(range(AGENTS), AGENTS):
                self._turn(i, directory)
            paid += sum(self.rate * sum(given) for given in self.now["given"])
            for name, total in self.total.items():
                for mine, new in zip(total, self.now[name], strict=True):
                    mine[:] = [a + b for a, b in zip(mine, new, strict=True)]
        return sum(agent.done for agent in self.agents), paid

    def _value(self) -> int:
        band = self.random.choices(((0, 20), (20, 60), (60, 80), (80, 101)), (5, 15, 60, 20))[0]
        return self.random.randrange(*band)

    def _task(self) -> tuple[int, ...]:
        return tuple(self.random.sample(range(PIECES), NEEDED))

    def _turn(self, i: int, directory: Mapping[int, list[int]]) -> None:
        """Submit what was complete when the turn began, ask, send, talk."""
        me, row, chance = self.agents[i], self.row, self.random.random
        lacking = {piece for task in me.tasks for piece in task if piece not in me.pieces}
        complete = [slot for slot, task in enumerate(me.tasks) if lacking.isdisjoint(task)]
        if complete and chance() < row["submit"]:
            for slot in complete:
                self._submit(i, slot)
        if chance() < row["ask"]:
            again = chance() < row.get("repeat", 0.0)
            for piece in lacking if again else lacking - me.awaited:
                self._ask_holders(i, piece, directory[piece])
        for asker, owed in enumerate(me.owed):
            if owed and chance() < row["answer"]:
                for piece in tuple(owed):
                    self._send(i, asker, piece)
        if row.get("volunteer"):
            self._volunteer(i)
        talk = row.get("chatter", 0.0)
        self.messages += int(talk) + (chance() < talk - int(talk))
        for asker, owed in enumerate(me.owed):
            self.now["withheld"][i][asker] = len(owed)

    def _submit(self, i: int, slot: int) -> None:
        me = self.agents[i]
        spoilt = [piece for piece in me.tasks[slot] if me.pieces[piece] != self.truth[piece]]
        earned = REWARD * 0.5 ** len(spoilt)
        for piece in me.tasks[slot]:
            if piece in me.sources and piece not in spoilt:
                self.now["used"][i][me.sources[piece]] += 1
                self.now["credit"][i][me.sources[piece]] += earned / NEEDED
        self.produced[i] += earned
        me.done += 1
        me.tasks[slot] = self._task()

    def _ask_holders(self, i: int, piece: int, holders: list[int]) -> None:
        one = self.random.choice(holders)
        for j in holders:
            if j == one or self.random.random() < self.row.get("breadth", 0.0):
                self._ask(i, piece, j)

    def _ask(self, i: int, piece: int, j: int) -> None:
        self.messages += 1
        self.now["asked"][i][j] += 1
        self.agents[j].owed[i].add(piece)
        self.agents[i].awaited.add(piece)

    def _send(self, i: int, j: int, piece: int) -> None:
        value, peer = self.agents[i].pieces[piece], self.agents[j]
        lies = self.row.get("falsify", 0.0)
        honest = not (lies and self.random.random() < lies)
        self.sent += honest
        if piece in peer.pieces:
            return
        if honest:
            self.now["given"][i][j] += 1
            self.now["answered"][i][j] += piece in self.agents[i].owed[j]
        else:
            value = (value + self.random.randint(1, 100)) % 101
            self.now["falsified"][i][j] += 1
        peer.pieces[piece], peer.sources[piece] = value, i
        for agent in self.agents:
            agent.owed[j].discard(piece)

    def _volunteer(self, i: int) -> None:
        for j, peer in enumerate(self.agents):
            for piece in self.agents[i].pieces.keys() - peer.pieces.keys():
                if self.random.random() < self.row["volunteer"]:
                    self._send(i, j, piece)


def _nothing(names: tuple[str, ...]) -> dict[str, Matrix]:
    return {name: [[0.0] * AGENTS for _ in range(AGENTS)] for name in names}


def play(row: Row, rate: float, seed: int) -> tuple[int, float]:
    """Play one episode; return the tasks completed and the bonuses paid, at ``rate`` a piece."""
    return Episode(row, rate, seed).play()
