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
from pathlib import Path
from typing import Any

from numba import config, njit


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
