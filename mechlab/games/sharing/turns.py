"""One turn of an agent that is a row of propensities, and a round of such agents, compiled."""

# ruff: noqa: PLR0913 - compiled steps are inlined: an argument costs nothing

import math

import numpy as np

from mechlab.games.bits import NOTHING, ONE, count, first, item, lowest
from mechlab.games.chance import branch, chance, event, happens, pick, uniform
from mechlab.games.compiled import step, whole
from mechlab.games.sharing.episode import GIVES, SYSTEM, TURN, episode, publish
from mechlab.games.sharing.rules import (
    ASK,
    BREADTH,
    CHATTER,
    SUBMIT,
    THOROUGH,
    VOLUNTEER,
    ask,
    begin_round,
    begin_turn,
    end_turn,
    find_lacking,
    first_holder,
    send,
    submit,
)
from mechlab.games.sharing.state import MESSAGES, REQUESTED

# Children of a turn's key: pieces have their own numbers, these lie beyond them.
_SUBMITS, _TALKS = 1 << 32, 1 << 33


@whole
def play_turns(state, ledger, rules, behaviour, round, start, stop):
    """Play the turns from position ``start`` to before ``stop`` of every episode's round.

    The turn at position 0 begins the round.
    """
    for b in range(state.seeds.size):
        e = episode(state, ledger, b)
        if start == 0:
            begin_round(e, round)
        for position in range(start, stop):
            _take_turn(e, rules, behaviour, np.int64(e.order[position]), round)


@step
def _take_turn(e, rules, behaviour, i, round):
    """Play one turn, decided on what stood when it began, as a list of actions must be.

    Actions are carried out in the order submit, answer, ask, give unasked, talk, so that a limit
    of actions cuts what earns least.
    """
    key = event(e.seed, TURN, round, i)
    begin_turn(e, i)
    left = _submit_ready(e, rules, behaviour, i, key, rules.action_limit)
    left = _answer(e, behaviour, i, round, left)
    if behaviour[i, ASK] > 0.0:
        left = _ask_for_lacking(e, rules, behaviour, i, key, round, left)
    if behaviour[i, VOLUNTEER] > 0.0:
        left = _volunteer(e, behaviour, i, round, left)
    if behaviour[i, CHATTER] > 0.0:
        _talk(e, behaviour, i, key, left)
    end_turn(e, i)


@step
def _submit_ready(e, rules, behaviour, i, key, left):
    slots = e.ready[i]
    while slots and left > 0:
        slot = lowest(slots)
        if uniform(key, _SUBMITS + slot) < behaviour[i, SUBMIT]:
            submit(e, rules, i, slot)
            left -= 1
        slots &= slots - ONE
    return left


@step
def _answer(e, behaviour, i, round, left):
    """Send what is due on requests, as far as the limit of actions goes; one action a recipient."""
    for v in range(e.breadth):
        callers = e.callers[i * e.breadth + v]
        while callers and left > 0:
            j = item(v, callers)
            callers &= callers - ONE
            left -= 1
            for word in range(e.width):
                at = (i * e.agents + j) * e.width + word
                copies = e.due[at]
                if copies:
                    e.due[at] = NOTHING
                    send(e, behaviour, i, j, word, copies, round)
        e.callers[i * e.breadth + v] = callers
    return left


@step
def _ask_for_lacking(e, rules, behaviour, i, key, round, left):
    """Ask for pieces that the open tasks lack: one private message and one action a request.

    A thorough agent asks every holder whom it never asked; another asks one holder by lot, and
    each further one with the chance that is its breadth. Where the system does the asking, the
    agent's own messages do nothing.
    """
    before = left
    thorough, asks = behaviour[i, THOROUGH] > 0.0, chance(behaviour[i, ASK])
    wide = behaviour[i, BREADTH]
    for word in range(e.width):
        wanted = e.wanted[word]
        while wanted:
            k = item(word, wanted)
            wanted &= wanted - ONE
            request = branch(key, k)
            if not happens(request, asks):
                continue
            known = np.int64(e.copies[k])
            place = np.int64(e.tried[i * e.pieces + k]) if thorough else np.int64(0)
            lot = pick(request, known)
            while place < known and left > 0:
                if thorough or place == lot or (wide > 0.0 and uniform(request, place) < wide):
                    if not rules.system_asks:
                        j = np.int64(e.holders[k * e.agents + place])
                        ask(e, rules, behaviour, i, j, k, request, round)
                    left -= 1
                place += 1
            if thorough:
                e.tried[i * e.pieces + k] = place
    e.counts[MESSAGES] += before - left
    if not rules.system_asks:
        e.counts[REQUESTED] += before - left
    return left


@step
def _volunteer(e, behaviour, i, round, left):
    """Give unasked: each piece that a peer lacks with the same small chance; one action a peer.

    The waiting time to the next success is geometric, so that rare giving costs little to play.
    """
    key = event(e.seed, GIVES, round, i)
    share = behaviour[i, VOLUNTEER]
    scale = 1.0 / math.log1p(-share) if share < 1.0 else 0.0
    draws = 0
    wait = _failures(key, draws, scale)
    for j in range(e.agents if left > 0 else 0):
        sends = 0
        for word in range(e.width):
            lacking = e.owned[i * e.width + word] & ~e.owned[j * e.width + word]
            size, copies = count(lacking), NOTHING
            while wait < size:
                for _ in range(wait):
                    lacking &= lacking - ONE
                copies |= first(lacking)
                lacking &= lacking - ONE
                size -= wait + 1
                draws += 1
                wait = _failures(key, draws, scale)
            wait -= size
            if copies and left > 0:
                send(e, behaviour, i, j, word, copies, round)
                sends = 1
        left -= sends
    return left


@step
def _failures(key, draw, scale):
    """Failures before the next success: geometric, by inversion."""
    return int(min(math.log(1.0 - uniform(key, draw)) * scale, 1e9)) if scale < 0.0 else 0


@step
def _talk(e, behaviour, i, key, left):
    """Messages that ask for nothing: ``chatter`` of them on average."""
    chatter = behaviour[i, CHATTER]
    one_more = uniform(key, _TALKS) < chatter - int(chatter)
    e.counts[MESSAGES] += min(int(chatter) + one_more, left)


@whole
def ask_by_system(state, ledger, rules, behaviour, round):
    """In each agent's name, ask the first holder of each piece that its open tasks lack."""
    for b in range(state.seeds.size):
        e = episode(state, ledger, b)
        publish(e)
        for i in range(e.agents):
            key = event(e.seed, SYSTEM, round, i)
            find_lacking(e, i)
            for word in range(e.width):
                wanted = e.wanted[word]
                while wanted:
                    k = item(word, wanted)
                    wanted &= wanted - ONE
                    e.counts[REQUESTED] += 1
                    ask(e, rules, behaviour, i, first_holder(e, k), k, branch(key, k), round)
