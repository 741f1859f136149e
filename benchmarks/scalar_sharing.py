"""The sharing game in plain scalar Python: the same rules, for comparison of speed.

Written as one would write it without NumPy or Numba: sets, dictionaries and one random generator.
Agents are rows of propensities (ask, breadth, answer, submit, chatter), as the emulated ones are.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

AGENTS, ROUNDS, PIECES, SLOTS, NEEDED, REWARD = 10, 20, 100, 2, 4, 10_000.0


@dataclass
class Agent:
    """What one agent has and is asked for."""

    pieces: set[int]
    tasks: list[frozenset[int]]
    requests: list[tuple[int, int]] = field(default_factory=list)
    done: int = 0


def play(row: Mapping[str, float], rate: float, seed: int) -> tuple[int, float]:
    """Play one episode; return the tasks completed and the bonuses paid, at ``rate`` a piece."""
    luck = random.Random(seed)
    deck = luck.sample(range(PIECES), PIECES)
    agents = [
        Agent(set(deck[i::AGENTS]), [_task(luck) for _ in range(SLOTS)]) for i in range(AGENTS)
    ]
    paid = 0.0
    for _ in range(ROUNDS):
        directory: dict[int, list[int]] = {}
        for i, agent in enumerate(agents):
            for piece in agent.pieces:
                directory.setdefault(piece, []).append(i)
        given = [0] * AGENTS
        for i in luck.sample(range(AGENTS), AGENTS):
            given[i] += _turn(agents, i, directory, row, luck)
        paid += sum(rate * count for count in given)  # the mechanism, paid every round
    return sum(agent.done for agent in agents), paid


def _task(luck: random.Random) -> frozenset[int]:
    return frozenset(luck.sample(range(PIECES), NEEDED))


def _turn(
    agents: list[Agent],
    i: int,
    directory: Mapping[int, list[int]],
    row: Mapping[str, float],
    luck: random.Random,
) -> int:
    """Submit what was complete when the turn began, answer, ask; return the pieces given."""
    me = agents[i]
    complete = [slot for slot, task in enumerate(me.tasks) if task <= me.pieces]
    lacking = set().union(*me.tasks) - me.pieces
    for slot in complete:
        if luck.random() < row["submit"]:
            me.done += 1
            me.tasks[slot] = _task(luck)
    given = 0
    for asker, piece in me.requests:
        if luck.random() < row["answer"] and piece not in agents[asker].pieces:
            agents[asker].pieces.add(piece)
            given += 1
    me.requests.clear()
    for piece in lacking:
        if luck.random() < row["ask"]:
            holders = directory[piece]
            by_lot = luck.choice(holders)
            for j in holders:
                if j == by_lot or luck.random() < row["breadth"]:
                    agents[j].requests.append((i, piece))
    return given
