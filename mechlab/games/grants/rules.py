"""The rules of the grants game, compiled: a round of agents that are rows of propensities.

Agents act one after the other, in an order shuffled anew each round. What an agent submits and asks
for is decided on what stood when its turn began.
"""

# ruff: noqa: PLR0913 - compiled steps are inlined: an argument costs nothing

import numpy as np

from mechlab.games.bitset import NOTHING, ONE, bit, count, item, lowest
from mechlab.games.compiled import step, whole
from mechlab.games.grants.state import (
    ANSWERS,
    ASKS,
    GIVES,
    MESSAGES,
    REQUESTED,
    SENT,
    SUBMITS,
    among,
    begin_round,
    begin_turn,
    draw_task,
    episode,
    first_word,
    last_word,
)
from mechlab.games.rng import branch, chance, event, happens

ASK, ANSWER, VOLUNTEER, SUBMIT, PROMPT = range(5)  # columns of a behaviour
BEGIN = -1


@whole
def play_turns(state, ledger, terms, behaviour, round, start, stop):
    """Play the turns from position ``start`` to before ``stop`` of every episode's round.

    The beginning of the round stands before the first turn, at position ``BEGIN``.
    """
    for b in range(state.seeds.size):
        e = episode(state, ledger, b)
        if start == BEGIN:
            begin_round(e, round)
        for position in range(max(start, 0), stop):
            _take_turn(e, terms, behaviour, np.int64(e.order[position]), round)


@step
def _take_turn(e, terms, behaviour, i, round):
    """Play one turn."""
    begin_turn(e, terms, i, round)
    if e.ready[i]:
        _submit_ready(e, terms, behaviour, i, round)
    _answer(e, terms, behaviour, i, round)
    if behaviour[i, ASK] > 0.0:
        _ask_for_lacking(e, terms, behaviour, i, round)
    if behaviour[i, VOLUNTEER] > 0.0:
        _volunteer(e, terms, behaviour, i, round)


@step
def _submit_ready(e, terms, behaviour, i, round):
    """Submit complete tasks; ``ready`` stays as it was, for what is new is not asked for yet."""
    key = event(e.seed, SUBMITS, round, i)
    slots = e.ready[i]
    while slots:
        slot = lowest(slots)
        if happens(branch(key, slot), chance(behaviour[i, SUBMIT])):
            submit(e, terms, i, slot, round)
        slots &= slots - ONE


@step
def submit(e, terms, i, slot, round):
    """Submit a complete task; a new one takes its place."""
    e.done[i] += 1
    e.produced[i] += terms.reward
    for word in range(e.width if e.counts_use else 0):
        pieces = e.tasks[(i * e.slots + slot) * e.width + word]
        while pieces:
            pair = i * e.agents + e.owner[item(word, pieces)]
            e.used[pair] += 1.0
            e.credit[pair] += terms.part
            pieces &= pieces - ONE
    draw_task(e, terms, i, slot, round)


@step
def _answer(e, terms, behaviour, i, round):
    """Consider each request made since the last turn, once."""
    for block in range(e.blocks):
        askers = e.askers[i * e.blocks + block]
        e.askers[i * e.blocks + block] = NOTHING
        while askers:
            j = item(block, askers)
            for word in range(first_word(e.size, i), last_word(e.size, i) + 1):
                reply(e, terms, behaviour, i, j, word, round)
            askers &= askers - ONE


@step
def reply(e, terms, behaviour, i, j, word, round):
    """Agent i grants j those of its pieces for which j asked, or some of them, or none."""
    at = j * e.width + word
    asked = e.pending[at] & e.family[i * e.width + word]
    e.pending[at] &= ~asked
    lacking = asked & ~e.kept[at]
    key = branch(event(e.seed, ANSWERS, round, i), j)
    answers = chance(behaviour[i, ANSWER])
    answered, rest = NOTHING, lacking
    while rest:
        answered |= among(happens(branch(key, item(word, rest)), answers), lowest(rest))
        rest &= rest - ONE
    e.answered[i * e.agents + j] += count(answered)
    e.withheld[i * e.agents + j] += count(lacking & ~answered)
    grant(e, terms, i, j, word, answered, round)


@step
def grant(e, terms, i, j, word, pieces, round):
    """Lend access to pieces, a set, to one that would not have it in the next round."""
    at = j * e.width + word
    e.held[at] |= pieces
    if terms.lifetime > 1:
        e.kept[at] |= pieces
        e.granted[(round % e.memory) * e.agents * e.width + at] |= pieces
    e.given[i * e.agents + j] += count(pieces)
    e.counts[SENT] += count(pieces)


@step
def _ask_for_lacking(e, terms, behaviour, i, round):
    """Ask the owners for what the incomplete tasks will lack in the next round."""
    key = event(e.seed, ASKS, round, i)
    asks = chance(behaviour[i, ASK])
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
            ask(e, terms, behaviour, i, item(word, wanted), round)
            wanted &= wanted - ONE
    e.counts[MESSAGES] += total
    e.counts[REQUESTED] += total


@step
def _find_lacking(e, i):
    """Find the pieces that agent i's incomplete tasks will lack, and that it has not asked for."""
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
def ask(e, terms, behaviour, i, k, round):
    """Agent i asks the owner of piece k for access; a prompt owner answers at once."""
    j = np.int64(e.owner[k])
    e.asked[i * e.agents + j] += 1.0
    e.pending[i * e.width + (k >> 6)] |= bit(k)
    if behaviour[j, PROMPT] > 0.0:
        reply(e, terms, behaviour, j, i, k >> 6, round)
    else:
        e.askers[j * e.blocks + (i >> 6)] |= bit(i)


@step
def _volunteer(e, terms, behaviour, i, round):
    """Grant some peers, unasked, all that they will lack in the next round: one message a peer."""
    key = event(e.seed, GIVES, round, i)
    gives = chance(behaviour[i, VOLUNTEER])
    for block in range(e.blocks):
        chosen = NOTHING
        for j in range(64 * block, min(64 * block + 64, e.agents)):
            chosen |= among(happens(branch(key, j), gives) & (j != i), j)
        while chosen:
            _grant_all(e, terms, i, item(block, chosen), round)
            chosen &= chosen - ONE


@step
def _grant_all(e, terms, i, j, round):
    """Agent i grants j all that it will lack in the next round."""
    given = 0
    for word in range(first_word(e.size, i), last_word(e.size, i) + 1):
        mine, at = e.family[i * e.width + word], j * e.width + word
        lacking = mine & ~e.kept[at]
        e.pending[at] &= ~mine
        given += count(lacking)
        grant(e, terms, i, j, word, lacking, round)
    e.counts[MESSAGES] += given > 0
