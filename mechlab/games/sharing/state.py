"""The state of a batch of sharing games: a few arrays, one row an episode.

N agents, K pieces, L open tasks an agent. Sets are bits of 64-bit words: W words a set of pieces,
X words a set of N W words. Rows are flat: the compiled steps find their places from the few sizes,
which is twice as fast as indexing in several dimensions, where every array brings its own strides.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

DEALT = np.int16(-1)  # source of a copy that no agent sent

# Columns of ``counts``: private and broadcast messages, pieces requested, pieces sent truthfully,
# pieces gained so far, and how many of these the directory lists.
MESSAGES, REQUESTED, SENT, GAINED, LISTED = range(5)


class Sizes(NamedTuple):
    """The sizes of an episode, in 16 bits: so the compiler knows that no place is negative."""

    agents: np.uint16  # N
    pieces: np.uint16  # K
    slots: np.uint16  # L
    needed: np.uint16  # pieces that a task needs
    width: np.uint16  # W
    spread: np.uint16  # X
    fixed: tuple[int, ...]  # W zeros where W is 2, else none: see ``episode``

    @classmethod
    def of(cls, agents: int, pieces: int, slots: int, needed: int) -> "Sizes":
        """Compute the numbers of words: at least two a set of pieces, as in the default game."""
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
    """Arrays of a batch of B episodes: (B, product of the sizes named), but for the scratch."""

    sizes: Sizes
    seeds: NDArray[np.uint64]  # (B,)
    truth: NDArray[np.int8]  # K: true value of each piece, 0 to 100
    owned: NDArray[np.uint64]  # N W: pieces that an agent holds now
    gains: NDArray[np.int32]  # N K: who gained what, in this order, as k * 2 ** 16 + i
    holders: NDArray[np.uint16]  # K N: the directory: holders of each piece, the first first
    copies: NDArray[np.uint16]  # K: number of these
    value: NDArray[np.int8]  # N K: value of the agent's copy: the true one until altered
    altered: NDArray[np.uint64]  # N W: pieces of which the agent's copy is not true
    source: NDArray[np.int16]  # N K: agent that sent the copy, or DEALT, where held
    tasks: NDArray[np.uint64]  # N L W: pieces that each open task needs
    ready: NDArray[np.uint64]  # N: slots of tasks that were complete when the last turn began
    drawn: NDArray[np.int32]  # N: tasks drawn so far
    open: NDArray[np.uint64]  # N N W: pieces asked of i by j, held by i, also where j has them now
    awaited: NDArray[np.uint64]  # N W: pieces that i asked for, also where it has them now
    tried: NDArray[np.uint16]  # N K: holders whom a thorough agent has asked, from the first on
    order: NDArray[np.uint16]  # N: order of turns in this round
    done: NDArray[np.int32]  # N: tasks completed
    feasible: NDArray[np.int32]  # N: tasks that were complete at a turn's beginning
    counts: NDArray[np.int32]  # 5: see MESSAGES and so on
    wanted: NDArray[np.uint64]  # (W,) scratch: pieces that the agent on turn lacks
    due: NDArray[np.uint64]  # (N W,) scratch: pieces about to be sent, by the agent's partners
    parcels: NDArray[np.uint64]  # (X,) scratch: the words of which something may be sent, as a set


def empty_state(
    seeds: NDArray[np.uint64], agents: int, pieces: int, slots: int, needed: int
) -> State:
    """Allocate a batch in which nothing is dealt yet."""
    sizes = Sizes.of(agents, pieces, slots, needed)
    width = int(sizes.width)

    def room(kind: Any, *lengths: int) -> NDArray[Any]:
        """Rows that nobody reads before they are written."""
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
