"""The rules of the sharing game, step by step, compiled; all agents play through these."""

# ruff: noqa: PLR0913 - compiled steps are inlined: an argument costs nothing

from typing import NamedTuple

import numpy as np

from mechlab.games._bitset import NOTHING, ONE, among, bit, count, has, include, item
from mechlab.games._compiled import SENT, leaf, step, whole
from mechlab.games._rng import branch, event, pick, share, shuffled, uniform
from mechlab.games.sharing._state import DEALT, LIES, ORDER, draw_task, gain, publish

# Columns of a behaviour.
ASK, ANSWER, ANSWER_SYSTEM, VOLUNTEER, SUBMIT = range(5)
FALSIFY, CHATTER, IMMEDIATE, THOROUGH, REPEAT, BREADTH = range(5, 11)


class Rules(NamedTuple):
    """Settings and condition, as the compiled steps need them."""

    reward: float
    action_limit: int  # a huge number for no limit
    system_asks: bool  # agents' own messages do nothing; the system asks after every round
    system_answers: bool  # a request to a holder is answered at once and truthfully


@step
def begin_round(e, round):
    """Take the snapshot of the directory and set the order of turns."""
    publish(e)
    shuffled(e.order, event(e.seed, ORDER, round, 0))


@step
def give(e, i, j, word, copies):
    """Agent i sends j true copies of its own, a set of pieces; j gains those that it lacked."""
    e.counts[SENT] += count(copies)
    gained = copies & ~e.owned[j * e.width + word]
    if gained:
        pair = i * e.agents + j
        useful = gained & ~e.altered[i * e.width + word] if e.traced else gained
        e.given[pair] += count(useful)
        e.answered[pair] += count(useful & e.open[pair * e.width + word])
        e.owned[j * e.width + word] |= gained
        if gained & e.altered[i * e.width + word]:
            _pass_on(e, i, j, word, gained & e.altered[i * e.width + word])
        while gained:
            k = item(word, gained)
            source = np.int64(e.source[i * e.pieces + k])
            gain(e, j, k, source if e.traced and source != DEALT else i)
            gained &= gained - ONE


@step
def _pass_on(e, i, j, word, altered):
    """Copies of altered copies are altered too, without their sender's knowledge."""
    e.altered[j * e.width + word] |= altered
    while altered:
        k = item(word, altered)
        e.value[j * e.pieces + k] = e.value[i * e.pieces + k]
        altered &= altered - ONE


@step
def falsify(e, i, j, k, value):
    """Agent i sends j a copy of piece k with another value than its own."""
    if not has(e.owned, j * e.width, k):
        e.falsified[i * e.agents + j] += 1.0
        e.value[j * e.pieces + k] = value
        if value != e.truth[k]:
            include(e.altered, j * e.width, k)
        include(e.owned, j * e.width, k)
        gain(e, j, k, i)


@step
def send(e, lies, i, j, word, copies, round):
    """Agent i sends j copies: true, or each falsified with chance ``lies``."""
    if lies > 0.0:
        copies = _send_falsified(e, lies, i, j, word, copies, round)
    give(e, i, j, word, copies)


@whole  # rare, and large enough to slow down what is inlined with it
def _send_falsified(e, lies, i, j, word, copies, round):
    """Send the pieces that i falsifies, with another value from 0 to 100; return the others."""
    key = branch(event(e.seed, LIES, round, i), j)
    true = copies
    while copies:
        k = item(word, copies)
        lie = branch(key, k)
        if share(lie) < lies:
            falsify(e, i, j, k, (e.value[i * e.pieces + k] + 1 + pick(lie, 100)) % 101)
            true &= ~bit(k)
        copies &= copies - ONE
    return true


@step
def ask(e, at_once, i, j, k, key):
    """Agent i, which lacks piece k, or the system in its name, asks j for it, which holds it.

    The request stands open until the piece has come. With the chance ``at_once`` it is answered
    already when i has asked for all, by the luck of the request (``key``).
    """
    word, piece = k >> 6, bit(k)
    e.asked[i * e.agents + j] += 1.0
    e.open[(j * e.agents + i) * e.width + word] |= piece
    e.awaited[i * e.width + word] |= piece
    if at_once > 0.0 and uniform(key, j) < at_once:
        prepare(e, j, word, piece)


