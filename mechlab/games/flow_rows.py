"""The flows of a batch as compiled rules write them: one flat row an episode."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from mechlab.flows import Amounts, Array
from mechlab.games.compiled import leaf


class Ledger(NamedTuple):
    """The arrays of ``Amounts``, one flat row an episode, for compiled code."""

    asked: Array
    withheld: Array
    given: Array
    answered: Array
    falsified: Array
    used: Array
    credit: Array
    produced: Array

    @classmethod
    @lru_cache(maxsize=2)  # every round of a batch is written into the same amounts
    def of(cls, now: Amounts) -> "Ledger":
        """View the arrays of ``now``; one that is a broadcast has no room, and keeps nothing."""
        return cls(**{name: _rows(array) for name, array in now.arrays()})


def _rows(array: Array) -> Array:
    """Return one flat row an episode, or a single one that all episodes may overwrite."""
    if array.strides[0] == 0:
        array = np.empty(array.shape[1:])[None]
    return array.reshape(len(array), -1)


@leaf
def row(b, array):
    """Number of episode b's row: a flow that nobody keeps has a single one."""
    return min(b, array.shape[0] - 1)


@leaf
def keeps(array, episodes):
    """Whether anybody keeps a flow; of a single episode it is not told, and takes no harm."""
    return array.shape[0] == episodes
