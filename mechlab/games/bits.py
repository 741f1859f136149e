"""Sets of small whole numbers as bits of 64-bit words, for compiled rules."""

import numpy as np

from mechlab.games.compiled import step

ONE = np.uint64(1)


@step
def has(words, item):
    """Whether ``item`` is in the set."""
    return (words[item >> 6] >> np.uint64(item & 63)) & ONE != 0


@step
def include(words, item):
    """Put ``item`` into the set."""
    words[item >> 6] |= ONE << np.uint64(item & 63)


@step
def lowest(word):
    """Position of the lowest bit of a word that is not zero."""
    return count(np.uint64(~word) & (word - ONE))


@step
def count(word):
    """Number of bits set in a word (Warren, Hacker's Delight, figure 5-2)."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    pairs = np.uint64(0x3333333333333333)
    word = (word & pairs) + ((word >> np.uint64(2)) & pairs)
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))
