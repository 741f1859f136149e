"""Sets of whole numbers as bits of 64-bit words, for compiled rules."""

import numpy as np

from mechlab.games._compiled import leaf

ONE = np.uint64(1)
NOTHING = np.uint64(0)


@leaf
def bit(item):
    """The set of ``item`` alone, as the word that it belongs to."""
    return ONE << np.uint64(item & 63)


@leaf
def among(holds, item):
    """The set of ``item`` alone where a condition holds, else the empty set.

    Decisions are collected in sets and carried out one by one. A branch on each would be predicted
    wrongly half of the time, which takes longer than all the rest of a round.
    """
    return np.uint64(holds) << np.uint64(item & 63)


@leaf
def has(words, start, item):
    """Whether ``item`` is in the set whose words begin at ``start``."""
    return (words[start + (item >> 6)] >> np.uint64(item & 63)) & ONE != 0


@leaf
def include(words, start, item):
    """Put ``item`` into the set whose words begin at ``start``."""
    words[start + (item >> 6)] |= bit(item)


@leaf
def first(word):
    """The set of only the lowest item of a word that is not empty."""
    return word & (~word + ONE)


@leaf
def lowest(word):
    """Position of the lowest bit of a word that is not empty."""
    return count(~word & (word - ONE))


@leaf
def item(word, members):
    """The lowest item of a word, ``members``, that is not empty, given the number of the word.

    The detour over 16 bits tells the compiler that the item is not negative, so that its use as an
    index needs no test for negative ones.
    """
    return np.int64(np.uint16(64 * word + lowest(members)))


@leaf
def count(word):
    """Number of bits set in a word (Warren, Hacker's Delight, figure 5-2)."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    pairs = np.uint64(0x3333333333333333)
    word = (word & pairs) + ((word >> np.uint64(2)) & pairs)
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))
