"""The rules of the grants game, compiled: a round of agents that are rows of propensities.

Agents act one after the other, in an order shuffled anew each round. What an agent submits and asks
for is decided on what stood when its turn began.
"""

# ruff: noqa: PLR0913 - compiled steps are inlined: an argument costs nothing

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mechlab.games.chance import branch, chance, event, happens, pick, shuffle
from mechlab.games.compiled import step, whole
from mechlab.games.grants.state import MESSAGES, REQUESTED, SENT

ASK, ANSWER, VOLUNTEER, SUBMIT, PROMPT = range(5)  # columns of a behaviour
TASKS, ORDER, SUBMITS, ASKS, ANSWERS, GIVES = range(6)  # purposes of random numbers


class Terms(NamedTuple):
    """The settings that the rules go by."""

    lifetime: int
    deadline: int
    reward: float
    part: float  # of the reward, for each piece


class Episode(NamedTuple):
    """The state (see ``State``) and the flows (see ``Amounts``) of one episode, without B."""

    seed: Any
    until: NDArray[Any]
    pending: NDArray[Any]
    requests: NDArray[Any]
    owner: NDArray[Any]
    piece: NDArray[Any]
    due: NDArray[Any]
    drawn: NDArray[Any]
    ready: NDArray[Any]
    counted: NDArray[Any]
    order: NDArray[Any]
    done: NDArray[Any]
    feasible: NDArray[Any]
    counts: NDArray[Any]
    asked: NDArray[Any]
    withheld: NDArray[Any]
    given: NDArray[Any]
    answered: NDArray[Any]
    used: NDArray[Any]
    credit: NDArray[Any]
    produced: NDArray[Any]


@step
def episode(s, flows, b):
    """View episode ``b`` of a batch; writing to the view writes to the batch."""
    return Episode(
        s.seeds[b],
        s.until[b],
        s.pending[b],
        s.requests[b],
        s.owner[b],
        s.piece[b],
        s.due[b],
        s.drawn[b],
        s.ready[b],
        s.counted[b],
        s.order[b],
        s.done[b],
        s.feasible[b],
        s.counts[b],
        flows.asked[b],
        flows.withheld[b],
        flows.given[b],
        flows.answered[b],
        flows.used[b],
        flows.credit[b],
        flows.produced[b],
    )


@whole
def play_turns(s, flows, terms, behaviour, round, start, stop):
    """Play the turns from position ``start`` to before ``stop`` of every episode's round.

    The turn at position 0 begins the round.
    """
    for b in range(s.seeds.size):
        e = episode(s, flows, b)
        if start == 0:
            _shuffle(e, round)
        for position in range(start, stop):
            _take_turn(e, terms, behaviour, np.int64(e.order[position]), round)


@step
def _shuffle(e, round):
    """Draw the order of turns of a round."""
    for seat in range(e.order.size):
        e.order[seat] = seat
    shuffle(e.order, event(e.seed, ORDER, round, 0))


@step
def _take_turn(e, terms, behaviour, i, round):
    """Play one turn."""
    begin(e, terms, i, round)
    _submit(e, terms, behaviour, i, round)
    _answer(e, terms, behaviour, i, round)
    _ask(e, terms, behaviour, i, round)
    if behaviour[i, VOLUNTEER] > 0.0:
        _volunteer(e, terms, behaviour, i, round)


@step
def begin(e, terms, i, round):
    """Replace the tasks that have expired; see which of them are complete."""
    for slot in range(e.due.shape[1]):
        if e.due[i, slot] < round:
            _draw(e, terms, i, slot, round)
        ready = True
        for q in range(e.owner.shape[2]):
            ready &= e.until[i, e.owner[i, slot, q], e.piece[i, slot, q]] >= round
        e.ready[i, slot] = ready
        if ready and not e.counted[i, slot]:
            e.counted[i, slot] = True
            e.feasible[i] += 1


