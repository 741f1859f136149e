"""Streams of luck: which episode numbers of a seed belong to what, so that no two uses share luck.

Episode n of a seed has the same luck whatever is played (see ``mechlab.simulation``). What rests on
an episode twice must say so by taking it from one stream; what must be independent takes another.
Each stream holds at least 2^32 numbers, more than anybody plays, and all of them fit into 64 bits.

>>> CERTIFY[:3] == range(CERTIFY.start, CERTIFY.start + 3)
True
"""

from __future__ import annotations

EXPLORE = range(1 << 40)
"""Trials of a search, from 0 on as ``mechlab run`` counts: what exploring saw can be looked at.

Reports show the answer beside no mechanism on the first of these; no verdict rests on them.
"""
CERTIFY = range(1 << 40, 1 << 41)
"""Held-out episodes that decide: independent of all trials, as the certificate's error demands."""
EMULATE = range(1 << 41, 1 << 42)
"""Emulated agents of a pilot: not the luck of the episodes that they are fitted to."""
PILOT = range(1 << 42, 1 << 43)
"""A pilot's own agents: each of their episodes counts once, in the order in which it was played."""
TRANSFER = range(1 << 43, 1 << 44)
"""The answer in other games and among other agents: luck by which it was not chosen."""

PLAN_SEED = 1_000_003
"""Added to a study's seed where a plan simulates its search: it must not foresee the search's luck.

A prime, so that it is not the distance of two seeds that anybody writes down.
"""
