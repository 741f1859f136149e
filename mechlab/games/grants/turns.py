"""The compiled steps behind the actions of an agent that is no row of numbers; batches of one."""

# ruff: noqa: PLR0913 - a compiled step takes the whole state

from mechlab.games.bitset import NOTHING, bit, count, has
from mechlab.games.compiled import whole
from mechlab.games.grants import rules as rule
from mechlab.games.grants.state import REQUESTED, begin_turn, episode, first_word, last_word


@whole
def open_turn(state, ledger, terms, i, round):
    """Replace agent i's expired tasks and note which are complete."""
    begin_turn(episode(state, ledger, 0), terms, i, round)


@whole
def close_turn(state, ledger, i):
    """Count what was asked of agent i before this turn and was not given; it is asked anew."""
    e = episode(state, ledger, 0)
    for j in range(e.agents):
        for word in range(first_word(e.size, i), last_word(e.size, i) + 1):
            at = j * e.width + word
            asked = e.pending[at] & e.family[i * e.width + word]
            e.pending[at] &= ~asked
            e.withheld[i * e.agents + j] += count(asked & ~e.kept[at])
    for block in range(e.blocks):
        e.askers[i * e.blocks + block] = NOTHING


@whole
def ask_piece(state, ledger, terms, behaviour, i, k, round):
    """Agent i asks the owner of piece k for access."""
    e = episode(state, ledger, 0)
    if not has(e.pending, i * e.width, k):
        e.counts[REQUESTED] += 1
        rule.ask(e, terms, behaviour, i, k, round)


@whole
def grant_piece(state, ledger, terms, i, j, k, round):
    """Agent i grants j access to its piece k, which is nothing where j has it already."""
    e = episode(state, ledger, 0)
    at = j * e.width + (k >> 6)
    lacking = bit(k) & ~e.kept[at]
    e.answered[i * e.agents + j] += count(lacking & e.pending[at])
    e.pending[at] &= ~bit(k)
    rule.grant(e, terms, i, j, k >> 6, lacking, round)


@whole
def submit_slot(state, ledger, terms, i, slot, round):
    """Agent i submits a complete task, which may have become so on this very turn."""
    e = episode(state, ledger, 0)
    e.feasible[i] += count(bit(slot) & ~e.counted[i])
    rule.submit(e, terms, i, slot, round)
