"""One episode of a batch, as the compiled steps see it: its arrays, its tasks and its access."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mechlab.games.bits import NOTHING, bit, count, include
from mechlab.games.chance import branch, event, pick, shuffle
from mechlab.games.compiled import leaf, step
from mechlab.games.ledger import keeps, row

TASKS, ORDER, SUBMITS, ASKS, ANSWERS, GIVES = range(6)  # purposes of random numbers


class Terms(NamedTuple):
    """The settings that the rules go by."""

    lifetime: int
    deadline: int
    reward: float
    part: float  # of the reward, for each piece


class Episode(NamedTuple):
    """The state (see ``State``) and the flows (see ``Amounts``) of one episode, without B.

    Flows that cost much to count are counted only where somebody keeps them: ``counts_...``.
    """

    agents: np.int64
    size: np.int64
    slots: np.int64
    needed: np.int64
    memory: np.int64
    width: np.int64
    blocks: np.int64
    family: NDArray[Any]
    owner: NDArray[Any]
    seed: np.uint64
    held: NDArray[Any]
    kept: NDArray[Any]
    granted: NDArray[Any]
    pending: NDArray[Any]
    askers: NDArray[Any]
    tasks: NDArray[Any]
    due: NDArray[Any]
    drawn: NDArray[Any]
    ready: NDArray[Any]
    counted: NDArray[Any]
    order: NDArray[Any]
    done: NDArray[Any]
    feasible: NDArray[Any]
    counts: NDArray[Any]
    wanted: NDArray[Any]
    asked: NDArray[Any]
    withheld: NDArray[Any]
    given: NDArray[Any]
    answered: NDArray[Any]
    used: NDArray[Any]
    credit: NDArray[Any]
    produced: NDArray[Any]
    counts_use: np.bool_


@step
def episode(state, ledger, b):
    """View episode ``b`` of a batch; writing to the view writes to the batch.

    The length of a tuple is a constant to the compiler, which unrolls loops over words by it.
    """
    sizes = state.sizes
    fixed = len(sizes.fixed)
    width = np.int64(fixed if fixed else sizes.width)
    return Episode(
        np.int64(sizes.agents),
        np.int64(sizes.family),
        np.int64(sizes.slots),
        np.int64(sizes.needed),
        np.int64(sizes.memory),
        width,
        np.int64(sizes.blocks),
        state.family,
        state.owner,
        state.seeds[b],
        state.held[b],
        state.kept[b],
        state.granted[b],
        state.pending[b],
        state.askers[b],
        state.tasks[b],
        state.due[b],
        state.drawn[b],
        state.ready[b],
        state.counted[b],
        state.order[b],
        state.done[b],
        state.feasible[b],
        state.counts[b],
        state.wanted,
        ledger.asked[row(b, ledger.asked)],
        ledger.withheld[row(b, ledger.withheld)],
        ledger.given[row(b, ledger.given)],
        ledger.answered[row(b, ledger.answered)],
        ledger.used[row(b, ledger.used)],
        ledger.credit[row(b, ledger.credit)],
        ledger.produced[row(b, ledger.produced)],
        keeps(ledger.used, state.seeds.size) | keeps(ledger.credit, state.seeds.size),
    )


@leaf
def among(holds, item):
    """The set of ``item`` alone where something holds, else of nothing.

    Decisions are collected in sets and carried out one by one: a branch on each would be predicted
    wrong half of the time, which takes longer than all the rest of a round.
    """
    return np.uint64(holds) << np.uint64(item & 63)


@step
def begin_round(e, round):
    """Set the order of turns, and let what was granted long enough ago lapse.

    A grant of round r holds until round r + lifetime - 1: after M = lifetime - 1 rounds it will
    not outlast the present one.
    """
    for seat in range(e.agents):
        e.order[seat] = seat
    shuffle(e.order, event(e.seed, ORDER, round, 0))
    length = e.agents * e.width
    old = (round % e.memory) * length
    for place in range(length):
        e.held[place] = e.kept[place]
        e.kept[place] &= ~e.granted[old + place]
        e.granted[old + place] = NOTHING


@step
def begin_turn(e, terms, i, round):
    """Replace the tasks of agent i that have expired; see which of them are complete."""
    complete = NOTHING
    for slot in range(e.slots):
        if e.due[i * e.slots + slot] < round:
            draw_task(e, terms, i, slot, round)
        missing = NOTHING
        for word in range(e.width):
            pieces = e.tasks[(i * e.slots + slot) * e.width + word]
            missing |= pieces & ~e.held[i * e.width + word]
        complete |= among(missing == 0, slot)
    e.feasible[i] += count(complete & ~e.counted[i])
    e.counted[i] |= complete
    e.ready[i] = complete


@step
def draw_task(e, terms, i, slot, round):
    """Fill a slot with one piece each of several others; the seed fixes each agent's m-th task."""
    key = event(e.seed, TASKS, e.drawn[i], i)
    e.drawn[i] += 1
    e.counted[i] &= ~bit(slot)
    e.due[i * e.slots + slot] = round + terms.deadline - 1
    start = (i * e.slots + slot) * e.width
    for word in range(e.width):
        e.tasks[start + word] = NOTHING
    draws, lacking = 0, e.needed
    while lacking > 0:
        j = pick(branch(key, draws), e.agents)
        draws += 1
        if j != i and not _needs_of(e, start, j):
            include(e.tasks, start, j * e.size + pick(branch(key, draws), e.size))
            draws += 1
            lacking -= 1


@step
def _needs_of(e, start, j):
    """Whether the task whose words begin at ``start`` needs a piece of agent j."""
    found = NOTHING
    for word in range(e.width):
        found |= e.tasks[start + word] & e.family[j * e.width + word]
    return found != 0


@leaf
def first_word(size, j):
    """The first word in which agent j, who owns ``size`` pieces, has some."""
    return (j * size) >> 6


@leaf
def last_word(size, j):
    """The last one."""
    return ((j + 1) * size - 1) >> 6
