"""The state of a batch of grants games: a few arrays, one row per episode.

N agents, each of which owns F pieces for good, and L open tasks per agent. Pieces have numbers from
0 to N F - 1; agent j owns F of them from j F on. Sets are bits of 64-bit words: W words for a set
of pieces, X words for a set of agents. Rows are flat, as in the sharing game, for the same reason.
"""

from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mechlab.games._compiled import FlowRows, keeps, leaf, row, step

# Columns of ``counts``: messages, pieces requested, grants.
MESSAGES, REQUESTED, SENT = range(3)


class Sizes(NamedTuple):
    """The sizes of an episode, in 16 bits, so that the compiler knows that no place is negative."""

    agents: np.uint16  # N
    family: np.uint16  # F
    slots: np.uint16  # L
    needed: np.uint16  # pieces that a task needs
    memory: np.uint16  # M: rounds for which it matters what was granted when
    width: np.uint16  # W
    blocks: np.uint16  # X
    fixed: tuple[int, ...]  # W zeros where W is 2, else none: see ``episode``

    @classmethod
    def of(cls, agents: int, family: int, slots: int, needed: int, memory: int) -> "Sizes":
        """Compute the numbers of words; at least two for a set of pieces, as by default."""
        width = max(2, -(-agents * family // 64))
        return cls(
            agents=np.uint16(agents),
            family=np.uint16(family),
            slots=np.uint16(slots),
            needed=np.uint16(needed),
            memory=np.uint16(memory),
            width=np.uint16(width),
            blocks=np.uint16(-(-agents // 64)),
            fixed=(0, 0) if width == 2 else (),
        )


class State(NamedTuple):
    """Arrays of B episodes, each (B, product of its sizes) unless another shape is stated."""

    sizes: Sizes
    family: NDArray[np.uint64]  # (N W,) the pieces that each agent owns
    owner: NDArray[np.uint16]  # (N F,) the agent that owns each piece
    seeds: NDArray[np.uint64]  # (B,)
    held: NDArray[np.uint64]  # N W: pieces to which an agent has access now
    kept: NDArray[np.uint64]  # N W: those to which it will have access in the next round too
    granted: NDArray[np.uint64]  # M N W: pieces granted to it in round r, at r mod M
    pending: NDArray[np.uint64]  # N W: pieces it asked for that their owners have not considered
    askers: NDArray[np.uint64]  # N X: agents that may have pending requests to i
    tasks: NDArray[np.uint64]  # N L W: pieces that each open task needs
    due: NDArray[np.int32]  # N L: last round of each open task
    drawn: NDArray[np.int32]  # N: tasks drawn so far
    ready: NDArray[np.uint64]  # N: slots of tasks that were complete when the last turn began
    counted: NDArray[np.uint64]  # N: slots of open tasks that were complete at some turn
    order: NDArray[np.uint16]  # N: order of turns in this round
    done: NDArray[np.int32]  # N: tasks completed
    feasible: NDArray[np.int32]  # N: tasks that were complete at some turn's beginning
    counts: NDArray[np.int32]  # 3: see MESSAGES, REQUESTED, SENT
    wanted: NDArray[np.uint64]  # (W,) scratch: pieces that the agent on turn asks for


def empty_state(seeds: NDArray[np.uint64], sizes: Sizes) -> State:
    """Allocate a batch in which nobody has been granted anything and no task is drawn."""
    agents, family, slots, _, memory, width, blocks = map(int, sizes[:7])

    def rows(kind: Any, *lengths: int) -> NDArray[Any]:
        return np.zeros((len(seeds), int(np.prod(lengths))), kind)

    return State(
        sizes=sizes,
        family=_families(agents, family, width),
        owner=np.repeat(np.arange(agents, dtype=np.uint16), family),
        seeds=seeds,
        held=rows(np.uint64, agents, width),
        kept=rows(np.uint64, agents, width),
        granted=rows(np.uint64, memory, agents, width),
        pending=rows(np.uint64, agents, width),
        askers=rows(np.uint64, agents, blocks),
        tasks=rows(np.uint64, agents, slots, width),
        due=rows(np.int32, agents, slots) - np.int32(1),
        drawn=rows(np.int32, agents),
        ready=rows(np.uint64, agents),
        counted=rows(np.uint64, agents),
        order=rows(np.uint16, agents),
        done=rows(np.int32, agents),
        feasible=rows(np.int32, agents),
        counts=rows(np.int32, 3),
        wanted=np.zeros(width, np.uint64),
    )


def _families(agents: int, family: int, width: int) -> NDArray[np.uint64]:
    owned = np.zeros((agents, 64 * width), bool)
    owned[:, : agents * family] = np.repeat(np.eye(agents, dtype=bool), family, axis=1)
    return np.packbits(owned, axis=1, bitorder="little").view(np.uint64).ravel()


TASKS, ORDER, SUBMITS, ASKS, ANSWERS, GIVES = range(6)  # purposes of random numbers


class Terms(NamedTuple):
    """Settings, as the compiled steps need them."""

    lifetime: int
    deadline: int
    reward: float
    part: float  # of the reward, for each piece


# The state (see ``State``) and the flows (see ``Amounts``) of one episode, without B. Flows that
# cost much to count are counted only where somebody keeps them: ``counts_use``.
Episode = namedtuple(
    "Episode",
    (
        *("agents", "size", "slots", "needed", "memory", "width", "blocks"),
        *("family", "owner", "seed", *State._fields[4:]),
        *(name for name in FlowRows._fields if name != "falsified"),
        "counts_use",
    ),
)


@step
def episode(state, flows, b):
    """View episode ``b`` of a batch; writing to the view writes to the batch.

    The length of a tuple is a constant to the compiler, which then unrolls loops over words.
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
        flows.asked[row(b, flows.asked)],
        flows.withheld[row(b, flows.withheld)],
        flows.given[row(b, flows.given)],
        flows.answered[row(b, flows.answered)],
        flows.used[row(b, flows.used)],
        flows.credit[row(b, flows.credit)],
        flows.produced[row(b, flows.produced)],
        keeps(flows.used, state.seeds.size) | keeps(flows.credit, state.seeds.size),
    )


@leaf
def among(holds, item):
    """The set of ``item`` alone where a condition holds, else the empty set.

    Decisions are collected in sets and carried out one by one. A branch on each would be predicted
    wrongly half of the time, which takes longer than all the rest of a round.
    """
    return np.uint64(holds) << np.uint64(item & 63)


@leaf
def first_word(size, j):
    """The first word in which agent j, who owns ``size`` pieces, has some."""
    return (j * size) >> 6


@leaf
def last_word(size, j):
    """The last word in which agent j, who owns ``size`` pieces, has some."""
    return ((j + 1) * size - 1) >> 6
