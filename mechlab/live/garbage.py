"""How often Python looks for garbage while live agents play."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_MADE = 50_000  # objects between two searches: more than a few hundred calls hold under way


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let Python search seldom for objects that only hold each other, in all of the process.

    A call under way holds some 200 objects, and leaves none behind that hold each other. Python
    searches whenever 700 more were made than went, so the calls of one transaction, which go on
    together, set it off again and again, and every thousand calls it goes through all that is
    loaded: a quarter of a second in which every episode waits.

    >>> with seldom_collected():
    ...     gc.get_threshold()[0]
    50000
    """
    before, *older = gc.get_threshold()
    gc.set_threshold(before and max(before, _MADE), *older)  # 0: never
    try:
        yield
    finally:
        gc.set_threshold(before, *older)
