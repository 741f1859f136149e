"""Keyed random numbers for compiled rules.

Every random event has a key of its own (episode seed, purpose, round, agents, piece), and its
number is a hash of that key, whatever was drawn before. So two runs that differ in one parameter
share all other random numbers (common random numbers), and an episode does not depend on the batch
in which it is played.

The hash is the finaliser of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable
pseudorandom number generators", OOPSLA).
"""

import math

import numpy as np
from numba import uint64

from mechlab.games._compiled import compiled, leaf

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_A = np.uint64(0xBF58476D1CE4E5B9)
_B = np.uint64(0x94D049BB133111EB)
_PARTS = 9007199254740992.0  # 2 ** 53: a double holds 53 bits
_LOW = np.uint64(0xFFFFFFFF)
_FRACTION = (1 << 52) - 1  # these bits of a double are its fraction, those above its exponent
_ONE, _ROOT = 0x3FF0000000000000, 0x3FE6A09E00000000  # bits of 1 and, about, of sqrt(1/2)


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
    """Return the key of one agent's event for one purpose in one round of an episode."""
    return branch(seed, (purpose << 56) | (round << 32) | agent)


@leaf
def share(key):
    """Return a key's number in [0, 1), from its high bits."""
    return (key >> uint64(11)) * (1.0 / _PARTS)


@leaf
def chance(probability):
    """Return a probability in parts of 2 ** 53, rounded up, as ``happens`` takes it."""
    return np.int64(math.ceil(probability * _PARTS))


@leaf
def happens(key, chance):
    """Return whether an event happens: whether its ``share`` is below the probability.

    The comparison is one of whole numbers, so a chance that was rounded up gives the same answer.
    """
    return np.int64(key >> uint64(11)) < chance


@leaf
def pick(key, count):
    """Return a key's whole number in [0, count), from its low half.

    High bits decide most of ``share`` and low bits most of ``pick``, so one hash serves both.
    """
    return np.int64(((key & _LOW) * uint64(count)) >> uint64(32))


@leaf
def uniform(key, code):
    """Return the number in [0, 1) of the child ``code`` of ``key``."""
    return share(branch(key, code))


@leaf
def log1m(share):
    """Return log(1 - share) of a share in [0, 1], to a few units in the last place.

    A call of the C library would empty the registers of the whole round. So the logarithm is
    computed here, by the method and the coefficients of fdlibm (``e_log.c``, Sun Microsystems
    1993): with 1 - share = 2 ** power * (1 + over), 1 + over within sqrt(1/2) and sqrt(2), a
    polynomial in s ** 2 stands for the tail of log(1 + over) = 2 atanh(s). For a share of 1 it
    gives about -709.
    """
    bits = np.float64(1.0 - share).view(np.int64) + (_ONE - _ROOT)
    power = (bits >> 52) - 1023
    over = np.int64((bits & _FRACTION) + _ROOT).view(np.float64) - 1.0
    over = over if power else -share  # exact, however small
    s = over / (2.0 + over)
    z = s * s
    w = z * z
    even = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332))
    odd = 0.1818357216161805012 + w * 0.1479819860511658591
    odd = z * (0.6666666666666735130 + w * (0.2857142874366239149 + w * odd))
    return power * math.log(2.0) + s * (2.0 + (odd + even))


@leaf
def shuffle(items, key):
    """Shuffle a one-dimensional array in place (Fisher and Yates)."""
    for last in range(items.size - 1, 0, -1):
        other = pick(branch(key, last), last + 1)
        items[last], items[other] = items[other], items[last]


@leaf
def shuffled(items, key):
    """Write the numbers from 0 into an array, in a random order."""
    for place in range(items.size):
        items[place] = place
    shuffle(items, key)


@compiled()
def uniforms(seeds, purpose, round, agents):
    """Return a number in [0, 1) for each episode and agent, (B, N), for rules in NumPy."""
    drawn = np.empty((seeds.size, agents))
    for b in range(seeds.size):
        for i in range(agents):
            drawn[b, i] = uniform(event(seeds[b], purpose, round, i), 0)
    return drawn
