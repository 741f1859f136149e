"""One turn of an agent that is a row of propensities, and a round of such agents, compiled."""

# ruff: noqa: PLR0913 - compiled steps are inlined: an argument costs nothing

import math

import numpy as np

from mechlab.games.bits import NOTHING, ONE, count, first, item, lowest
from mechlab.games.chance import branch, chance, event, happens, pick, uniform
from mechlab.games.compiled import step, whole
from mechlab.games.sharing.episode import GIVES, SYSTEM, TURN, episode, publish
from mechlab.games.sharing.rules import (
    ANSWER,
    ANSWER_SYSTEM,
    ASK,
    BREADTH,
    CHATTER,
    FALSIFY,
    SUBMIT,
    THOROUGH,
    VOLUNTEER,
    answer_at_once,
    anyone_prompt,
    ask,
    begin_round,
    begin_turn,
    end_turn,
    find_lacking,
    first_holder,
    promise,
    send,
    submit,
)
from mechlab.games.sharing.state import MESSAGES, REQUESTED

# Children of a turn's key: pieces have their own numbers, these lie beyond them.
_SUBMITS, _TALKS = 1 << 32, 1 << 33
# Children of a request's key: the agents that are asked have their own numbers.
_FURTHER = 1 << 32


@whole
def play_turns(state, ledger, rules, behaviour, round, start, stop):
    """Play the turns from position ``start`` to before ``stop`` of every episode's round.

    The turn at position 0 begins the round.
    """
    at_once = anyone_prompt(rules, behaviour)
    for b in range(state.seeds.size):
        e = episode(state, ledger, b)
        if start == 0:
            begin_round(e, round)
        for position in range(start, stop):
            _take_turn(e, rules, behaviour, np.int64(e.order[position]), round, at_once)


@step
def _take_turn(e, rules, behaviour, i, round, at_once):
    """Play one turn, decided on what stood when it began, as a list of actions must be.

    Actions are carried out in the order submit, ask, send, talk, so that a limit of actions cuts
    what earns the agent least.
    """
    key = event(e.seed, TURN, round, i)
    begin_turn(e, i)
    left = _submit_ready(e, rules, behaviour, i, key, rules.action_limit)
    if behaviour[i, ASK] > 0.0:
        left = _ask_for_lacking(e, rules, behaviour, i, key, left)
        if at_once:
            answer_at_once(e, rules, behaviour, i, round)
    if behaviour[i, VOLUNTEER] > 0.0:
        _volunteer(e, behaviour, i, round)
    left = _send_due(e, behaviour, i, round, left)
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
def _ask_for_lacking(e, rules, behaviour, i, key, left):
    """Ask for pieces that the open tasks lack: one private message and one action a request.

    Where the system does the asking, the agent's own messages do nothing.
    """
    before = left
    asks = chance(behaviour[i, ASK])
    total = 0
    for word in range(e.width):
        total += count(e.wanted[word])
    at, rest = np.int64(0), e.wanted[0]
    for _ in range(total):
        # A branch to the next word would often be mispredicted: the first one is arithmetic.
        onward = np.int64(rest == 0)
        at += onward
        rest |= e.wanted[at] & (NOTHING - np.uint64(onward))
        while rest == 0:
            at += 1
            rest = e.wanted[at]
        k = item(at, rest)
        rest &= rest - ONE
        request = branch(key, k)
        if happens(request, asks):
            left = _ask_holders(e, rules, behaviour, i, k, request, left)
    e.counts[MESSAGES] += before - left
    if not rules.system_asks:
        e.counts[REQUESTED] += before - left
    return left


@step
def _ask_holders(e, rules, behaviour, i, k, key, left):
    """Ask for one piece.

    A thorough agent asks every holder whom it never asked; another asks one holder by lot, and
    each further one with the chance that is its breadth.
    """
    thorough, wide = behaviour[i, THOROUGH] > 0.0, behaviour[i, BREADTH]
    known = np.int64(e.copies[k])
    lot = pick(key, known)
    place, stop = lot, lot + 1
    if thorough:
        place, stop = np.int64(e.tried[i * e.pieces + k]), known
    elif wide > 0.0:
        place, stop = np.int64(0), known
    while place < stop and left > 0:
        if thorough or place == lot or uniform(key, _FURTHER + place) < wide:
            left -= 1
            if not rules.system_asks:
                j = np.int64(e.holders[k * e.agents + place])
                ask(e, 1.0 if rules.system_answers else behaviour[j, ANSWER], i, j, k, key)
        place += 1
    if thorough:
        e.tried[i * e.pieces + k] = place
    return left


@step
def _volunteer(e, behaviour, i, round):
    """Set out to give unasked: each piece that a peer lacks, with the same small chance.

    The waiting time to the next success is geometric, so that rare giving costs little to play.
    """
    key = event(e.seed, GIVES, round, i)
    share = behaviour[i, VOLUNTEER]
    scale = 1.0 / math.log1p(-share) if share < 1.0 else 0.0
    draws = 0
    wait = _failures(key, draws, scale)
    for j in range(e.agents):
        for word in range(e.width):
            lacking = e.owned[i * e.width + word] & ~e.owned[j * e.width + word]
            size = count(lacking)
            while wait < size:
                for _ in range(wait):
                    lacking &= lacking - ONE
                promise(e, i, j, word, first(lacking))
                lacking &= lacking - ONE
                size -= wait + 1
                draws += 1
                wait = _failures(key, draws, scale)
            wait -= size


@step
def _failures(key, draw, scale):
    """Failures before the next success: geometric, by inversion."""
    return int(min(math.log(1.0 - uniform(key, draw)) * scale, 1e9)) if scale < 0.0 else 0


@step
def _send_due(e, behaviour, i, round, left):
    """Send what is due, as far as the limit goes; one action a recipient."""
    last = -1
    for part in range(e.spread):
        parcels = e.parcels[i * e.spread + part]
        while parcels:
            place = item(part, parcels)
            j, word, at = place // e.width, place % e.width, i * e.agents * e.width + place
            copies = e.due[at]
            if copies:
                left -= j != last
                if left < 0:
                    break
                last = j
                send(e, behaviour[i, FALSIFY], i, j, word, copies, round)
                e.due[at] = NOTHING
            parcels &= parcels - ONE
        e.parcels[i * e.spread + part] = parcels
    return max(left, 0)


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
                    j = first_holder(e, k)
                    answer = 1.0 if rules.system_answers else behaviour[j, ANSWER_SYSTEM]
                    ask(e, answer, i, j, k, branch(key, k))
            answer_at_once(e, rules, behaviour, i, round)
