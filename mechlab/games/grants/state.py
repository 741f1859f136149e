"""The state of a batch of grants games: a few arrays, episode axis first.

B episodes, N agents, F pieces that each of them owns for good, L open tasks an agent, n pieces a
task. A piece is known by its owner j and its number k of 0 to F - 1.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mechlab.flows import Amounts, Array

# Columns of ``counts``: messages, pieces requested, grants.
MESSAGES, REQUESTED, SENT = range(3)


class State(NamedTuple):
    """Arrays of a batch of episodes."""

    seeds: NDArray[np.uint64]  # (B,)
    until: NDArray[np.int32]  # (B, N, N, F) last round in which i has access to k of j, or -1
    pending: NDArray[np.bool_]  # (B, N, N, F) i asked j for its k, and j has not considered that
    requests: NDArray[np.int32]  # (B, N, N) pending requests of i's pieces by j
    owner: NDArray[np.int32]  # (B, N, L, n) owners of the pieces that each open task needs
    piece: NDArray[np.int32]  # (B, N, L, n) their numbers
    due: NDArray[np.int32]  # (B, N, L) last round of each open task
    drawn: NDArray[np.int32]  # (B, N) tasks drawn so far
    ready: NDArray[np.bool_]  # (B, N, L) complete when its owner's last turn began
    counted: NDArray[np.bool_]  # (B, N, L) was ready at some turn
    order: NDArray[np.int32]  # (B, N) order of turns in this round
    done: NDArray[np.int32]  # (B, N) tasks completed
    feasible: NDArray[np.int32]  # (B, N) tasks that were complete at some turn's beginning
    counts: NDArray[np.int32]  # (B, 3) see MESSAGES, REQUESTED, SENT


class Ledger(NamedTuple):
    """The arrays of ``Amounts``, for compiled code."""

    asked: Array
    withheld: Array
    given: Array
    answered: Array
    falsified: Array
    used: Array
    credit: Array
    produced: Array

    @classmethod
    def of(cls, now: Amounts) -> "Ledger":
        """View amounts as a ledger."""
        return cls(**dict(now.arrays()))


def empty_state(
    seeds: NDArray[np.uint64], agents: int, family: int, tasks: int, needed: int
) -> State:
    """Allocate a batch in which nobody has been granted anything and no task is drawn."""
    group, slots = (len(seeds), agents), (len(seeds), agents, tasks)
    pieces = (*group, agents, family)
    return State(
        seeds=seeds,
        until=np.full(pieces, -1, np.int32),
        pending=np.zeros(pieces, np.bool_),
        requests=np.zeros((*group, agents), np.int32),
        owner=np.zeros((*slots, needed), np.int32),
        piece=np.zeros((*slots, needed), np.int32),
        due=np.full(slots, -1, np.int32),
        drawn=np.zeros(group, np.int32),
        ready=np.zeros(slots, np.bool_),
        counted=np.zeros(slots, np.bool_),
        order=np.zeros(group, np.int32),
        done=np.zeros(group, np.int32),
        feasible=np.zeros(group, np.int32),
        counts=np.zeros((len(seeds), 3), np.int32),
    )
