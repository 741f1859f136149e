"""One turn of an agent that is a row of propensities, and a round of such agents, compiled."""

import math

import numpy as np
from numba import njit

from mechlab.games.chance import below, branch, uniform
from mechlab.games.sharing.rules import (
    ASK,
    CHATTER,
    FALSIFY,
    ONE,
    SUBMIT,
    THOROUGH,
    VOLUNTEER,
    altered,
    ask,
    begin_turn,
    end_round,
    end_turn,
    give,
    has_bit,
    reply,
    submit,
)
from mechlab.games.sharing.state import ABSENT, TURN, shuffle_turns

# Purposes of an agent's random numbers in a turn, above the numbers of its peers.
_ASKS, _SUBMITS, _GIVES, _TALKS = range(1 << 20, (1 << 20) + 4)
_NO_LIMIT = 1 << 30


@njit(cache=True)
def play_round(state, ledger, rules, behaviour, round):
    """Play one round of every episode of a batch."""
    shuffle_turns(state, round)
    for b in range(state.seeds.size):
        for i in state.order[b]:
            take_turn(state, ledger, rules, behaviour, b, i, round)
    end_round(state, ledger, rules, behaviour, round)


@njit(cache=True)
def take_turn(state, ledger, rules, behaviour, b, i, round):
    """Play one turn: decided on what stood when it began, as a list of actions must be.

    Actions are carried out in the order submit, answer, ask, give unasked, talk, so that a limit
    of actions cuts what earns least.
    """
    incomplete = begin_turn(state, b, i)
    key = branch(branch(branch(state.seeds[b], TURN), round), i)
    left = rules.action_limit if rules.action_limit > 0 else _NO_LIMIT
    left = _submit_ready(state, ledger, rules, behaviour, b, i, branch(key, _SUBMITS), left)
    left = _answer(state, ledger, rules, behaviour, b, i, round, left)
    left = _ask_for_lacking(
        state, ledger, rules, behaviour, b, i, round, branch(key, _ASKS), incomplete, left
    )
    if behaviour[i, VOLUNTEER] > 0.0:
        left = _volunteer(state, ledger, behaviour, b, i, round, branch(key, _GIVES), left)
    _talk(state, behaviour, b, i, branch(key, _TALKS), left)
    end_turn(state, ledger, b, i)


@njit(cache=True)
def _submit_ready(state, ledger, rules, behaviour, b, i, key, left):
    for slot in range(state.tasks.shape[2]):
        if left > 0 and state.ready[b, i, slot] and uniform(key, slot) < behaviour[i, SUBMIT]:
            submit(state, ledger, rules, b, i, slot)
            left -= 1
    return left


@njit(cache=True)
def _answer(state, ledger, rules, behaviour, b, i, round, left):
    """Consider each request made since the last turn, once; one action a recipient."""
    for j in range(state.held.shape[1]):
        sends = False
        for word in range(state.fresh.shape[3]):
            requests = state.fresh[b, i, j, word]
            state.fresh[b, i, j, word] = 0
            k = word * 64
            while requests and left > 0:
                if requests & ONE and reply(state, ledger, rules, behaviour, b, i, j, k, round):
                    sends = True
                requests >>= ONE
                k += 1
        left -= sends
    return left


@njit(cache=True)
def _ask_for_lacking(state, ledger, rules, behaviour, b, i, round, key, incomplete, left):
    """Ask for pieces that the open tasks lack: one holder each, or all that were never asked."""
    if behaviour[i, ASK] <= 0.0:
        return left
    _, _, slots, needed = state.tasks.shape
    for position in range(slots * needed):
        slot, k = position // needed, state.tasks[b, i, position // needed, position % needed]
        open_slot = (incomplete >> np.uint64(slot)) & ONE != 0
        if not open_slot or state.since[b, k, i] != ABSENT or _listed(state, b, i, k, position):
            continue
        if uniform(key, k) >= behaviour[i, ASK]:
            continue
        if behaviour[i, THOROUGH] > 0.0:
            left = _ask_all(state, ledger, rules, behaviour, b, i, k, round, left)
        else:
            j = _some_holder(state, b, i, k, round, key)
            left = _ask_one(state, ledger, rules, behaviour, b, i, j, k, round, left)
    return left


@njit(cache=True)
def _listed(state, b, i, k, position):
    """Whether piece k already stands at an earlier position of agent i's open tasks."""
    needed = state.tasks.shape[3]
    for earlier in range(position):
        if state.tasks[b, i, earlier // needed, earlier % needed] == k:
            return True
    return False


@njit(cache=True)
def _ask_all(state, ledger, rules, behaviour, b, i, k, round, left):
    for j in range(state.held.shape[1]):
        if state.since[b, k, j] < round and not has_bit(state.tried[b, i, j], k):
            left = _ask_one(state, ledger, rules, behaviour, b, i, j, k, round, left)
    return left


@njit(cache=True)
def _ask_one(state, ledger, rules, behaviour, b, i, j, k, round, left):
    """One private message, one action; where the system does the asking it does nothing."""
    if left <= 0:
        return left
    state.messages[b] += 1
    if not rules.system_asks:
        ask(state, ledger, rules, behaviour, b, i, j, k, round)
    return left - 1


@njit(cache=True)
def _some_holder(state, b, i, k, round, key):
    """A holder of piece k in the directory, each as likely; every piece has one from the deal on."""
    agents = state.held.shape[1]
    holders = 0
    for j in range(agents):
        holders += state.since[b, k, j] < round
    chosen = below(branch(key, k), 0, holders)
    for j in range(agents):
        if state.since[b, k, j] < round:
            if chosen == 0:
                return j
            chosen -= 1
    return i  # not reached


@njit(cache=True)
def _volunteer(state, ledger, behaviour, b, i, round, key, left):
    """Give unasked: each piece that a peer lacks with the same small chance; one action a peer.

    The waiting time to the next success is geometric, so that rare giving costs little to play.
    """
    pieces, agents = state.since.shape[1:]
    chance = min(behaviour[i, VOLUNTEER], 1.0)
    scale = 1.0 / math.log1p(-chance) if chance < 1.0 else 0.0
    draws, last = 0, -1
    at = _skip(key, draws, scale)
    while at < pieces * agents and left > 0:
        j, k = at // pieces, at % pieces
        if state.held[b, j] == pieces:
            at = (j + 1) * pieces - 1
        elif state.since[b, k, i] != ABSENT and state.since[b, k, j] == ABSENT:
            lies = uniform(branch(key, k), j) < behaviour[i, FALSIFY]
            value = altered(state, b, i, k) if lies else state.value[b, k, i]
            give(state, ledger, b, i, j, k, value, round)
            left -= j != last
            last = j
        draws += 1
        at += 1 + _skip(key, draws, scale)
    return left


@njit(cache=True, inline="always")
def _skip(key, draw, scale):
    """Failures before the next success: geometric, by inversion."""
    return int(min(math.log(1.0 - uniform(key, draw)) * scale, 1e9)) if scale < 0.0 else 0


@njit(cache=True)
def _talk(state, behaviour, b, i, key, left):
    """Messages that ask for nothing: ``chatter`` of them on average."""
    chatter = behaviour[i, CHATTER]
    count = int(chatter) + (uniform(key, 0) < chatter - int(chatter))
    state.messages[b] += min(count, left)
