"""The compiled steps behind the actions of an agent that is no row of numbers; batches of one."""

# ruff: noqa: PLR0913 - a compiled step takes the whole state

from mechlab.games.compiled import whole
from mechlab.games.grants import rules as rule
from mechlab.games.grants.rules import episode


@whole
def open_turn(s, flows, terms, i, round):
    """Replace agent i's expired tasks and note which are complete."""
    rule.begin(episode(s, flows, 0), terms, i, round)


@whole
def close_turn(s, flows, i, round):
    """Count what was asked of agent i before this turn and was not given; it is asked anew."""
    e = episode(s, flows, 0)
    for j in range(e.order.size):
        for k in range(e.until.shape[2] if e.requests[i, j] else 0):
            if e.pending[j, i, k]:
                e.pending[j, i, k] = False
                e.withheld[i, j] += e.until[j, i, k] <= round
        e.requests[i, j] = 0


@whole
def ask_piece(s, flows, terms, behaviour, i, j, k, round):
    """Agent i asks j for its piece k."""
    e = episode(s, flows, 0)
    if not e.pending[i, j, k]:
        rule.ask(e, terms, behaviour, i, j, k, round)


@whole
def grant_piece(s, flows, terms, i, j, k, round):
    """Agent i grants j access to its piece k, which is nothing where j has it already."""
    e = episode(s, flows, 0)
    lacks = e.until[j, i, k] <= round
    if e.pending[j, i, k]:
        e.pending[j, i, k] = False
        e.requests[i, j] -= 1
        e.answered[i, j] += lacks
    if lacks:
        rule.grant(e, terms, i, j, k, round)


@whole
def submit_slot(s, flows, terms, i, slot, round):
    """Agent i submits a complete task, which may have become so on this very turn."""
    e = episode(s, flows, 0)
    if not e.counted[i, slot]:
        e.feasible[i] += 1
    rule.complete(e, terms, i, slot, round)
