"""Turns, compiled: of an agent that is a row of propensities, and a player's single actions."""

# ruff: noqa: PLR0913 - compiled steps are inlined: an argument costs nothing

import numpy as np

from mechlab.games._bitset import NOTHING, ONE, bit, count, first, has, item, lowest
from mechlab.games._compiled import BEGIN, MESSAGES, REQUESTED, step, whole
from mechlab.games._rng import branch, chance, event, happens, log1m, pick, uniform
from mechlab.games.sharing import _rules as rule
from mechlab.games.sharing._state import GIVES, SYSTEM, TURN, episode, publish

# Children of a turn's key: beyond the numbers of pieces, which are children too.
_SUBMITS, _TALKS, _ASKS, _REPEATS, _ANSWERS = ((n + 1) << 32 for n in range(5))
_FURTHER = 1 << 20  # first child of a request's key for further holders, by their place


@whole
def play_turns(state, flows, rules, behaviour, round, start, stop):
    """Play the turns from position ``start`` to before ``stop`` of every episode's round.

    The beginning of the round stands before the first turn, at position ``BEGIN``.
    """
    immediate = rule.anyone_immediate(rules, behaviour)
    for b in range(state.seeds.size):
        e = episode(state, flows, b)
        if start == BEGIN:
            rule.begin_round(e, round)
        for position in range(max(start, 0), stop):
            _take_turn(e, rules, behaviour, np.int64(e.order[position]), round, immediate)


@step
def _take_turn(e, rules, behaviour, i, round, immediate):
    """Play one turn; like a list of actions it is decided on the state when the turn began.

    Actions are carried out in the order submit, ask, send, talk, so that a limit of actions cuts
    what earns the agent least. Of each kind a turn takes all possible actions or none: language
    models work through such a list, or skip it.
    """
    key = event(e.seed, TURN, round, i)
    rule.begin_turn(e, i)
    left = _submit_ready(e, rules, behaviour, i, key, rules.action_limit)
    if uniform(key, _ASKS) < behaviour[i, rule.ASK]:
        left = _ask_for_lacking(e, rules, behaviour, i, key, immediate, left)
        if immediate:
            rule.receive(e, rules, behaviour, i, round)
    _note_requests(e, i)
    if behaviour[i, rule.VOLUNTEER] > 0.0:
        _volunteer(e, behaviour, i, round)
    left = _send_due(e, rules, behaviour, i, key, round, left)
    if behaviour[i, rule.CHATTER] > 0.0:
        _talk(e, behaviour, i, key, left)
    rule.end_turn(e, i)


@step
def _submit_ready(e, rules, behaviour, i, key, left):
    """Submit all complete tasks, or none."""
    slots = e.ready[i]
    if slots and uniform(key, _SUBMITS) < behaviour[i, rule.SUBMIT]:
        while slots and left > 0:
            rule.submit(e, rules, i, lowest(slots))
            slots &= slots - ONE
            left -= 1
    return left


@step
def _ask_for_lacking(e, rules, behaviour, i, key, immediate, left):
    """Ask for pieces that the open tasks lack, with one private message and action per request.

    A thorough agent asks every holder that it never asked. Other agents ask one random holder, and
    each further one with a chance of ``breadth``; they ask again for open requests with a chance of
    ``repeat``. Where the system asks, the agent's own messages do nothing.
    """
    before = left
    thorough = behaviour[i, rule.THOROUGH] > 0.0
    again = thorough or uniform(key, _REPEATS) < behaviour[i, rule.REPEAT]
    skipped = np.uint64(again) - ONE  # all ones, or none
    total = 0
    for word in range(e.width):
        e.wanted[word] &= ~(e.awaited[i * e.width + word] & skipped)
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
        left = _ask_holders(e, rules, behaviour, i, k, branch(key, k), thorough, immediate, left)
    e.counts[MESSAGES] += before - left
    if not rules.system_asks:
        e.counts[REQUESTED] += before - left
    return left


@step
def _ask_holders(e, rules, behaviour, i, k, key, thorough, immediate, left):
    """Ask for one piece: a random holder and, by breadth, others; or each never asked before."""
    known, wide = np.int64(e.copies[k]), chance(behaviour[i, rule.BREADTH])
    drawn = pick(key, known)
    place, stop = drawn, drawn + 1
    if thorough:
        place, stop = np.int64(e.tried[i * e.pieces + k]), known
    elif wide > 0:
        place, stop = np.int64(0), known
    while place < stop and left > 0:
        if thorough or place == drawn or happens(branch(key, _FURTHER + place), wide):
            left -= 1
            if not rules.system_asks:
                j = np.int64(e.holders[k * e.agents + place])
                rule.ask(e, rule.at_once(rules, behaviour, j) if immediate else 0.0, i, j, k, key)
        place += 1
    if thorough:
        e.tried[i * e.pieces + k] = place
    return left


@step
def _note_requests(e, i):
    """Note the words in which peers' requests to i are open; nothing else is due yet.

    There is no branch, as it would often be mispredicted; whether i answers is decided later.
    """
    places = np.uint64(e.agents * e.width)  # unsigned, or the loop is not vectorised
    for part in range(e.spread):
        noted = NOTHING
        begin = np.uint64(64 * part)
        for place in range(begin, min(begin + np.uint64(64), places)):
            noted |= np.uint64(_requests(e, i, place) != 0) << (place & np.uint64(63))
        e.parcels[part] = noted


