"""The state of a batch of sharing games: a few arrays, episode axis first; deal and tasks.

B episodes, N agents, K pieces, L open tasks an agent, n pieces a task; W = ceil(N / 64) or
ceil(K / 64) 64-bit words hold one bit a piece.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mechlab.games.chance import below, branch, shuffle, uniform

ABSENT = np.int16(32767)  # later than every round: not held, and not in any directory
DEALT = np.int16(-1)

# Purposes of random numbers: children of an episode's seed.
DEAL, POOL, VALUES, TASKS, ORDER, TURN, LIE = range(7)


class State(NamedTuple):
    """Arrays of a batch; ``since`` tells both who holds a piece now and who is in the directory."""

    seeds: NDArray[np.uint64]  # (B,)
    truth: NDArray[np.int8]  # (B, K) true value of each piece, 0 to 100
    since: NDArray[np.int16]  # (B, K, N) round in which the copy came; DEALT, or ABSENT
    value: NDArray[np.int8]  # (B, K, N) value of the copy
    source: NDArray[np.int16]  # (B, K, N) agent it came from, or DEALT
    held: NDArray[np.int32]  # (B, N) number of pieces held
    tasks: NDArray[np.int16]  # (B, N, L, n) pieces that each open task needs
    drawn: NDArray[np.int32]  # (B, N) tasks drawn so far
    ready: NDArray[np.bool_]  # (B, N, L) complete when its owner's last turn began
    fresh: NDArray[np.uint64]  # (B, N, N, W) pieces asked of i by j that i has not considered
    open: NDArray[np.uint64]  # (B, N, N, W) pieces asked of i by j that j still lacks
    tried: NDArray[np.uint64]  # (B, N, N, W) pieces that i has ever asked of j
    order: NDArray[np.int16]  # (B, N) order of turns in this round
    done: NDArray[np.int32]  # (B, N) tasks completed
    feasible: NDArray[np.int32]  # (B, N) tasks that were complete at a turn's beginning
    revenue: NDArray[np.float64]  # (B, N) dollars earned from tasks
    messages: NDArray[np.int32]  # (B,) private and broadcast messages
    requested: NDArray[np.int32]  # (B,) pieces requested
    sent: NDArray[np.int32]  # (B,) pieces sent truthfully


def new_state(
    seeds: NDArray[np.uint64], agents: int, pieces: int, tasks: int, needed: int, hand: int
) -> State:
    """Deal the pieces, draw the values and the first tasks of a batch."""
    batch, words = len(seeds), -(-pieces // 64)
    copies, pairs = (batch, pieces, agents), (batch, agents, agents, words)
    state = State(
        seeds=seeds,
        truth=np.zeros((batch, pieces), np.int8),
        since=np.full(copies, ABSENT),
        value=np.zeros(copies, np.int8),
        source=np.full(copies, DEALT),
        held=np.zeros((batch, agents), np.int32),
        tasks=np.zeros((batch, agents, tasks, needed), np.int16),
        drawn=np.zeros((batch, agents), np.int32),
        ready=np.zeros((batch, agents, tasks), np.bool_),
        fresh=np.zeros(pairs, np.uint64),
        open=np.zeros(pairs, np.uint64),
        tried=np.zeros(pairs, np.uint64),
        order=np.zeros((batch, agents), np.int16),
        done=np.zeros((batch, agents), np.int32),
        feasible=np.zeros((batch, agents), np.int32),
        revenue=np.zeros((batch, agents)),
        messages=np.zeros(batch, np.int32),
        requested=np.zeros(batch, np.int32),
        sent=np.zeros(batch, np.int32),
    )
    _deal_batch(state, hand)
    return state


@njit(cache=True)
def _deal_batch(state, hand):
    for b in range(state.seeds.size):
        _draw_values(state, b)
        _deal(state, b, hand)
        for i in range(state.held.shape[1]):
            for slot in range(state.tasks.shape[2]):
                draw_task(state, b, i, slot)


@njit(cache=True)
def _draw_values(state, b):
    """5% of values in 0-19, 15% in 20-59, 60% in 60-79, 20% in 80-100, uniform within each."""
    key = branch(state.seeds[b], VALUES)
    for k in range(state.truth.shape[1]):
        band = uniform(key, 2 * k)
        low, high = 80, 101
        if band < 0.05:
            low, high = 0, 20
        elif band < 0.20:
            low, high = 20, 60
        elif band < 0.80:
            low, high = 60, 80
        state.truth[b, k] = low + below(key, 2 * k + 1, high - low)


@njit(cache=True)
def _deal(state, b, hand):
    """Deal the shuffled pieces round-robin; top up short hands from a pool of two of each."""
    pieces, agents = state.since.shape[1:]
    deck = np.arange(pieces)
    shuffle(deck, branch(state.seeds[b], DEAL))
    for position in range(pieces):
        _receive(state, b, position % agents, deck[position])
    if state.held[b].min() >= hand:
        return
    pool = np.arange(2 * pieces) % pieces
    shuffle(pool, branch(state.seeds[b], POOL))
    for i in range(agents):
        for position in range(pool.size):
            if state.held[b, i] >= hand:
                break
            k = pool[position]
            if k >= 0 and state.since[b, k, i] == ABSENT:
                _receive(state, b, i, k)
                pool[position] = -1


@njit(cache=True)
def _receive(state, b, i, k):
    state.since[b, k, i] = DEALT
    state.value[b, k, i] = state.truth[b, k]
    state.held[b, i] += 1


@njit(cache=True)
def draw_task(state, b, i, slot):
    """Fill a slot with n distinct pieces, uniform over all K; agent i's m-th task is the same for a seed."""
    key = branch(branch(branch(state.seeds[b], TASKS), i), state.drawn[b, i])
    state.drawn[b, i] += 1
    state.ready[b, i, slot] = False
    task = state.tasks[b, i, slot]
    draws = 0
    for q in range(task.size):
        repeated = True
        while repeated:
            task[q] = below(key, draws, state.truth.shape[1])
            draws += 1
            repeated = False
            for p in range(q):
                repeated = repeated or task[p] == task[q]


@njit(cache=True)
def shuffle_turns(state, round):
    """Set the order of turns of a round in every episode."""
    for b in range(state.seeds.size):
        order = state.order[b]
        for i in range(order.size):
            order[i] = i
        shuffle(order, branch(branch(state.seeds[b], ORDER), round))