@step
def _draw(e, terms, i, slot, round):
    """Fill a slot with one piece each of n others; agent i's m-th task is the same for a seed."""
    key = event(e.seed, TASKS, e.drawn[i], i)
    e.drawn[i] += 1
    e.counted[i, slot] = False
    e.due[i, slot] = round + terms.deadline - 1
    draws = 0
    for q in range(e.owner.shape[2]):
        taken = True
        while taken:
            lot = branch(key, draws)
            draws += 1
            e.owner[i, slot, q] = pick(lot, e.order.size)
            taken = e.owner[i, slot, q] == i
            for p in range(q):
                taken |= e.owner[i, slot, q] == e.owner[i, slot, p]
        e.piece[i, slot, q] = pick(branch(key, draws), e.until.shape[2])
        draws += 1


@step
def _submit(e, terms, behaviour, i, round):
    """Submit complete tasks; ``ready`` stays as it was, for what is new is not asked for yet."""
    key = event(e.seed, SUBMITS, round, i)
    for slot in range(e.due.shape[1]):
        if e.ready[i, slot] and happens(branch(key, slot), chance(behaviour[i, SUBMIT])):
            complete(e, terms, i, slot, round)


@step
def complete(e, terms, i, slot, round):
    """Agent i submits a complete task."""
    e.done[i] += 1
    e.produced[i] += terms.reward
    for q in range(e.owner.shape[2]):
        owner = e.owner[i, slot, q]
        e.used[i, owner] += 1.0
        e.credit[i, owner] += terms.part
    _draw(e, terms, i, slot, round)


@step
def _answer(e, terms, behaviour, i, round):
    """Consider each request made since the last turn, once."""
    for j in range(e.order.size):
        for k in range(e.until.shape[2] if e.requests[i, j] else 0):
            if e.pending[j, i, k]:
                reply(e, terms, behaviour, i, j, k, round)


@step
def reply(e, terms, behaviour, i, j, k, round):
    """Agent i grants j its piece k, for which j asked, or does not."""
    e.pending[j, i, k] = False
    e.requests[i, j] -= 1
    lacks = e.until[j, i, k] <= round
    key = branch(branch(event(e.seed, ANSWERS, round, i), j), k)
    if not happens(key, chance(behaviour[i, ANSWER])):
        e.withheld[i, j] += lacks
    elif lacks:
        grant(e, terms, i, j, k, round)
        e.answered[i, j] += 1.0


@step
def grant(e, terms, i, j, k, round):
    """Lend access to one that would not have it in the next round."""
    e.until[j, i, k] = round + terms.lifetime - 1
    e.given[i, j] += 1.0
    e.counts[SENT] += 1


@step
def _ask(e, terms, behaviour, i, round):
    """Ask the owners for what the incomplete tasks will lack in the next round."""
    key = event(e.seed, ASKS, round, i)
    asks = chance(behaviour[i, ASK])
    for slot in range(e.due.shape[1]):
        for q in range(0 if e.ready[i, slot] else e.owner.shape[2]):
            j, k = e.owner[i, slot, q], e.piece[i, slot, q]
            lacks = e.until[i, j, k] <= round and not e.pending[i, j, k]
            if lacks and happens(branch(key, slot * e.owner.shape[2] + q), asks):
                e.counts[MESSAGES] += 1
                ask(e, terms, behaviour, i, j, k, round)


@step
def ask(e, terms, behaviour, i, j, k, round):
    """Agent i asks j for its piece k, which has not been asked for since j's last turn."""
    e.counts[REQUESTED] += 1
    e.asked[i, j] += 1.0
    e.pending[i, j, k] = True
    e.requests[j, i] += 1
    if behaviour[j, PROMPT] > 0.0:
        reply(e, terms, behaviour, j, i, k, round)


@step
def _volunteer(e, terms, behaviour, i, round):
    """Grant some peers, unasked, all that they will lack in the next round: one message a peer."""
    key = event(e.seed, GIVES, round, i)
    gives = chance(behaviour[i, VOLUNTEER])
    for j in range(e.order.size):
        if j == i or not happens(branch(key, j), gives):
            continue
        before = e.given[i, j]
        e.requests[i, j] = 0
        for k in range(e.until.shape[2]):
            e.pending[j, i, k] = False
            if e.until[j, i, k] <= round:
                grant(e, terms, i, j, k, round)
        e.counts[MESSAGES] += e.given[i, j] > before
