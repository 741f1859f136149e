"""The state of a batch of sharing games: a few arrays, episode axis first.

B episodes, N agents, K pieces, L open tasks an agent, n pieces a task. Sets of agents and of pieces
are bits of 64-bit words: V = ceil(N / 64) words a set of agents, W = ceil(K / 64) a set of pieces.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mechlab.flows import Amounts, Array


DEALT = np.int16(-1)  # source of a copy that no agent sent


# Columns of ``counts``: private and broadcast messages, pieces requested, pieces sent truthfully.
MESSAGES, REQUESTED, SENT = range(3)


class State(NamedTuple):
    """Arrays of a batch of episodes."""

    seeds: NDArray[np.uint64]  # (B,)
    truth: NDArray[np.int8]  # (B, K) true value of each piece, 0 to 100
    holders: NDArray[np.uint64]  # (B, K, V) agents that hold a piece now
    directory: NDArray[np.uint64]  # (B, K, V) agents that held it when the round began
    value: NDArray[np.int8]  # (B, K, N) value of the copy, where held
    source: NDArray[np.int16]  # (B, K, N) agent that sent the copy, or DEALT, where held
    held: NDArray[np.int32]  # (B, N) number of pieces held
    tasks: NDArray[np.int16]  # (B, N, L, n) pieces that each open task needs
    drawn: NDArray[np.int32]  # (B, N) tasks drawn so far
    ready: NDArray[np.bool_]  # (B, N, L) complete when its owner's last turn began
    fresh: NDArray[np.uint64]  # (B, N, N, W) pieces asked of i by j that i has not considered
    open: NDArray[np.uint64]  # (B, N, K, V) holders asked by i for a piece that it still lacks
    owed: NDArray[np.int32]  # (B, N, N) number of pieces asked of i by j that j still lacks
    tried: NDArray[np.uint64]  # (B, N, K, V) holders whom a thorough agent i has ever asked
    order: NDArray[np.int16]  # (B, N) order of turns in this round
    done: NDArray[np.int32]  # (B, N) tasks completed
    feasible: NDArray[np.int32]  # (B, N) tasks that were complete at a turn's beginning
    counts: NDArray[np.int32]  # (B, 3) see MESSAGES, REQUESTED, SENT


def empty_state(
    seeds: NDArray[np.uint64], agents: int, pieces: int, tasks: int, needed: int
) -> State:
    """Allocate a batch in which nothing is dealt yet."""
    batch, of_agents, of_pieces = len(seeds), -(-agents // 64), -(-pieces // 64)
    copies, holders = (batch, pieces, agents), (batch, pieces, of_agents)
    asked = (batch, agents, pieces, of_agents)
    return State(
        seeds=seeds,
        truth=np.zeros((batch, pieces), np.int8),
        holders=np.zeros(holders, np.uint64),
        directory=np.zeros(holders, np.uint64),
        value=np.zeros(copies, np.int8),
        source=np.full(copies, DEALT),
        held=np.zeros((batch, agents), np.int32),
        tasks=np.zeros((batch, agents, tasks, needed), np.int16),
        drawn=np.zeros((batch, agents), np.int32),
        ready=np.zeros((batch, agents, tasks), np.bool_),
        fresh=np.zeros((batch, agents, agents, of_pieces), np.uint64),
        open=np.zeros(asked, np.uint64),
        owed=np.zeros((batch, agents, agents), np.int32),
        tried=np.zeros(asked, np.uint64),
        order=np.zeros((batch, agents), np.int16),
        done=np.zeros((batch, agents), np.int32),
        feasible=np.zeros((batch, agents), np.int32),
        counts=np.zeros((batch, 3), np.int32),
    )


class Ledger(NamedTuple):
    """The arrays of ``Amounts``, for compiled code."""

    asked: Array
    withheld: Array
    given: Array
    answered: Array
    falsified: Array
    used: Array
    credit: Array
    produced: Array

    @classmethod
    def of(cls, now: Amounts) -> "Ledger":
        """View the arrays of ``now``."""
        return cls(**dict(now.arrays()))
