"""Chance that depends on names, not on history: keyed random numbers for compiled rules.

Every random event has a key of its own (episode seed, purpose, round, agents, piece), and its
number is a hash of that key. So two runs that differ in one dose share all other luck (common
random numbers), and an episode does not depend on the batch in which it is played.

The hash is the finaliser of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable
pseudorandom number generators", OOPSLA).
"""

import numpy as np
from numba import uint64

from mechlab.games.compiled import compiled, leaf

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_A = np.uint64(0xBF58476D1CE4E5B9)
_B = np.uint64(0x94D049BB133111EB)
_PARTS = 9007199254740992.0  # 2 ** 53: a double holds 53 bits
_LOW = np.uint64(0xFFFFFFFF)


@leaf
def mix(key):
    """Hash a 64-bit key into 64 bits."""
    key = uint64(key)
    key = (key ^ (key >> uint64(30))) * _A
    key = (key ^ (key >> uint64(27))) * _B
    return key ^ (key >> uint64(31))


@leaf
def branch(key, code):
    """Return the key of the child ``code`` of ``key``."""
    return mix(key + (uint64(code) + uint64(1)) * GOLDEN)


@leaf
def event(seed, purpose, round, agent):
    """Return the key of what one agent does for one purpose in one round of an episode."""
    return branch(seed, (purpose << 56) | (round << 32) | agent)


@leaf
def share(key):
    """Return a key's number in [0, 1), from its high bits."""
    return (key >> uint64(11)) * (1.0 / _PARTS)


@leaf
def chance(probability):
    """Return a probability in parts of 2 ** 53, as ``happens`` takes it."""
    return np.int64(probability * _PARTS)


@leaf
def happens(key, chance):
    """Whether an event of this chance happens, decided by the high bits of its key."""
    return np.int64(key >> uint64(11)) < chance


@leaf
def pick(key, count):
    """Return a key's whole number in [0, count), from its low half.

    High bits decide most of ``share`` and low bits most of ``pick``: one hash serves both.
    """
    return np.int64(((key & _LOW) * uint64(count)) >> uint64(32))


@leaf
def uniform(key, code):
    """Return the number in [0, 1) of the child ``code`` of ``key``."""
    return share(branch(key, code))


@leaf
def shuffle(items, key):
    """Shuffle a one-dimensional array in place (Fisher and Yates)."""
    for last in range(items.size - 1, 0, -1):
        other = pick(branch(key, last), last + 1)
        items[last], items[other] = items[other], items[last]


@compiled()
def uniforms(seeds, purpose, round, agents):
    """Return a number in [0, 1) for each episode and agent, (B, N): for rules in NumPy."""
    drawn = np.empty((seeds.size, agents))
    for b in range(seeds.size):
        for i in range(agents):
            drawn[b, i] = uniform(event(seeds[b], purpose, round, i), 0)
    return drawn
