"""The state of a batch of grants games: a few arrays, one row an episode.

N agents, each of whom owns F pieces for good, L open tasks an agent. Pieces are numbered through, 0
to N F - 1: agent j owns those from j F on. Sets are bits of 64-bit words: W words a set of pieces,
X words a set of agents. Rows are flat, as in the sharing game, and for the same reason.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Columns of ``counts``: messages, pieces requested, grants.
MESSAGES, REQUESTED, SENT = range(3)


class Sizes(NamedTuple):
    """The sizes of an episode, in 16 bits: so the compiler knows that no place is negative."""

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
        """Compute the numbers of words: at least two a set of pieces, as in the default game."""
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
    """Arrays of a batch of B episodes: (B, product of the sizes named), but for the first two."""

    sizes: Sizes
    family: NDArray[np.uint64]  # (N W,) the pieces that each agent owns
    owner: NDArray[np.uint16]  # (N F,) the agent that owns each piece
    seeds: NDArray[np.uint64]  # (B,)
    held: NDArray[np.uint64]  # N W: pieces to which an agent has access now
    kept: NDArray[np.uint64]  # N W: those to which it will have access in the next round too
    granted: NDArray[np.uint64]  # M N W: what it was granted in round r, at r mod M
    pending: NDArray[np.uint64]  # N W: pieces it asked for that their owners have not considered
    askers: NDArray[np.uint64]  # N X: agents of whose requests to i some may be pending
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
