"""Compiled rules: decorators for their steps, and the flows as rows that they write.

- ``leaf``: a function of a few numbers; LLVM inlines it.
- ``step``: takes a whole episode, some thirty arrays. Passing them to a call costs more than most
  steps do, so Numba inlines it; each place that calls a step adds to the time to compile.
- ``whole``: a call of its own, from Python or where it is rare.
- ``_nrt=False``: compiled rules work on arrays that Python keeps alive, so they need not count
  references to them; a function that allocates does not compile.

Numba keeps machine code as long as the function's own file is unchanged, but steps are inlined from
other files. So it is kept in a folder whose name depends on the contents of all of them.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import config, njit

from mechlab.flows import Amounts, Array


def _folder() -> str:
    """Return the folder for the machine code of the present sources."""
    here = Path(__file__).parent
    text = b"".join(path.read_bytes() for path in sorted(here.rglob("*.py")))
    base = Path(config.CACHE_DIR or here / "__pycache__")
    return str(base / f"compiled-{hashlib.sha256(text).hexdigest()[:16]}")


_FOLDER = _folder()


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles a function and keeps its machine code."""

    def decorate(function: Callable[..., Any]) -> Any:
        before, config.CACHE_DIR = config.CACHE_DIR, _FOLDER  # read while it decorates
        try:
            return njit(cache=True, **options)(function)
        finally:
            config.CACHE_DIR = before

    return decorate


leaf = compiled(_nrt=False, forceinline=True)
step = compiled(_nrt=False, inline="always")
whole = compiled(_nrt=False)


class FlowRows(NamedTuple):
    """The arrays of ``Amounts``, one flat row per episode, for compiled code."""

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
    def of(cls, now: Amounts) -> "FlowRows":
        """View the arrays of ``now``; a broadcast array keeps nothing."""
        return cls(**{name: _rows(array) for name, array in now.arrays()})


def _rows(array: Array) -> Array:
    """Return one flat row per episode, or a single row that all episodes may overwrite."""
    if array.strides[0] == 0:
        array = np.empty(array.shape[1:])[None]
    return array.reshape(len(array), -1)


@leaf
def row(b, array):
    """Number of episode b's row; a flow that nobody keeps has a single one."""
    return min(b, array.shape[0] - 1)


@leaf
def keeps(array, episodes):
    """Whether anybody keeps a flow; of a single episode always true, which does no harm."""
    return array.shape[0] == episodes
