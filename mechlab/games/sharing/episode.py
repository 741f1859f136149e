"""One episode of a batch, as the compiled steps see it: its arrays, the deal, tasks and turns."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mechlab.games.bits import NOTHING, has, include
from mechlab.games.chance import branch, event, pick, share, shuffle
from mechlab.games.compiled import step, whole
from mechlab.games.ledger import keeps, row
from mechlab.games.sharing.state import DEALT, GAINED, LISTED

# Purposes of random numbers.
DEAL, POOL, VALUES, TASKS, ORDER, TURN, GIVES, LIES, SYSTEM = range(9)


class Episode(NamedTuple):
    """The state (see ``State``) and the flows (see ``Amounts``) of one episode, without B.

    Flows that cost much to count are counted only where somebody keeps them: ``counts_...``.
    """

    agents: np.int64
    pieces: np.int64
    slots: np.int64
    needed: np.int64
    width: np.int64
    spread: np.int64
    seed: np.uint64
    truth: NDArray[Any]
    owned: NDArray[Any]
    gains: NDArray[Any]
    holders: NDArray[Any]
    copies: NDArray[Any]
    value: NDArray[Any]
    altered: NDArray[Any]
    source: NDArray[Any]
    tasks: NDArray[Any]
    ready: NDArray[Any]
    drawn: NDArray[Any]
    open: NDArray[Any]
    awaited: NDArray[Any]
    tried: NDArray[Any]
    order: NDArray[Any]
    done: NDArray[Any]
    feasible: NDArray[Any]
    counts: NDArray[Any]
    wanted: NDArray[Any]
    due: NDArray[Any]
    parcels: NDArray[Any]
    asked: NDArray[Any]
    withheld: NDArray[Any]
    given: NDArray[Any]
    answered: NDArray[Any]
    falsified: NDArray[Any]
    used: NDArray[Any]
    credit: NDArray[Any]
    produced: NDArray[Any]
    counts_withheld: np.bool_
    counts_use: np.bool_


@step
def episode(state, ledger, b):
    """View episode ``b`` of a batch; writing to the view writes to the batch.

    The length of a tuple is a constant to the compiler, which unrolls loops over words by it: a
    round with at most 128 pieces, as in the default game, takes a fifth less time.
    """
    sizes = state.sizes
    fixed = len(sizes.fixed)
    width = np.int64(fixed if fixed else sizes.width)
    return Episode(
        np.int64(sizes.agents),
        np.int64(sizes.pieces),
        np.int64(sizes.slots),
        np.int64(sizes.needed),
        width,
        np.int64(sizes.spread),
        state.seeds[b],
        state.truth[b],
        state.owned[b],
        state.gains[b],
        state.holders[b],
        state.copies[b],
        state.value[b],
        state.altered[b],
        state.source[b],
        state.tasks[b],
        state.ready[b],
        state.drawn[b],
        state.open[b],
        state.awaited[b],
        state.tried[b],
        state.order[b],
        state.done[b],
        state.feasible[b],
        state.counts[b],
        state.wanted,
        state.due,
        state.parcels,
        ledger.asked[row(b, ledger.asked)],
        ledger.withheld[row(b, ledger.withheld)],
        ledger.given[row(b, ledger.given)],
        ledger.answered[row(b, ledger.answered)],
        ledger.falsified[row(b, ledger.falsified)],
        ledger.used[row(b, ledger.used)],
        ledger.credit[row(b, ledger.credit)],
        ledger.produced[row(b, ledger.produced)],
        keeps(ledger.withheld, state.seeds.size),
        keeps(ledger.used, state.seeds.size) | keeps(ledger.credit, state.seeds.size),
    )


@whole
def deal(state, ledger, hand, deck, pool):
    """Deal the pieces, draw the values and the first tasks of a batch.

    ``deck`` and ``pool`` are scratch space for one and two times the number of pieces.
    """
    for b in range(state.seeds.size):
        e = episode(state, ledger, b)
        _draw_values(e)
        _deal_round_robin(e, deck)
        _top_up(e, hand, pool)
        for i in range(e.agents):
            for slot in range(e.slots):
                draw_task(e, i, slot)


@step
def _draw_values(e):
    """5% of values in 0-19, 15% in 20-59, 60% in 60-79, 20% in 80-100, uniform within each."""
    key = event(e.seed, VALUES, 0, 0)
    for k in range(e.pieces):
        draw = branch(key, k)
        band = share(draw)
        low, high = 80, 101
        if band < 0.05:
            low, high = 0, 20
        elif band < 0.20:
            low, high = 20, 60
        elif band < 0.80:
            low, high = 60, 80
        e.truth[k] = low + pick(draw, high - low)
    for i in range(e.agents):
        for k in range(e.pieces):
            e.value[i * e.pieces + k] = e.truth[k]


@step
def _deal_round_robin(e, deck):
    for k in range(deck.size):
        deck[k] = k
    shuffle(deck, event(e.seed, DEAL, 0, 0))
    i = 0
    for position in range(deck.size):
        _receive(e, i, np.int64(deck[position]))
        i = i + 1 if i + 1 < e.agents else 0


@step
def _top_up(e, hand, pool):
    """Fill short hands from a shuffled pool of two of each piece."""
    dealt, rest = e.pieces // e.agents, e.pieces % e.agents
    if dealt >= hand:
        return
    for position in range(pool.size):
        pool[position] = position % e.pieces
    shuffle(pool, event(e.seed, POOL, 0, 0))
    for i in range(e.agents):
        short = hand - dealt - (1 if i < rest else 0)
        for position in range(pool.size):
            k = np.int64(pool[position])
            if short > 0 and k >= 0 and not has(e.owned, i * e.width, k):
                _receive(e, i, k)
                pool[position] = -1
                short -= 1


@step
def _receive(e, i, k):
    include(e.owned, i * e.width, k)
    gain(e, i, k, DEALT)


@step
def gain(e, i, k, giver):
    """Note whose copy of piece k agent i has from now on."""
    e.source[i * e.pieces + k] = giver
    e.gains[e.counts[GAINED]] = (k << 16) | i
    e.counts[GAINED] += 1


@step
def draw_task(e, i, slot):
    """Fill a slot with distinct pieces, uniform over all; the seed fixes each agent's m-th task."""
    key = event(e.seed, TASKS, e.drawn[i], i)
    e.drawn[i] += 1
    start = (i * e.slots + slot) * e.width
    for word in range(e.width):
        e.tasks[start + word] = NOTHING
    draws, lacking = 0, e.needed
    while lacking > 0:
        k = pick(branch(key, draws), e.pieces)
        draws += 1
        if not has(e.tasks, start, k):
            include(e.tasks, start, k)
            lacking -= 1


@step
def publish(e):
    """Bring the directory up to date with what the agents hold."""
    for entry in range(e.counts[LISTED], e.counts[GAINED]):
        k, i = np.int64(e.gains[entry] >> 16), e.gains[entry] & 0xFFFF
        e.holders[k * e.agents + e.copies[k]] = i
        e.copies[k] += 1
    e.counts[LISTED] = e.counts[GAINED]


@step
def order_turns(e, round):
    """Set the order of turns of a round."""
    for i in range(e.agents):
        e.order[i] = i
    shuffle(e.order, event(e.seed, ORDER, round, 0))
