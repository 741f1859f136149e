"""Turns, compiled: of an agent that is a row of propensities, and a player's single actions.

What an agent submits and asks for depends on the state when its turn began.
"""

# ruff: noqa: PLR0913 - compiled steps are inlined: an argument costs nothing

import numpy as np

from mechlab.games._bitset import NOTHING, ONE, among, bit, count, has, item, lowest
from mechlab.games._compiled import BEGIN, MESSAGES, REQUESTED, step, whole
from mechlab.games._rng import branch, chance, event, happens
from mechlab.games.grants import _rules as rule
from mechlab.games.grants._state import ASKS, GIVES, SUBMITS, episode


@whole
def play_turns(state, flows, rules, behaviour, round, start, stop):
    """Play the turns from position ``start`` to before ``stop`` of every episode's round.

    The beginning of the round stands before the first turn, at position ``BEGIN``.
    """
    for b in range(state.seeds.size):
        e = episode(state, flows, b)
        if start == BEGIN:
            rule.begin_round(e, round)
        for position in range(max(start, 0), stop):
            _take_turn(e, rules, behaviour, np.int64(e.order[position]), round)


@step
def _take_turn(e, rules, behaviour, i, round):
    rule.begin_turn(e, rules, i, round)
    if e.ready[i]:
        _submit_ready(e, rules, behaviour, i, round)
    _answer(e, rules, behaviour, i, round)
    if behaviour[i, rule.ASK] > 0.0:
        _ask_for_lacking(e, rules, behaviour, i, round)
    if behaviour[i, rule.VOLUNTEER] > 0.0:
        _volunteer(e, rules, behaviour, i, round)


@step
def _submit_ready(e, rules, behaviour, i, round):
    """Submit complete tasks; ``ready`` stays as it was, as new tasks are not asked for yet."""
    key = event(e.seed, SUBMITS, round, i)
    slots = e.ready[i]
    while slots:
        slot = lowest(slots)
        if happens(branch(key, slot), chance(behaviour[i, rule.SUBMIT])):
            rule.submit(e, rules, i, slot, round)
        slots &= slots - ONE


@step
def _answer(e, rules, behaviour, i, round):
    """Consider each request made since the last turn, once."""
    for block in range(e.blocks):
        askers = e.askers[i * e.blocks + block]
        e.askers[i * e.blocks + block] = NOTHING
        while askers:
            j = item(block, askers)
            for word in rule.words_of(e.size, i):
                rule.reply(e, rules, behaviour, i, j, word, round)
            askers &= askers - ONE


@step
def _ask_for_lacking(e, rules, behaviour, i, round):
    """Ask the owners for the pieces that incomplete tasks will lack in the next round."""
    key = event(e.seed, ASKS, round, i)
    asks = chance(behaviour[i, rule.ASK])
    _find_lacking(e, i)
    total = 0
    for word in range(e.width):
        wanted = NOTHING
        while e.wanted[word]:
            k = item(word, e.wanted[word])
            wanted |= among(happens(branch(key, k), asks), k)
            e.wanted[word] &= e.wanted[word] - ONE
        total += count(wanted)
        while wanted:
            rule.ask(e, rules, behaviour, i, item(word, wanted), round)
            wanted &= wanted - ONE
    e.counts[MESSAGES] += total
    e.counts[REQUESTED] += total


@step
def _find_lacking(e, i):
    """Find the pieces that incomplete tasks of agent i will lack and it has not asked for."""
    for word in range(e.width):
        e.wanted[word] = NOTHING
    slots = ~e.ready[i] & ((bit(e.slots - 1) << ONE) - ONE)
    while slots:
        task = (i * e.slots + lowest(slots)) * e.width
        for word in range(e.width):
            known = e.kept[i * e.width + word] | e.pending[i * e.width + word]
            e.wanted[word] |= e.tasks[task + word] & ~known
        slots &= slots - ONE


@step
def _volunteer(e, rules, behaviour, i, round):
    """Grant some peers, unasked, all that they will lack in the next round, in one message."""
    key = event(e.seed, GIVES, round, i)
    gives = chance(behaviour[i, rule.VOLUNTEER])
    for block in range(e.blocks):
        chosen = NOTHING
        for j in range(64 * block, min(64 * block + 64, e.agents)):
            chosen |= among(happens(branch(key, j), gives) & (j != i), j)
        while chosen:
            _grant_all(e, rules, i, item(block, chosen), round)
            chosen &= chosen - ONE


@step
def _grant_all(e, rules, i, j, round):
    """Agent i grants j all its pieces to which j would have no access in the next round."""
    given = 0
    for word in rule.words_of(e.size, i):
        mine, at = e.family[i * e.width + word], j * e.width + word
        lacking = mine & ~e.kept[at]
        e.pending[at] &= ~mine
        given += count(lacking)
        rule.grant(e, rules, i, j, word, lacking, round)
    e.counts[MESSAGES] += given > 0


@whole
def open_turn(state, flows, rules, behaviour, round, i):
    """Replace agent i's expired tasks and note which are complete."""
    rule.begin_turn(episode(state, flows, 0), rules, i, round)


@whole
def close_turn(state, flows, rules, behaviour, round, i):
    """Count the pieces asked of agent i before this turn and not given; requests then lapse."""
    e = episode(state, flows, 0)
    for j in range(e.agents):
        for word in rule.words_of(e.size, i):
            at = j * e.width + word
            asked = e.pending[at] & e.family[i * e.width + word]
            e.pending[at] &= ~asked
            e.withheld[i * e.agents + j] += count(asked & ~e.kept[at])
    for block in range(e.blocks):
        e.askers[i * e.blocks + block] = NOTHING


@whole
def ask_piece(state, flows, rules, behaviour, round, i, k):
    """Agent i asks the owner of piece k for access."""
    e = episode(state, flows, 0)
    if not has(e.pending, i * e.width, k):
        e.counts[REQUESTED] += 1
        rule.ask(e, rules, behaviour, i, k, round)


@whole
def grant_piece(state, flows, rules, behaviour, round, i, j, k):
    """Agent i grants j access to its piece k; without effect where j has access already."""
    e = episode(state, flows, 0)
    at = j * e.width + (k >> 6)
    lacking = bit(k) & ~e.kept[at]
    e.answered[i * e.agents + j] += count(lacking & e.pending[at])
    e.pending[at] &= ~bit(k)
    rule.grant(e, rules, i, j, k >> 6, lacking, round)


@whole
def submit_slot(state, flows, rules, behaviour, round, i, slot):
    """Agent i submits a complete task, which may have become complete on this very turn."""
    e = episode(state, flows, 0)
    e.feasible[i] += count(bit(slot) & ~e.counted[i])
    rule.submit(e, rules, i, slot, round)
