"""One episode of a batch, as the compiled steps see it: its arrays, the deal, its tasks and turns."""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mechlab.games.bits import has, include
from mechlab.games.chance import below, event, shuffle, uniform
from mechlab.games.compiled import step

# Purposes of random numbers.
DEAL, POOL, VALUES, TASKS, ORDER, SUBMITS, ASKS, ANSWERS, GIVES, TALKS, LIES = range(11)


class Episode(NamedTuple):
    """The state (see ``State``) and the flows (see ``Amounts``) of one episode, without B."""

    seed: np.uint64
    truth: NDArray[Any]
    holders: NDArray[Any]
    directory: NDArray[Any]
    value: NDArray[Any]
    source: NDArray[Any]
    held: NDArray[Any]
    tasks: NDArray[Any]
    drawn: NDArray[Any]
    ready: NDArray[Any]
    fresh: NDArray[Any]
    open: NDArray[Any]
    owed: NDArray[Any]
    tried: NDArray[Any]
    order: NDArray[Any]
    done: NDArray[Any]
    feasible: NDArray[Any]
    counts: NDArray[Any]
    seeds: NDArray[Any]
    asked: NDArray[Any]
    withheld: NDArray[Any]
    given: NDArray[Any]
    answered: NDArray[Any]
    falsified: NDArray[Any]
    used: NDArray[Any]
    credit: NDArray[Any]
    produced: NDArray[Any]


@step
def episode(state, ledger, b):
    """View episode ``b`` of a batch; writing to the view writes to the batch."""
    return Episode(
        state.seeds[b],
        state.truth[b],
        state.holders[b],
        state.directory[b],
        state.value[b],
        state.source[b],
        state.held[b],
        state.tasks[b],
        state.drawn[b],
        state.ready[b],
        state.fresh[b],
        state.open[b],
        state.owed[b],
        state.tried[b],
        state.order[b],
        state.done[b],
        state.feasible[b],
        state.counts[b],
        state.seeds[b],
        ledger.asked[b],
        ledger.withheld[b],
        ledger.given[b],
        ledger.answered[b],
        ledger.falsified[b],
        ledger.used[b],
        ledger.credit[b],
        ledger.produced[b],
    )


@njit(cache=True)
def deal(state, ledger, hand):
    """Deal the pieces, draw the values and the first tasks of a batch."""
    for b in range(state.seeds.size):
        e = episode(state, ledger, b)
        _draw_values(e)
        _deal(e, hand)
        for i in range(e.held.size):
            for slot in range(e.tasks.shape[1]):
                draw_task(e, i, slot)


@njit(cache=True)
def _draw_values(e):
    """5% of values in 0-19, 15% in 20-59, 60% in 60-79, 20% in 80-100, uniform within each."""
    key = event(e.seed, VALUES, 0, 0)
    for k in range(e.truth.shape[0]):
        band = uniform(key, 2 * k)
        low, high = 80, 101
        if band < 0.05:
            low, high = 0, 20
        elif band < 0.20:
            low, high = 20, 60
        elif band < 0.80:
            low, high = 60, 80
        e.truth[k] = low + below(key, 2 * k + 1, high - low)


@njit(cache=True)
def _deal(e, hand):
    """Deal the shuffled pieces round-robin; top up short hands from a pool of two of each."""
    pieces, agents = e.value.shape
    deck = np.arange(pieces)
    shuffle(deck, event(e.seed, DEAL, 0, 0))
    for position in range(pieces):
        _receive(e, position % agents, deck[position])
    if e.held.min() >= hand:
        return
    pool = np.arange(2 * pieces) % pieces
    shuffle(pool, event(e.seed, POOL, 0, 0))
    for i in range(agents):
        for position in range(pool.size):
            if e.held[i] >= hand:
                break
            k = pool[position]
            if k >= 0 and not has(e.holders[k], i):
                _receive(e, i, k)
                pool[position] = -1


@njit(cache=True)
def _receive(e, i, k):
    include(e.holders[k], i)
    e.value[k, i] = e.truth[k]
    e.held[i] += 1


@step
def draw_task(e, i, slot):
    """Fill a slot with n distinct pieces, uniform over all K; agent i's m-th task is the same for a seed."""
    key = event(e.seed, TASKS, e.drawn[i], i)
    e.drawn[i] += 1
    e.ready[i, slot] = False
    task = e.tasks[i, slot]
    draws = 0
    for q in range(task.size):
        repeated = True
        while repeated:
            task[q] = below(key, draws, e.truth.shape[0])
            draws += 1
            repeated = False
            for p in range(q):
                repeated = repeated or task[p] == task[q]


@step
def order_turns(e, round):
    """Set the order of turns of a round."""
    order = e.order
    for i in range(order.size):
        order[i] = i
    shuffle(order, event(e.seed, ORDER, round, 0))
