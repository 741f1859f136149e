"""The compiled steps behind the actions of an agent that is no row of numbers; batches of one."""

# ruff: noqa: PLR0913 - a compiled step takes the whole state

import numpy as np

from mechlab.games.bits import bit, has
from mechlab.games.chance import branch, event
from mechlab.games.compiled import whole
from mechlab.games.sharing import rules as rule
from mechlab.games.sharing.episode import TURN, episode
from mechlab.games.sharing.state import REQUESTED


@whole
def open_turn(state, ledger, i):
    """Note which of agent i's tasks are complete."""
    rule.begin_turn(episode(state, ledger, 0), i)


@whole
def close_turn(state, ledger, i):
    """Count what was asked of agent i before this turn and is still not given."""
    rule.end_turn(episode(state, ledger, 0), i)


@whole
def ask_piece(state, ledger, rules, behaviour, i, j, k, round):
    """Agent i asks j for piece k; it comes to nothing where j has not got it, or i has it."""
    e = episode(state, ledger, 0)
    e.counts[REQUESTED] += 1
    if has(e.owned, j * e.width, k) and not has(e.owned, i * e.width, k):
        key = branch(event(e.seed, TURN, round, i), k)
        rule.ask(e, rule.at_once(rules, behaviour, j), i, j, k, key)
        rule.receive(e, rules, behaviour, i, round)


@whole
def give_piece(state, ledger, i, j, k, value):
    """Agent i, who holds piece k, sends j a copy with a value."""
    e = episode(state, ledger, 0)
    if value == e.value[i * e.pieces + k]:
        rule.give(e, i, j, k >> 6, bit(k))
    else:
        rule.falsify(e, i, j, k, np.int8(value))


@whole
def submit_slot(state, ledger, rules, i, slot):
    """Agent i submits a complete task."""
    rule.submit(episode(state, ledger, 0), rules, i, slot)
