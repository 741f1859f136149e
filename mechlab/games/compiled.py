"""How rules are compiled with Numba: steps, inlined into one call a round.

- ``_nrt=False``: compiled rules work on arrays that their caller keeps alive, so counting
  references to them is wasted; a function that allocates does not compile.
- ``leaf``: a function of a few numbers; LLVM inlines it.
- ``step``: takes a whole episode, some thirty arrays. Handing them on at a call costs more than
  most steps do, so Numba inlines it; each place that calls a step adds to the time to compile.
- ``whole``: a call of its own, from Python or where it is rare.
"""

from numba import njit

leaf = njit(cache=True, _nrt=False, forceinline=True)
step = njit(cache=True, _nrt=False, inline="always")
whole = njit(cache=True, _nrt=False)