@step
def _requests(e, i, place):
    """The pieces in one word that a peer asked of i and still lacks."""
    start = np.uint64(i * e.agents * e.width)
    return e.open[start + np.uint64(place)] & ~e.owned[place]


@step
def _volunteer(e, behaviour, i, round):
    """Prepare to give unasked: each piece that a peer lacks, with the same small chance.

    The waiting time to the next success is drawn from its geometric distribution, so that rare
    giving takes little time to compute.
    """
    key = event(e.seed, GIVES, round, i)
    share = behaviour[i, rule.VOLUNTEER]
    total = 0
    for j in range(e.agents):
        for word in range(e.width):
            total += count(e.owned[i * e.width + word] & ~e.owned[j * e.width + word])
    if uniform(key, 0) >= total * share:
        return  # by Bernoulli's inequality the first success would come after all of them
    scale = 1.0 / log1m(share)
    draws = 0
    wait = _failures(key, draws, scale)
    for j in range(e.agents):
        for word in range(e.width):
            lacking = e.owned[i * e.width + word] & ~e.owned[j * e.width + word]
            size = count(lacking)
            while wait < size:
                for _ in range(wait):
                    lacking &= lacking - ONE
                rule.prepare(e, j, word, first(lacking))
                lacking &= lacking - ONE
                size -= wait + 1
                draws += 1
                wait = _failures(key, draws, scale)
            wait -= size


@step
def _failures(key, draw, scale):
    """Number of failures before the next success: geometric, by inversion."""
    return int(min(log1m(uniform(key, draw)) * scale, 1e9))


@step
def _send_due(e, rules, behaviour, i, key, round, left):
    """Send what is due and what was asked, up to the limit; one action per recipient.

    Of a peer's requests, all are answered or none on this turn.
    """
    answers = chance(behaviour[i, rule.answer_column(rules)])
    last = -1
    for part in range(e.spread):
        parcels = e.parcels[part]
        e.parcels[part] = NOTHING
        while parcels:
            place = item(part, parcels)
            parcels &= parcels - ONE
            j = place // e.width
            answered = NOTHING - np.uint64(happens(branch(key, _ANSWERS + j), answers))
            copies = e.due[place] | (_requests(e, i, place) & answered)
            e.due[place] = NOTHING
            if copies:
                left -= j != last
                last = j
                if left >= 0:
                    rule.send(e, behaviour[i, rule.FALSIFY], i, j, place % e.width, copies, round)
    return max(left, 0)


@step
def _talk(e, behaviour, i, key, left):
    """Send messages that ask for nothing, ``chatter`` of them on average."""
    chatter = behaviour[i, rule.CHATTER]
    one_more = uniform(key, _TALKS) < chatter - int(chatter)
    e.counts[MESSAGES] += min(int(chatter) + one_more, left)


@whole
def ask_by_system(state, flows, rules, behaviour, round):
    """In each agent's name, ask the first holder of each piece that its open tasks lack."""
    for b in range(state.seeds.size):
        e = episode(state, flows, b)
        publish(e)
        for i in range(e.agents):
            key = event(e.seed, SYSTEM, round, i)
            rule.find_lacking(e, i)
            for word in range(e.width):
                wanted = e.wanted[word]
                while wanted:
                    k = item(word, wanted)
                    wanted &= wanted - ONE
                    e.counts[REQUESTED] += 1
                    j = rule.first_holder(e, k)
                    rule.ask(e, rule.at_once(rules, behaviour, j), i, j, k, branch(key, k))
            rule.receive(e, rules, behaviour, i, round)


@whole
def open_turn(state, flows, rules, behaviour, round, i):
    """Note which of agent i's tasks are complete."""
    rule.begin_turn(episode(state, flows, 0), i)


@whole
def close_turn(state, flows, rules, behaviour, round, i):
    """Count the pieces asked of agent i before this turn that the askers still lack."""
    rule.end_turn(episode(state, flows, 0), i)


@whole
def ask_piece(state, flows, rules, behaviour, round, i, j, k):
    """Agent i asks j for piece k; without effect where j does not hold it, or i does."""
    e = episode(state, flows, 0)
    e.counts[REQUESTED] += 1
    if has(e.owned, j * e.width, k) and not has(e.owned, i * e.width, k):
        key = branch(event(e.seed, TURN, round, i), k)
        rule.ask(e, rule.at_once(rules, behaviour, j), i, j, k, key)
        rule.receive(e, rules, behaviour, i, round)


@whole
def give_piece(state, flows, rules, behaviour, round, i, j, k, value):
    """Agent i, who holds piece k, sends j a copy with a value."""
    e = episode(state, flows, 0)
    if value == e.value[i * e.pieces + k]:
        rule.give(e, i, j, k >> 6, bit(k))
    else:
        rule.falsify(e, i, j, k, np.int8(value))


@whole
def submit_slot(state, flows, rules, behaviour, round, i, slot):
    """Agent i submits a complete task."""
    rule.submit(episode(state, flows, 0), rules, i, slot)
