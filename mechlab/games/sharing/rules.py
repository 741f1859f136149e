"""The rules of the sharing game, step by step, compiled; all agents play through these."""

# ruff: noqa: PLR0913 - compiled steps are inlined: an argument costs nothing

from typing import NamedTuple

import numpy as np

from mechlab.games.bits import NOTHING, ONE, bit, count, has, item
from mechlab.games.chance import branch, event, pick, share, uniform
from mechlab.games.compiled import step, whole
from mechlab.games.sharing.episode import LIES, draw_task, gain, order_turns, publish
from mechlab.games.sharing.state import DEALT, SENT

# Columns of a behaviour.
ASK, ANSWER, ANSWER_SYSTEM, VOLUNTEER, SUBMIT = range(5)
FALSIFY, CHATTER, PROMPT, THOROUGH, BREADTH = range(5, 10)


class Rules(NamedTuple):
    """What a condition and the settings say, as the compiled steps need it."""

    reward: float
    action_limit: int  # a number beyond reach: none
    system_asks: bool  # agents' own messages do nothing; the system asks after every round
    system_answers: bool  # a request to a holder is answered at once and truthfully


@step
def begin_round(e, round):
    """Take the snapshot, set the order of turns and empty the flows."""
    publish(e)
    order_turns(e, round)
    e.asked[:] = 0.0
    e.given[:] = 0.0
    e.answered[:] = 0.0
    e.falsified[:] = 0.0
    e.used[:] = 0.0
    e.credit[:] = 0.0
    e.produced[:] = 0.0


@step
def give(e, i, j, word, copies):
    """Agent i sends j true copies of pieces that it holds, a set; j gains what it lacked."""
    e.counts[SENT] += count(copies)
    gained = copies & ~e.owned[j * e.width + word]
    if gained:
        pair = i * e.agents + j
        e.given[pair] += count(gained)
        e.answered[pair] += count(gained & e.open[pair * e.width + word])
        _hold(e, j, word, gained)
        while gained:
            k = item(word, gained)
            gain(e, j, k, e.value[i * e.pieces + k], i)
            gained &= gained - ONE


@step
def falsify(e, i, j, k, value):
    """Agent i sends j a copy of piece k with another value than its own."""
    if not has(e.owned, j * e.width, k):
        e.falsified[i * e.agents + j] += 1.0
        _hold(e, j, k >> 6, bit(k))
        gain(e, j, k, value, i)


@step
def _hold(e, j, word, gained):
    """Agent j holds these pieces from now on: nobody owes it an answer on them any more."""
    e.owned[j * e.width + word] |= gained
    for i in range(e.agents):
        e.open[(i * e.agents + j) * e.width + word] &= ~gained


@step
def send(e, behaviour, i, j, word, copies, round):
    """Agent i, a row of propensities, sends j copies: true, or each falsified by chance."""
    if behaviour[i, FALSIFY] > 0.0:
        copies = _send_falsified(e, behaviour, i, j, word, copies, round)
    give(e, i, j, word, copies)


@whole  # rare, and large enough to slow down what is inlined with it
def _send_falsified(e, behaviour, i, j, word, copies, round):
    """Send those that i falsifies, with another value from 0 to 100; return the others."""
    key = branch(event(e.seed, LIES, round, i), j)
    true = copies
    while copies:
        k = item(word, copies)
        lie = branch(key, k)
        if share(lie) < behaviour[i, FALSIFY]:
            falsify(e, i, j, k, (e.value[i * e.pieces + k] + 1 + pick(lie, 100)) % 101)
            true &= ~bit(k)
        copies &= copies - ONE
    return true


@step
def ask(e, rules, behaviour, i, j, k, key, round):
    """Agent i (or the system in its name) asks j, which holds it, for piece k.

    Whether a row of propensities answers is settled by the luck of the request (``key``). It does
    so on its next turn, a prompt one at once. The system answers at once and truthfully. The row
    of a Python agent is empty: it decides for itself.
    """
    word, piece = k >> 6, bit(k)
    if not has(e.owned, i * e.width, k):
        e.asked[i * e.agents + j] += 1.0
        e.open[(j * e.agents + i) * e.width + word] |= piece
    answers = uniform(key, j) < behaviour[j, ANSWER_SYSTEM if rules.system_asks else ANSWER]
    if rules.system_answers:
        give(e, j, i, word, piece)
    elif behaviour[j, PROMPT] > 0.0:
        if answers:
            send(e, behaviour, j, i, word, piece, round)
    else:
        e.due[(j * e.agents + i) * e.width + word] |= np.uint64(answers) << np.uint64(k & 63)
        e.callers[j * e.breadth + (i >> 6)] |= np.uint64(answers) << np.uint64(i & 63)


@step
def begin_turn(e, i):
    """Note which of agent i's tasks are complete, and the pieces that the others lack.

    A task counts as feasible the first time that it is found complete.
    """
    complete = find_lacking(e, i)
    e.feasible[i] += count(complete & ~e.ready[i])
    e.ready[i] = complete


@step
def find_lacking(e, i):
    """Find the pieces that agent i's tasks lack; return the slots of those that lack none."""
    for word in range(e.width):
        e.wanted[word] = NOTHING
    complete = NOTHING
    for slot in range(e.slots):
        missing = NOTHING
        for word in range(e.width):
            pieces = e.tasks[(i * e.slots + slot) * e.width + word]
            lacking = pieces & ~e.owned[i * e.width + word]
            e.wanted[word] |= lacking
            missing |= lacking
        complete |= np.uint64(missing == 0) << np.uint64(slot)
    return complete


@step
def submit(e, rules, i, slot):
    """Submit a complete task: r, halved for each falsified piece; a new task takes its place."""
    earned = rules.reward
    start = (i * e.slots + slot) * e.width
    for word in range(e.width):
        pieces = e.tasks[start + word]
        while pieces:
            k = item(word, pieces)
            if e.value[i * e.pieces + k] != e.truth[k]:
                earned *= 0.5
            pieces &= pieces - ONE
    for word in range(e.width):
        pieces = e.tasks[start + word]
        while pieces:
            k = item(word, pieces)
            giver = e.source[i * e.pieces + k]
            if giver != DEALT and e.value[i * e.pieces + k] == e.truth[k]:
                e.used[i * e.agents + giver] += 1.0
                e.credit[i * e.agents + giver] += earned / e.needed
            pieces &= pieces - ONE
    e.produced[i] += earned
    e.done[i] += 1
    e.ready[i] &= ~bit(slot)
    draw_task(e, i, slot)


@step
def end_turn(e, i):
    """Count what was asked of i before this turn and is still not given."""
    for j in range(e.agents):
        pieces = 0
        for word in range(e.width):
            pieces += count(e.open[(i * e.agents + j) * e.width + word])
        e.withheld[i * e.agents + j] = pieces


@step
def first_holder(e, k):
    """The holder of piece k with the lowest number."""
    found = e.holders[k * e.agents]
    for place in range(1, e.copies[k]):
        found = min(found, e.holders[k * e.agents + place])
    return np.int64(found)
