"""The state of a batch of sharing games: a few arrays, one row per episode.

N agents, K pieces, L open tasks per agent. Sets are bits of 64-bit words: W words for a set of
pieces, X words for a set of N W words. Rows are flat, and the compiled steps compute places from
the few sizes: twice as fast as indexing in several dimensions, where every array has its strides.
"""

import math
from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mechlab.games._bitset import NOTHING, has, include
from mechlab.games._compiled import FlowRows, keeps, row, step, whole
from mechlab.games._rng import branch, event, pick, share, shuffle

DEALT = np.int16(-1)  # source of a copy that no agent sent

# Columns of ``counts``: private and broadcast messages, pieces requested, pieces sent truthfully,
# pieces gained so far, and how many of these the directory lists.
MESSAGES, REQUESTED, SENT, GAINED, LISTED = range(5)


class Sizes(NamedTuple):
    """The sizes of an episode, in 16 bits, so that the compiler knows that no place is negative."""

    agents: np.uint16  # N
    pieces: np.uint16  # K
    slots: np.uint16  # L
    needed: np.uint16  # pieces that a task needs
    width: np.uint16  # W
    spread: np.uint16  # X
    fixed: tuple[int, ...]  # W zeros where W is 2, else none: see ``episode``

    @classmethod
    def of(cls, agents: int, pieces: int, slots: int, needed: int) -> "Sizes":
        """Compute the numbers of words; at least two for a set of pieces, as by default."""
        width = max(2, -(-pieces // 64))
        return cls(
            agents=np.uint16(agents),
            pieces=np.uint16(pieces),
            slots=np.uint16(slots),
            needed=np.uint16(needed),
            width=np.uint16(width),
            spread=np.uint16(-(-agents * width // 64)),
            fixed=(0, 0) if width == 2 else (),
        )


class State(NamedTuple):
    """Arrays of B episodes, each (B, product of its sizes), except for scratch."""

    sizes: Sizes
    seeds: NDArray[np.uint64]  # (B,)
    truth: NDArray[np.int8]  # K: true value of each piece, 0 to 100
    owned: NDArray[np.uint64]  # N W: pieces that an agent holds now
    gains: NDArray[np.int32]  # N K: agent i gained piece k, in order, as k * 2 ** 16 + i
    holders: NDArray[np.uint16]  # K N: the directory: holders of each piece, in order of gain
    copies: NDArray[np.uint16]  # K: number of holders in the directory
    value: NDArray[np.int8]  # N K: value of the agent's copy: the true one until altered
    altered: NDArray[np.uint64]  # N W: pieces of which the agent's copy is not true
    source: NDArray[np.int16]  # N K: agent that sent the copy, or DEALT, where held
    tasks: NDArray[np.uint64]  # N L W: pieces that each open task needs
    ready: NDArray[np.uint64]  # N: slots of tasks that were complete when the last turn began
    drawn: NDArray[np.int32]  # N: tasks drawn so far
    open: NDArray[np.uint64]  # N N W: pieces asked of i by j, held by i, also where j has them now
    awaited: NDArray[np.uint64]  # N W: pieces that i asked for, also where it has them now
    tried: NDArray[np.uint16]  # N K: number of a piece's first holders that it asked, if thorough
    order: NDArray[np.uint16]  # N: order of turns in this round
    done: NDArray[np.int32]  # N: tasks completed
    feasible: NDArray[np.int32]  # N: tasks that were complete at a turn's beginning
    counts: NDArray[np.int32]  # 5: see MESSAGES and so on
    wanted: NDArray[np.uint64]  # (W,) scratch: pieces that the agent on turn lacks
    due: NDArray[np.uint64]  # (N W,) scratch: pieces about to be sent, by the agent's partners
    parcels: NDArray[np.uint64]  # (X,) scratch: which words of ``due`` may hold something, as a set


def empty_state(
    seeds: NDArray[np.uint64], agents: int, pieces: int, slots: int, needed: int
) -> State:
    """Allocate a batch in which nothing is dealt yet."""
    sizes = Sizes.of(agents, pieces, slots, needed)
    width = int(sizes.width)

    def room(kind: Any, *lengths: int) -> NDArray[Any]:
        """Rows that are written before they are read."""
        return np.empty((len(seeds), math.prod(lengths)), kind)

    def rows(kind: Any, *lengths: int) -> NDArray[Any]:
        return np.zeros((len(seeds), math.prod(lengths)), kind)

    return State(
        sizes=sizes,
        seeds=seeds,
        truth=room(np.int8, pieces),
        owned=rows(np.uint64, agents, width),
        gains=room(np.int32, agents, pieces),
        holders=room(np.uint16, pieces, agents),
        copies=rows(np.uint16, pieces),
        value=room(np.int8, agents, pieces),
        altered=rows(np.uint64, agents, width),
        source=room(np.int16, agents, pieces),
        tasks=rows(np.uint64, agents, slots, width),
        ready=rows(np.uint64, agents),
        drawn=rows(np.int32, agents),
        open=rows(np.uint64, agents, agents, width),
        awaited=rows(np.uint64, agents, width),
        tried=rows(np.uint16, agents, pieces),
        order=room(np.uint16, agents),
        done=rows(np.int32, agents),
        feasible=rows(np.int32, agents),
        counts=rows(np.int32, 5),
        wanted=np.zeros(width, np.uint64),
        due=np.zeros(agents * width, np.uint64),
        parcels=np.zeros(int(sizes.spread), np.uint64),
    )


# Purposes of random numbers.
DEAL, POOL, VALUES, TASKS, ORDER, TURN, GIVES, LIES, SYSTEM = range(9)


# The state (see ``State``) and the flows (see ``Amounts``) of one episode, without B. Flows that
# cost much to count are counted only where somebody keeps them: ``counts_...``.
Episode = namedtuple(
    "Episode",
    (
        *("agents", "pieces", "slots", "needed", "width", "spread"),
        *("seed", *State._fields[2:]),
        *FlowRows._fields,
        *("counts_withheld", "counts_use"),
    ),
)


@step
def episode(state, flows, b):
    """View episode ``b`` of a batch; writing to the view writes to the batch.

    The length of a tuple is a constant to the compiler, which then unrolls loops over words: a
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
        flows.asked[row(b, flows.asked)],
        flows.withheld[row(b, flows.withheld)],
        flows.given[row(b, flows.given)],
        flows.answered[row(b, flows.answered)],
        flows.falsified[row(b, flows.falsified)],
        flows.used[row(b, flows.used)],
        flows.credit[row(b, flows.credit)],
        flows.produced[row(b, flows.produced)],
        keeps(flows.withheld, state.seeds.size),
        keeps(flows.used, state.seeds.size) | keeps(flows.credit, state.seeds.size),
    )


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


@step
def order_turns(e, round):
    """Set the order of turns of a round."""
    for i in range(e.agents):
        e.order[i] = i
    shuffle(e.order, event(e.seed, ORDER, round, 0))
