"""How rules are compiled with Numba: steps, inlined into one call a round.

- ``_nrt=False``: compiled rules work on arrays that their caller keeps alive, so counting
  references to them is wasted; a function that allocates does not compile.
- ``leaf``: a function of a few numbers; LLVM inlines it.
- ``step``: takes a whole episode, some thirty arrays. Handing them on at a call costs more than
  most steps do, so Numba inlines it; each place that calls a step adds to the time to compile.
- ``whole``: a call of its own, from Python or where it is rare.

Numba looks at a function's own file to tell whether the machine code that it kept is still good,
but steps are inlined from other files. So it is kept in a folder named by the contents of them all.
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
    """Return where machine code of the present sources is kept."""
    here = Path(__file__).parent
    text = b"".join(path.read_bytes() for path in sorted(here.rglob("*.py")))
    base = Path(config.CACHE_DIR or here / "__pycache__")
    return str(base / f"compiled-{hashlib.sha256(text).hexdigest()[:16]}")


_FOLDER = _folder()


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles a function, and keeps its machine code."""

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
    def of(cls, now: Amounts) -> "FlowRows":
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
