"""How rules are compiled with Numba: small steps, inlined into one call a round.

- ``_nrt=False``: steps work on arrays that their caller keeps alive, so counting references to
  them at every call is wasted; without it a round is 3 times as fast. A step that allocates does not
  compile.
- ``inline="always"``: a step takes the whole state, some twenty arrays; handing them on at a call costs
  more than most steps do.
"""

from numba import njit

step = njit(cache=True, _nrt=False, inline="always")
whole = njit(cache=True, _nrt=False)
