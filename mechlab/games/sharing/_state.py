"""The state of a batch of sharing games: a few arrays, one row per episode.

N agents, K pieces, L open tasks per agent. Sets are bits of 64-bit words.
"""

from typing import Any

import numpy as np

from mechlab.games._bitset import NOTHING, has, include
from mechlab.games._compiled import layout, make_sizes, step, whole, zeros
from mechlab.games._rng import branch, event, pick, share, shuffle, shuffled
from mechlab.games.base import Seeds

DEALT = np.int16(-1)  # source of a copy that no agent sent

# Purposes of random numbers.
DEAL, POOL, VALUES, TASKS, ORDER, TURN, GIVES, LIES, SYSTEM = range(9)

# Further columns of ``counts``: pieces gained so far, and how many of these the directory lists.
GAINED, LISTED = 3, 4

# A set of pieces has W words (``width``), a set of N W words ``spread`` words; ``traced``: 1 where
# copies are traced to their first holder. Of each array: kind of number, lengths, and what it has.
SIZES = "agents pieces slots needed width spread counters traced"
ARRAYS = {
    "truth": (np.int8, "pieces"),  # true value of each piece, 0 to 100
    "owned": (np.uint64, "agents width"),  # pieces that an agent holds now
    "gains": (np.int32, "agents pieces"),  # agent i gained k, in order, as k * 2 ** 16 + i
    "holders": (np.uint16, "pieces agents"),  # the directory: holders of each, in order of gain
    "copies": (np.uint16, "pieces"),  # number of holders in the directory
    "value": (np.int8, "agents pieces"),  # value of the agent's copy: the true one until altered
    "altered": (np.uint64, "agents width"),  # pieces of which the agent's copy is not true
    "source": (np.int16, "agents pieces"),  # agent that sent the copy, or DEALT, where held
    "tasks": (np.uint64, "agents slots width"),  # pieces that each open task needs
    "ready": (np.uint64, "agents"),  # slots of tasks that were complete when the last turn began
    "drawn": (np.int32, "agents"),  # tasks drawn so far
    # Pieces asked of i by j, held by i, also where j has them now.
    "open": (np.uint64, "agents agents width"),
    "awaited": (np.uint64, "agents width"),  # pieces that i asked for, also where it has them now
    # Number of a piece's first holders that the agent asked, if thorough.
    "tried": (np.uint16, "agents pieces"),
    "order": (np.uint16, "agents"),  # order of turns in this round
    "done": (np.int32, "agents"),  # tasks completed
    "feasible": (np.int32, "agents"),  # tasks that were complete at a turn's beginning
    "counts": (np.int32, "counters"),  # messages, pieces requested, sent truthfully; see GAINED
}
SCRATCH = {
    "wanted": (np.uint64, "width"),  # pieces that the agent on turn lacks
    "due": (np.uint64, "agents width"),  # pieces about to be sent, by the agent's partners
    "parcels": (np.uint64, "spread"),  # which words of ``due`` may hold something, as a set
}
Sizes, State, Episode, episode = layout(__name__, SIZES, ARRAYS, SCRATCH)


def empty_state(seeds: Seeds, **sizes: int) -> Any:
    """Allocate a batch in which nothing is dealt yet: agents, pieces, slots, needed, traced."""
    width = max(2, -(-sizes["pieces"] // 64))  # two by default, so that loops can be unrolled
    spread = -(-sizes["agents"] * width // 64)
    known = make_sizes(Sizes, **sizes, width=width, spread=spread, counters=5)
    return State(known, seeds, **zeros(ARRAYS, known, len(seeds)), **zeros(SCRATCH, known))


@whole
def deal(state, flows, hand, deck, pool):
    """Deal the pieces, draw the values and the first tasks of a batch.

    ``deck`` and ``pool`` are scratch space for one and two times the number of pieces.
    """
    for b in range(state.seeds.size):
        e = episode(state, flows, b)
        _draw_values(e)
        _deal_round_robin(e, deck)
        _top_up(e, hand, pool)
        for i in range(e.agents):
            for slot in range(e.slots):
                draw_task(e, i, slot)


@step
def _draw_values(e):
    """Draw values: 5% in 0-19, 15% in 20-59, 60% in 60-79, 20% in 80-100, uniform in each."""
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
    shuffled(deck, event(e.seed, DEAL, 0, 0))
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
    """Note from whom agent i has its copy of piece k."""
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
