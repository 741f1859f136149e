"""The state of a batch of grants games: a few arrays, one row per episode.

N agents, each of which owns F pieces for good, and L open tasks per agent. Pieces have numbers from
0 to N F - 1; agent j owns F of them from j F on. Sets are bits of 64-bit words.
"""

from typing import Any

import numpy as np

from mechlab.games._compiled import layout, make_sizes, zeros
from mechlab.games.base import Seeds

TASKS, ORDER, SUBMITS, ASKS, ANSWERS, GIVES = range(6)  # purposes of random numbers

# A set of pieces has W words (``width``), a set of agents ``blocks`` words. Of each array: kind of
# number, lengths, and what it has.
SIZES = "agents size slots needed memory width blocks counters"
ARRAYS = {
    "held": (np.uint64, "agents width"),  # pieces to which an agent has access now
    "kept": (np.uint64, "agents width"),  # those to which it will have access in the next round too
    # Pieces granted to an agent in round r, at r mod ``memory``: as long as it matters when.
    "granted": (np.uint64, "memory agents width"),
    # Pieces that an agent asked for and that their owners have not considered.
    "pending": (np.uint64, "agents width"),
    "askers": (np.uint64, "agents blocks"),  # agents that may have pending requests to i
    "tasks": (np.uint64, "agents slots width"),  # pieces that each open task needs
    "due": (np.int32, "agents slots"),  # last round of each open task
    "drawn": (np.int32, "agents"),  # tasks drawn so far
    "ready": (np.uint64, "agents"),  # slots of tasks that were complete when the last turn began
    "counted": (np.uint64, "agents"),  # slots of open tasks that were complete at some turn
    "order": (np.uint16, "agents"),  # order of turns in this round
    "done": (np.int32, "agents"),  # tasks completed
    "feasible": (np.int32, "agents"),  # tasks that were complete at some turn's beginning
    "counts": (np.int32, "counters"),  # messages, pieces requested, grants
}
SHARED = {
    "family": (np.uint64, "agents width"),  # the pieces that each agent owns
    "owner": (np.uint16, "agents size"),  # the agent that owns each piece
    "wanted": (np.uint64, "width"),  # scratch: pieces that the agent on turn asks for
}
Sizes, State, Episode, episode = layout(__name__, SIZES, ARRAYS, SHARED)


def empty_state(seeds: Seeds, **sizes: int) -> Any:
    """Allocate a batch without grants and tasks: agents, size, slots, needed, memory."""
    agents, size = sizes["agents"], sizes["size"]
    width = max(2, -(-agents * size // 64))  # two by default, so that loops can be unrolled
    known = make_sizes(Sizes, **sizes, width=width, blocks=-(-agents // 64), counters=3)
    state = State(known, seeds, **zeros(ARRAYS, known, len(seeds)), **zeros(SHARED, known))
    state.due[:] = -1
    state.owner[:] = np.repeat(np.arange(agents), size)
    owned = np.zeros((agents, 64 * width), bool)
    owned[:, : agents * size] = np.repeat(np.eye(agents, dtype=bool), size, axis=1)
    state.family[:] = np.packbits(owned, axis=1, bitorder="little").view(np.uint64).ravel()
    return state
