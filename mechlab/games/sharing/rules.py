"""The rules of the sharing game, step by step, compiled; every kind of agent plays through these."""

from typing import NamedTuple

import numpy as np

from mechlab.games.bits import ONE, has, include, lowest
from mechlab.games.chance import below, branch, event, uniform
from mechlab.games.compiled import step
from mechlab.games.sharing.episode import ANSWERS, LIES, draw_task
from mechlab.games.sharing.state import DEALT, REQUESTED, SENT

# Columns of a behaviour.
ASK, ANSWER, ANSWER_SYSTEM, VOLUNTEER, SUBMIT, FALSIFY, CHATTER, PROMPT, THOROUGH = range(9)


class Rules(NamedTuple):
    """What a condition and the settings say, as the compiled steps need it."""

    reward: float
    action_limit: int  # 0: none
    system_asks: bool  # agents' own messages do nothing; the system asks after every round
    system_answers: bool  # a request to a holder is answered at once and truthfully


@step
def give(e, i, j, k, value):
    """Agent i, who holds piece k, sends j a copy with ``value``; j gains it where it lacked it."""
    honest = value == e.value[k, i]
    if honest:
        e.counts[SENT] += 1
    if has(e.holders[k], j):
        return
    include(e.holders[k], j)
    e.value[k, j] = value
    e.source[k, j] = i
    e.held[j] += 1
    if honest:
        e.given[i, j] += 1.0
        e.answered[i, j] += 1.0 if has(e.open[j, k], i) else 0.0
    else:
        e.falsified[i, j] += 1.0
    _settle(e, j, k)


@step
def _settle(e, j, k):
    """Agent j has gained piece k: nobody owes it an answer any more."""
    for v in range(e.open.shape[2]):
        asked = e.open[j, k, v]
        e.open[j, k, v] = 0
        while asked:
            e.owed[64 * v + lowest(asked), j] -= 1
            asked &= asked - ONE


@step
def ask(e, rules, behaviour, i, j, k, round):
    """Agent i (or the system in its name) asks j for piece k."""
    e.counts[REQUESTED] += 1
    if not has(e.holders[k], j):
        return
    if not has(e.holders[k], i):
        e.asked[i, j] += 1.0
        if not has(e.open[i, k], j):
            include(e.open[i, k], j)
            e.owed[j, i] += 1
    if rules.system_answers or behaviour[j, PROMPT] > 0.0:
        key = event(e.seed, ANSWERS, round, j)
        reply(e, rules, behaviour, j, i, k, key)
    else:
        include(e.fresh[j, i], k)


@step
def reply(e, rules, behaviour, i, j, k, key):
    """Agent i considers j's request for piece k, which it holds; return whether it sends it."""
    propensity = behaviour[i, ANSWER_SYSTEM if rules.system_asks else ANSWER]
    code = j * e.truth.shape[0] + k
    sends = rules.system_answers or uniform(key, code) < propensity
    if sends:
        value = e.value[k, i]
        if behaviour[i, FALSIFY] > 0.0 and not rules.system_answers:
            value = told_value(e, behaviour, i, k, branch(key, code))
        give(e, i, j, k, value)
    return sends


@step
def told_value(e, behaviour, i, k, key):
    """The value that agent i tells of piece k: its own, or another from 0 to 100."""
    value = e.value[k, i]
    if uniform(key, LIES) < behaviour[i, FALSIFY]:
        value = np.int8((value + 1 + below(key, k, 100)) % 101)
    return value


@step
def begin_turn(e, i):
    """Note which open tasks are complete, and return the incomplete ones as a set of slots.

    A task counts as feasible the first time that it is found complete.
    """
    incomplete = np.uint64(0)
    for slot in range(e.tasks.shape[1]):
        if not complete(e, i, slot):
            incomplete |= ONE << np.uint64(slot)
        elif not e.ready[i, slot]:
            e.ready[i, slot] = True
            e.feasible[i] += 1
    return incomplete


@step
def complete(e, i, slot):
    """Whether agent i holds all pieces of an open task."""
    for q in range(e.tasks.shape[2]):
        if not has(e.holders[e.tasks[i, slot, q]], i):
            return False
    return True


@step
def submit(e, rules, i, slot):
    """Submit a complete task: r, halved once for each falsified piece; a new task takes its place."""
    task = e.tasks[i, slot]
    earned = rules.reward
    for k in task:
        if e.value[k, i] != e.truth[k]:
            earned *= 0.5
    for k in task:
        giver = e.source[k, i]
        if giver != DEALT and e.value[k, i] == e.truth[k]:
            e.used[i, giver] += 1.0
            e.credit[i, giver] += earned / task.size
    e.produced[i] += earned
    e.done[i] += 1
    draw_task(e, i, slot)


@step
def end_turn(e, i):
    """Count what was asked of i before this turn and is still not given."""
    for j in range(e.held.shape[0]):
        e.withheld[i, j] += e.owed[i, j]


@step
def first_holder(e, k):
    """The holder of piece k with the lowest number; every piece has one from the deal on."""
    v = 0
    while e.holders[k, v] == 0:
        v += 1
    return 64 * v + lowest(e.holders[k, v])
