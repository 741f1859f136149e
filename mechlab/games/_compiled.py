"""Compiled rules: decorators for their steps, and the arrays of an episode that they work on.

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
import math
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import config, njit
from numpy.typing import NDArray

from mechlab.flows import FIELDS, Amounts, Array


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

BEGIN = -1  # position of the beginning of a round among its turns: before the first, at 0
MESSAGES, REQUESTED, SENT = range(3)  # first columns of ``counts``, in every game of pieces

FlowRows = namedtuple("FlowRows", FIELDS)


@lru_cache(maxsize=2)  # every round of a batch is written into the same amounts
def flow_rows(now: Amounts) -> Any:
    """View ``now`` as flat rows, one per episode; a flow that nobody keeps has a single one."""
    return FlowRows(*(_rows(array) for _, array in now.arrays()))


def _rows(array: Array) -> Array:
    if array.strides[0] == 0:
        array = np.empty(array.shape[1:])[None]
    return array.reshape(len(array), -1)


@leaf
def row(b, array):
    """Number of episode b's row."""
    return min(b, array.shape[0] - 1)


@leaf
def keeps(array, episodes):
    """Whether anybody keeps a flow; of a single episode always true, which does no harm."""
    return array.shape[0] == episodes


def layout(
    module: str, sizes: str, arrays: Iterable[str], shared: Iterable[str]
) -> tuple[Any, Any, Any, Any]:
    """Return a game's ``Sizes``, ``State`` and ``Episode``, and the step that views one episode.

    An episode has the sizes, its ``seed``, a flat row of each of the ``arrays``, the arrays that
    all episodes share, the flows (see ``Amounts``), and whether anybody keeps those that cost much
    to count: ``counts_withheld``, ``counts_use``. Writing to it writes to the batch.

    Rows are flat, and compiled steps compute places from the few sizes: twice as fast as indexing
    in several dimensions, where every array has its strides. Compiled code cannot loop over arrays
    of several types, so the source of the step is put together here. ``module`` is the one in which
    the tuples stand, under these names: kept machine code refers to them there.
    """
    names = sizes.split()
    kept = "keeps(flows.{0}, state.seeds.size)".format
    parts = {
        **{name: f"int64(state.sizes.{name})" for name in names},
        "width": "int64(width)",
        "seed": "state.seeds[b]",
        **{name: f"state.{name}[b]" for name in arrays},
        **{name: f"state.{name}" for name in shared},
        **{name: f"flows.{name}[row(b, flows.{name})]" for name in FIELDS},
        "counts_withheld": kept("withheld"),
        "counts_use": f"{kept('used')} | {kept('credit')}",
    }
    episode = namedtuple("Episode", parts, module=module)
    scope = {"Episode": episode, "int64": np.int64, "row": row, "keeps": keeps}
    # The length of a tuple is a constant to the compiler, which then unrolls loops over words: a
    # round with at most 128 pieces, as in the default games, takes a fifth less time.
    source = f"""
def view(state, flows, b):
    fixed = len(state.sizes.fixed)
    width = fixed if fixed else state.sizes.width
    return Episode({", ".join(parts.values())})
"""
    exec(source, scope)
    return (
        namedtuple("Sizes", (*names, "fixed"), module=module),
        namedtuple("State", ("sizes", "seeds", *arrays, *shared), module=module),
        episode,
        njit(_nrt=False, inline="always")(scope["view"]),
    )


def make_sizes(kind: Any, **sizes: int) -> Any:
    """Return sizes in 16 bits, so that the compiler knows that no place is negative."""
    fixed = (0, 0) if sizes["width"] == 2 else ()
    return kind(**{name: np.uint16(size) for name, size in sizes.items()}, fixed=fixed)


def zeros(arrays: Mapping[str, Any], sizes: Any, *batch: int) -> dict[str, NDArray[Any]]:
    """Return arrays of zeros, given the kind of each and the names of the sizes it multiplies."""
    return {
        name: np.zeros((*batch, math.prod(int(getattr(sizes, n)) for n in lengths.split())), kind)
        for name, (kind, lengths) in arrays.items()
    }
