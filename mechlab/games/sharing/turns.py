"""One turn of an agent that is a row of propensities, and a round of such agents, compiled."""

import math

import numpy as np

from mechlab.games.bits import ONE, count, has, include, lowest
from mechlab.games.chance import below, branch, event, uniform
from mechlab.games.compiled import step, whole
from mechlab.games.sharing.episode import (
    ANSWERS,
    ASKS,
    GIVES,
    SUBMITS,
    TALKS,
    episode,
    order_turns,
)
from mechlab.games.sharing.rules import (
    ASK,
    CHATTER,
    FALSIFY,
    SUBMIT,
    THOROUGH,
    VOLUNTEER,
    ask,
    begin_turn,
    end_turn,
    first_holder,
    give,
    reply,
    submit,
    told_value,
)
from mechlab.games.sharing.state import MESSAGES

_NO_LIMIT = 1 << 30


@whole
def play_round(state, ledger, rules, behaviour, round):
    """Play one round of every episode of a batch."""
    for b in range(state.seeds.size):
        e = episode(state, ledger, b)
        order_turns(e, round)
        for position in range(e.order.size):
            _take_turn(e, rules, behaviour, np.int64(e.order[position]), round)


@whole
def take_turn(state, ledger, rules, behaviour, b, i, round):
    """Play one turn of one episode."""
    _take_turn(episode(state, ledger, b), rules, behaviour, i, round)


@step
def _take_turn(e, rules, behaviour, i, round):
    """Play one turn, decided on what stood when it began, as a list of actions must be.

    Actions are carried out in the order submit, answer, ask, give unasked, talk, so that a limit
    of actions cuts what earns least.
    """
    incomplete = begin_turn(e, i)
    left = rules.action_limit if rules.action_limit > 0 else _NO_LIMIT
    left = _submit_ready(e, rules, behaviour, i, round, left)
    left = _answer(e, rules, behaviour, i, round, left)
    left = _ask_for_lacking(e, rules, behaviour, i, round, incomplete, left)
    if behaviour[i, VOLUNTEER] > 0.0:
        left = _volunteer(e, behaviour, i, round, left)
    _talk(e, behaviour, i, round, left)
    end_turn(e, i)


@step
def _submit_ready(e, rules, behaviour, i, round, left):
    key = event(e.seed, SUBMITS, round, i)
    for slot in range(e.tasks.shape[1]):
        if left > 0 and e.ready[i, slot] and uniform(key, slot) < behaviour[i, SUBMIT]:
            submit(e, rules, i, slot)
            left -= 1
    return left


@step
def _answer(e, rules, behaviour, i, round, left):
    """Consider each request made since the last turn, once; one action a recipient."""
    key = event(e.seed, ANSWERS, round, i)
    for j in range(e.held.shape[0]):
        sends = False
        for word in range(e.fresh.shape[2]):
            requests = e.fresh[i, j, word]
            e.fresh[i, j, word] = 0
            while requests and left > 0:
                k = 64 * word + lowest(requests)
                if reply(e, rules, behaviour, i, j, k, key):
                    sends = True
                requests &= requests - ONE
        left -= sends
    return left


@step
def _ask_for_lacking(e, rules, behaviour, i, round, incomplete, left):
    """Ask for pieces that the open tasks lack: one private message and one action a request.

    A thorough agent asks every holder whom it never asked; another asks one holder by lot. Where
    the system does the asking, the agent's own messages do nothing.
    """
    key = event(e.seed, ASKS, round, i)
    for slot in range(e.tasks.shape[1] if behaviour[i, ASK] > 0.0 else 0):
        for q in range(e.tasks.shape[2] if (incomplete >> np.uint64(slot)) & ONE else 0):
            k = np.int64(e.tasks[i, slot, q])
            if (
                has(e.holders[k], i)
                or uniform(key, k) >= behaviour[i, ASK]
                or _needed_before(e, i, k, slot, incomplete)
            ):
                continue
            for v in range(e.directory.shape[1]):
                holders = _chosen_holders(e, behaviour, i, k, v, key)
                while holders and left > 0:
                    e.counts[MESSAGES] += 1
                    left -= 1
                    if not rules.system_asks:
                        ask(e, rules, behaviour, i, 64 * v + lowest(holders), k, round)
                    holders &= holders - ONE
    return left


@step
def _needed_before(e, i, k, slot, incomplete):
    """Whether an earlier incomplete task needs piece k too, so that it was asked for already."""
    found = False
    for earlier in range(slot):
        for q in range(e.tasks.shape[2]):
            found |= e.tasks[i, earlier, q] == k and (incomplete >> np.uint64(earlier)) & ONE
    return found


@step
def _chosen_holders(e, behaviour, i, k, v, key):
    """The agents of word v whom agent i asks for piece k, as a set; none of them asked in vain."""
    if behaviour[i, THOROUGH] > 0.0:
        chosen = e.directory[k, v] & ~e.tried[i, k, v]
        e.tried[i, k, v] |= chosen
        return chosen
    return _one_holder(e, k, v, branch(key, k))


@step
def _one_holder(e, k, v, key):
    """The part in word v of a set with one holder of piece k in the directory, each as likely."""
    holders, before = 0, 0
    for word in range(e.directory.shape[1]):
        size = count(e.directory[k, word])
        holders += size
        before += size if word < v else 0
    skipped = below(key, 0, holders) - before
    candidates = e.directory[k, v]
    if skipped < 0 or skipped >= count(candidates):
        return np.uint64(0)
    for _ in range(skipped):
        candidates &= candidates - ONE
    return candidates & (~candidates + ONE)


@whole
def _volunteer(e, behaviour, i, round, left):
    """Give unasked: each piece that a peer lacks with the same small chance; one action a peer.

    The waiting time to the next success is geometric, so that rare giving costs little to play.
    """
    key = event(e.seed, GIVES, round, i)
    pieces, agents = e.value.shape
    chance = min(behaviour[i, VOLUNTEER], 1.0)
    scale = 1.0 / math.log1p(-chance) if chance < 1.0 else 0.0
    draws, last = 0, -1
    at = _skip(key, draws, scale)
    while at < pieces * agents and left > 0:
        j, k = at // pieces, at % pieces
        if e.held[j] == pieces:
            at = (j + 1) * pieces - 1
        elif has(e.holders[k], i) and not has(e.holders[k], j):
            give(e, i, j, k, told_value(e, behaviour, i, k, branch(key, at)))
            left -= j != last
            last = j
        draws += 1
        at += 1 + _skip(key, draws, scale)
    return left


@step
def _skip(key, draw, scale):
    """Failures before the next success: geometric, by inversion."""
    return int(min(math.log(1.0 - uniform(key, draw)) * scale, 1e9)) if scale < 0.0 else 0


@step
def _talk(e, behaviour, i, round, left):
    """Messages that ask for nothing: ``chatter`` of them on average."""
    chatter = behaviour[i, CHATTER]
    chance = uniform(event(e.seed, TALKS, round, i), 0)
    e.counts[MESSAGES] += min(int(chatter) + (chance < chatter - int(chatter)), left)


@whole
def ask_by_system(state, ledger, rules, behaviour, round):
    """In each agent's name, ask the first holder of each piece that its open tasks lack."""
    for b in range(state.seeds.size):
        e = episode(state, ledger, b)
        agents, slots, needed = e.tasks.shape
        for i in range(agents):
            for slot in range(slots):
                for q in range(needed):
                    k = np.int64(e.tasks[i, slot, q])
                    if not has(e.holders[k], i):
                        ask(e, rules, behaviour, i, first_holder(e, k), k, round)
