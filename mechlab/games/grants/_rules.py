"""The rules of the grants game, step by step, compiled; all agents play through these."""

# ruff: noqa: PLR0913 - compiled steps are inlined: an argument costs nothing

from typing import NamedTuple

import numpy as np

from mechlab.games._bitset import NOTHING, ONE, among, bit, count, include, item, lowest
from mechlab.games._compiled import SENT, leaf, step
from mechlab.games._rng import branch, chance, event, happens, pick, shuffled
from mechlab.games.grants._state import ANSWERS, ORDER, TASKS

ASK, ANSWER, VOLUNTEER, SUBMIT, IMMEDIATE = range(5)  # columns of a behaviour


class Rules(NamedTuple):
    """Settings, as the compiled steps need them."""

    lifetime: int
    deadline: int
    reward: float
    part: float  # of the reward, for each piece


@leaf
def words_of(size, j):
    """The words in which agent j, who owns ``size`` pieces, has some."""
    return range((j * size) >> 6, (((j + 1) * size - 1) >> 6) + 1)


@step
def begin_round(e, round):
    """Set the order of turns, and let old grants lapse.

    A grant of round r holds until round r + lifetime - 1: after M = lifetime - 1 rounds it will
    not outlast the present one.
    """
    shuffled(e.order, event(e.seed, ORDER, round, 0))
    length = e.agents * e.width
    old = (round % e.memory) * length
    for place in range(length):
        e.held[place] = e.kept[place]
        e.kept[place] &= ~e.granted[old + place]
        e.granted[old + place] = NOTHING


@step
def begin_turn(e, rules, i, round):
    """Replace the expired tasks of agent i, and note which of its tasks are complete."""
    complete = NOTHING
    for slot in range(e.slots):
        if e.due[i * e.slots + slot] < round:
            draw_task(e, rules, i, slot, round)
        missing = NOTHING
        for word in range(e.width):
            pieces = e.tasks[(i * e.slots + slot) * e.width + word]
            missing |= pieces & ~e.held[i * e.width + word]
        complete |= among(missing == 0, slot)
    e.feasible[i] += count(complete & ~e.counted[i])
    e.counted[i] |= complete
    e.ready[i] = complete


@step
def draw_task(e, rules, i, slot, round):
    """Fill a slot with a piece of each of several others; the seed fixes an agent's m-th task."""
    key = event(e.seed, TASKS, e.drawn[i], i)
    e.drawn[i] += 1
    e.counted[i] &= ~bit(slot)
    e.due[i * e.slots + slot] = round + rules.deadline - 1
    start = (i * e.slots + slot) * e.width
    for word in range(e.width):
        e.tasks[start + word] = NOTHING
    draws, lacking = 0, e.needed
    while lacking > 0:
        j = pick(branch(key, draws), e.agents)
        draws += 1
        if j != i and not _needs_of(e, start, j):
            include(e.tasks, start, j * e.size + pick(branch(key, draws), e.size))
            draws += 1
            lacking -= 1


@step
def _needs_of(e, start, j):
    """Whether the task whose words begin at ``start`` needs a piece of agent j."""
    common = NOTHING
    for word in range(e.width):
        common |= e.tasks[start + word] & e.family[j * e.width + word]
    return common != 0


@step
def submit(e, rules, i, slot, round):
    """Submit a complete task; a new one takes its place."""
    e.done[i] += 1
    e.produced[i] += rules.reward
    for word in range(e.width if e.counts_use else 0):
        pieces = e.tasks[(i * e.slots + slot) * e.width + word]
        while pieces:
            pair = i * e.agents + e.owner[item(word, pieces)]
            e.used[pair] += 1.0
            e.credit[pair] += rules.part
            pieces &= pieces - ONE
    draw_task(e, rules, i, slot, round)


@step
def reply(e, rules, behaviour, i, j, word, round):
    """Agent i grants j all, some or none of its pieces that j asked for."""
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
    grant(e, rules, i, j, word, answered, round)


@step
def grant(e, rules, i, j, word, pieces, round):
    """Agent i lends j access to pieces, a set that j could not use in the next round."""
    at = j * e.width + word
    e.held[at] |= pieces
    if rules.lifetime > 1:
        e.kept[at] |= pieces
        e.granted[(round % e.memory) * e.agents * e.width + at] |= pieces
    e.given[i * e.agents + j] += count(pieces)
    e.counts[SENT] += count(pieces)


@step
def ask(e, rules, behaviour, i, k, round):
    """Agent i asks the owner of piece k for access; some owners answer at once."""
    j = np.int64(e.owner[k])
    e.asked[i * e.agents + j] += 1.0
    e.pending[i * e.width + (k >> 6)] |= bit(k)
    if behaviour[j, IMMEDIATE] > 0.0:
        reply(e, rules, behaviour, j, i, k >> 6, round)
    else:
        e.askers[j * e.blocks + (i >> 6)] |= bit(i)