@leaf
def at_once(rules, behaviour, j):
    """Chance that agent j, or the system for it, answers a request the moment it is made."""
    if rules.system_answers:
        return 1.0
    return behaviour[j, answer_column(rules)] if behaviour[j, IMMEDIATE] > 0.0 else 0.0


@leaf
def answer_column(rules):
    """The column of the propensity to answer: the system or a peer, by which of them asks."""
    return ANSWER_SYSTEM if rules.system_asks else ANSWER


@step
def anyone_immediate(rules, behaviour):
    """Whether any request is answered at once."""
    immediate = rules.system_answers
    for i in range(behaviour.shape[0]):
        immediate |= behaviour[i, IMMEDIATE] > 0.0
    return immediate


@step
def prepare(e, partner, word, copies):
    """Note that a set of pieces is about to be sent between the agent on turn and a partner."""
    place = partner * e.width + word
    e.due[place] |= copies
    e.parcels[place >> 6] |= among(copies != 0, place)


@step
def receive(e, rules, behaviour, i, round):
    """Agent i receives the pieces that are due from its partners; the system sends true copies."""
    for part in range(e.spread):
        parcels = e.parcels[part]
        e.parcels[part] = NOTHING
        while parcels:
            place = item(part, parcels)
            parcels &= parcels - ONE
            j, copies = place // e.width, e.due[place]
            e.due[place] = NOTHING
            lies = 0.0 if rules.system_answers else behaviour[j, FALSIFY]
            send(e, lies, j, i, place % e.width, copies, round)


@step
def begin_turn(e, i):
    """Note which of agent i's tasks are complete, and the pieces that its other tasks lack.

    A task counts as feasible the first time that it is complete at the beginning of a turn.
    """
    complete = find_lacking(e, i)
    e.feasible[i] += count(complete & ~e.ready[i])
    e.ready[i] = complete


@step
def find_lacking(e, i):
    """Find the pieces that agent i's tasks lack; return the slots of tasks that lack none."""
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
        complete |= among(missing == 0, slot)
    return complete


@step
def submit(e, rules, i, slot):
    """Submit a complete task: r, halved for each falsified piece; a new task replaces it."""
    earned = rules.reward
    start = (i * e.slots + slot) * e.width
    for word in range(e.width):
        for _ in range(count(e.tasks[start + word] & e.altered[i * e.width + word])):
            earned *= 0.5
    if e.counts_use:
        for word in range(e.width):
            true = e.tasks[start + word] & ~e.altered[i * e.width + word]
            _credit(e, i, word, true, earned / e.needed)
    e.produced[i] += earned
    e.done[i] += 1
    e.ready[i] &= ~bit(slot)
    draw_task(e, i, slot)


@step
def _credit(e, i, word, pieces, part):
    """Credit the givers of a task's pieces, a set, with their parts of what i earned with it."""
    while pieces:
        giver = np.int64(e.source[i * e.pieces + item(word, pieces)])
        if giver != DEALT:
            e.used[i * e.agents + giver] += 1.0
            e.credit[i * e.agents + giver] += part
        pieces &= pieces - ONE


@step
def end_turn(e, i):
    """Count the pieces that i was asked for before this turn and that the askers still lack."""
    for j in range(e.agents if e.counts_withheld else 0):
        pieces = 0
        for word in range(e.width):
            asked = e.open[(i * e.agents + j) * e.width + word]
            pieces += count(asked & ~e.owned[j * e.width + word])
        e.withheld[i * e.agents + j] = pieces


@step
def first_holder(e, k):
    """The holder of piece k with the lowest number."""
    holder = e.holders[k * e.agents]
    for place in range(1, e.copies[k]):
        holder = min(holder, e.holders[k * e.agents + place])
    return np.int64(holder)
