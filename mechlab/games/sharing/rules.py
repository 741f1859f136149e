"""The rules of the sharing game, step by step, compiled; every kind of agent plays through these."""

from typing import NamedTuple

import numpy as np
from numba import njit

from mechlab.games.chance import below, branch, uniform
from mechlab.games.sharing.state import ABSENT, DEALT, LIE, TURN, draw_task
from mechlab.flows import Amounts

ONE = np.uint64(1)

# Columns of a behaviour.
ASK, ANSWER, ANSWER_SYSTEM, VOLUNTEER, SUBMIT, FALSIFY, CHATTER, PROMPT, THOROUGH = range(9)


class Rules(NamedTuple):
    """What a condition and the settings say, as the compiled steps need it."""

    reward: float
    action_limit: int  # 0: none
    system_asks: bool  # agents' own messages do nothing; the system asks after every round
    system_answers: bool  # a request to a holder is answered at once and truthfully


class Ledger(NamedTuple):
    """The arrays of ``Amounts``, for compiled code."""

    asked: np.ndarray
    withheld: np.ndarray
    given: np.ndarray
    answered: np.ndarray
    falsified: np.ndarray
    credit: np.ndarray
    produced: np.ndarray

    @classmethod
    def of(cls, now: Amounts) -> "Ledger":
        """View the arrays of ``now``."""
        return cls(**dict(now.arrays()))


@njit(cache=True, inline="always")
def has_bit(words, k):
    """Whether piece ``k`` is in a set of pieces."""
    return (words[k >> 6] >> np.uint64(k & 63)) & ONE != 0


@njit(cache=True, inline="always")
def set_bit(words, k):
    """Add piece ``k`` to a set of pieces."""
    words[k >> 6] |= ONE << np.uint64(k & 63)


@njit(cache=True, inline="always")
def clear_bit(words, k):
    """Take piece ``k`` out of a set of pieces."""
    words[k >> 6] &= ~(ONE << np.uint64(k & 63))


@njit(cache=True)
def count_bits(words):
    """Size of a set of pieces."""
    total = 0
    for word in words:
        while word:
            word &= word - ONE
            total += 1
    return total


@njit(cache=True)
def give(state, ledger, b, i, j, k, value, round):
    """Agent i, who holds piece k, sends j a copy with ``value``; j gains it where it lacked it."""
    honest = value == state.value[b, k, i]
    if honest:
        state.sent[b] += 1
    if state.since[b, k, j] != ABSENT:
        return
    state.since[b, k, j] = round
    state.value[b, k, j] = value
    state.source[b, k, j] = i
    state.held[b, j] += 1
    if honest:
        ledger.given[b, i, j] += 1.0
        if has_bit(state.open[b, i, j], k):
            ledger.answered[b, i, j] += 1.0
    else:
        ledger.falsified[b, i, j] += 1.0
    for holder in range(state.held.shape[1]):
        clear_bit(state.open[b, holder, j], k)


@njit(cache=True)
def ask(state, ledger, rules, behaviour, b, i, j, k, round):
    """Agent i (or the system in its name) asks j for piece k."""
    state.requested[b] += 1
    set_bit(state.tried[b, i, j], k)
    if state.since[b, k, j] == ABSENT:
        return
    if state.since[b, k, i] == ABSENT:
        ledger.asked[b, i, j] += 1.0
        set_bit(state.open[b, j, i], k)
    if rules.system_answers:
        give(state, ledger, b, j, i, k, state.value[b, k, j], round)
    elif behaviour[j, PROMPT] > 0.0:
        reply(state, ledger, rules, behaviour, b, j, i, k, round)
    else:
        set_bit(state.fresh[b, j, i], k)


@njit(cache=True)
def reply(state, ledger, rules, behaviour, b, i, j, k, round):
    """Agent i considers j's request for piece k, which it holds: sends it, or does not."""
    column = ANSWER_SYSTEM if rules.system_asks else ANSWER
    key = branch(branch(branch(branch(state.seeds[b], TURN), round), i), j)
    if uniform(key, 2 * k) < behaviour[i, column]:
        lies = uniform(key, 2 * k + 1) < behaviour[i, FALSIFY]
        value = altered(state, b, i, k) if lies else state.value[b, k, i]
        give(state, ledger, b, i, j, k, value, round)
        return True
    return False


@njit(cache=True)
def altered(state, b, i, k):
    """A value from 0 to 100 that is not agent i's own value of piece k."""
    key = branch(branch(state.seeds[b], LIE), i)
    return np.int8((state.value[b, k, i] + 1 + below(key, k, 100)) % 101)


@njit(cache=True)
def begin_turn(state, b, i):
    """Note which open tasks are complete, and return the incomplete ones as a set of slots.

    A task counts as feasible the first time that it is found complete.
    """
    incomplete = np.uint64(0)
    for slot in range(state.tasks.shape[2]):
        if not complete(state, b, i, slot):
            incomplete |= ONE << np.uint64(slot)
        elif not state.ready[b, i, slot]:
            state.ready[b, i, slot] = True
            state.feasible[b, i] += 1
    return incomplete


@njit(cache=True)
def complete(state, b, i, slot):
    """Whether agent i holds all pieces of an open task."""
    for k in state.tasks[b, i, slot]:
        if state.since[b, k, i] == ABSENT:
            return False
    return True


@njit(cache=True)
def submit(state, ledger, rules, b, i, slot):
    """Submit a complete task: r, halved once for each falsified piece; a new task takes its place."""
    task = state.tasks[b, i, slot]
    earned = rules.reward
    for k in task:
        if state.value[b, k, i] != state.truth[b, k]:
            earned *= 0.5
    for k in task:
        giver = state.source[b, k, i]
        if giver != DEALT and state.value[b, k, i] == state.truth[b, k]:
            ledger.credit[b, i, giver] += earned / task.size
    ledger.produced[b, i] += earned
    state.revenue[b, i] += earned
    state.done[b, i] += 1
    draw_task(state, b, i, slot)


@njit(cache=True)
def end_turn(state, ledger, b, i):
    """Count what was asked of i before this turn and is still not given."""
    for j in range(state.held.shape[1]):
        ledger.withheld[b, i, j] += count_bits(state.open[b, i, j])


@njit(cache=True)
def end_round(state, ledger, rules, behaviour, round):
    """Where the system asks: in each agent's name, the first holder of each piece its tasks lack."""
    if not rules.system_asks:
        return
    _, agents, slots, needed = state.tasks.shape
    for b in range(state.seeds.size):
        for i in range(agents):
            for slot in range(slots):
                for q in range(needed):
                    k = state.tasks[b, i, slot, q]
                    if state.since[b, k, i] == ABSENT:
                        j = first_holder(state, b, k)
                        ask(state, ledger, rules, behaviour, b, i, j, k, round)


@njit(cache=True)
def first_holder(state, b, k):
    """The holder of piece k with the lowest number; every piece has one from the deal on."""
    j = 0
    while state.since[b, k, j] == ABSENT:
        j += 1
    return j
