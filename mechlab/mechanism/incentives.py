"""Incentives: what one more unit of an act pays, by differencing a mechanism's ``payments``.

Nobody writes a derivative: an agent that responds to money responds to every mechanism.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from mechlab.flows import Amounts, Array, Flows
from mechlab.mechanism import Mechanism

_CELLS = 1 << 17  # of a field, over the agents differenced at once: 1 MB, which a cache holds


@dataclass(frozen=True)
class Act:
    """The expected change of the flows by one more unit of an act.

    The unit is spread evenly over the partners j of agent i. A game states its acts, for example
    that a piece sent on request is given, is answered, is no longer withheld, and is used by the
    partner in a task of which it makes a quarter. An amount is a number, or an array (N,) where
    agents differ.

    Attributes:
        asked, withheld, given, answered, falsified: change of field[i, j], in units.
        used: change of used[j, i]: units of i's giving that the partner uses.
        credit: change of credit[j, i]: the partner's production that rests on i, in money.
        produced: change of produced[i], i's own production, in money.
        returned: change of produced[j], the partner's production, in money.
        instead: the act in whose place it is done, where the two exclude each other.
    """

    asked: float | Array = 0.0
    withheld: float | Array = 0.0
    given: float | Array = 0.0
    answered: float | Array = 0.0
    falsified: float | Array = 0.0
    used: float | Array = 0.0
    credit: float | Array = 0.0
    produced: float | Array = 0.0
    returned: float | Array = 0.0
    instead: str = ""


class Scratch:
    """Arrays to be filled again each round, because new ones cost more than filling them.

    >>> scratch = Scratch()
    >>> scratch.copies("given", np.ones(2), 3).shape
    (3, 2)
    """

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}

    def copies(self, use: str, array: Array, times: int) -> Array:
        """Return ``array`` repeated, (times, *shape); valid until the next call for that use."""
        shape = (times, *array.shape)
        room = self._arrays.get(use)
        if room is None or room.shape != shape:
            room = self._arrays[use] = np.empty(shape)
        room[...] = array
        return room


def marginal(mechanism: Mechanism, flows: Flows, act: Act, scratch: Scratch | None = None) -> Array:
    """Return what the mechanism pays each agent for one more unit of ``act``: (B, N), in money.

    The round with the act done is compared with the round without it, in which what the act averts
    (its negative changes) happened instead. Calls with the same ``scratch`` share its arrays.

    >>> from mechanisms import SharingBonus
    >>> idle = Flows.of(given=np.zeros((1, 3, 3)))
    >>> marginal(SharingBonus(rate=1000), idle, Act(given=1)).round(6)
    array([[1000., 1000., 1000.]])
    """
    room, n = scratch or Scratch(), flows.agents
    done, undone = (_changes(act, sign, mechanism.needs) for sign in (1.0, -1.0))
    unchanged = np.asarray(mechanism.payments(flows)).T

    def paid(changes: _Changes, agents: slice) -> Array:
        return _paid(mechanism, flows, changes, agents, room) if changes else unchanged[agents]

    block = max(1, _CELLS // max(1, flows.given.size))
    blocks = [slice(i, min(i + block, n)) for i in range(0, n, block)]
    differences = [paid(done, agents) - paid(undone, agents) for agents in blocks]
    return np.concatenate(differences).T  # an agent's episodes are contiguous: means run fastest


_Changes = Mapping[str, Array]  # additions by attribute of ``Act``, each () or (N,)


def _changes(act: Act, sign: float, needs: frozenset[str]) -> _Changes:
    """Return the sizes of an act's changes of one sign; only those that are needed and not 0."""
    parts = {*needs, *({"returned"} if "produced" in needs else ())}
    sizes = {part: np.maximum(0.0, np.multiply(sign, getattr(act, part))) for part in parts}
    return {part: np.asarray(size) for part, size in sizes.items() if np.any(size)}


def _paid(
    mechanism: Mechanism, flows: Flows, changes: _Changes, agents: slice, scratch: Scratch
) -> Array:
    """Return what each of A agents is paid where its act makes the changes, (A, B)."""
    changed = _changed(flows, changes, mechanism.needs, agents, scratch)
    shape = (agents.stop - agents.start, flows.episodes, flows.agents)
    paid = np.asarray(mechanism.payments(changed)).reshape(shape)
    each: Array = np.einsum("aba->ab", paid[:, :, agents])
    return each.copy()  # a mechanism may have handed back the scratch


def _changed(
    flows: Flows, changes: _Changes, needs: frozenset[str], agents: slice, scratch: Scratch
) -> Flows:
    """Return A copies of ``flows`` along the episode axis; in copy a, agent a's act is done.

    Fields that are not needed are left empty, which saves most of the work.
    """
    times = agents.stop - agents.start
    empty = _nothing(times * flows.episodes, flows.agents)
    now, past = dict(empty), dict(empty)
    for name in needs:
        copies = scratch.copies(name, getattr(flows, name), times)
        _change(name, copies, changes, agents)
        now[name] = copies.reshape(-1, *copies.shape[2:])
        past[name] = _repeated(f"past {name}", getattr(flows.past, name), times, scratch)
    return Flows(**now, past=Amounts(**past), round=flows.round, unit=flows.unit)


def _change(name: str, copies: Array, changes: _Changes, agents: slice) -> None:
    """Make the changes of one field in the copies, (A, B, N) or (A, B, N, N).

    In the copy of an agent only its own row or column changes, a small part of the whole.
    """
    agent, partners = _shares(copies.shape[-1], agents.start, agents.stop)

    def size(part: str) -> Array:
        sizes = changes.get(part, np.zeros(()))
        return sizes[agents, None] if sizes.ndim else sizes

    if name == "produced":
        copies += (size("produced") * agent + size("returned") * partners)[:, None, :]
    elif name in changes:
        column = name in ("used", "credit")  # [j, i]: what others made of the agent's giving
        pairs = copies.swapaxes(2, 3) if column else copies
        rows: Array = np.einsum("abaj->abj", pairs[:, :, agents])  # a view, to be written to
        rows += (size(name) * partners)[:, None, :]


@lru_cache
def _shares(agents: int, start: int, stop: int) -> tuple[Array, Array]:
    """Return how a unit of each of A agents falls on itself and on its partners, each (A, N)."""
    itself = np.eye(stop - start, agents, start)
    return itself, (1.0 - itself) / max(1, agents - 1)


def _repeated(use: str, array: Array, times: int, scratch: Scratch) -> Array:
    """Return an array repeated along the episode axis, for reading only."""
    if len(array) == 1:  # as in large groups: no copy is made
        return np.broadcast_to(array, (times, *array.shape[1:]))
    return scratch.copies(use, array, times).reshape(-1, *array.shape[1:])


@lru_cache
def _nothing(episodes: int, agents: int) -> dict[str, Array]:
    return dict(Amounts.zeros(episodes, agents, ()).arrays())


@dataclass(frozen=True)
class Incentives:
    """What one agent may respond to in a round.

    Attributes:
        payment: payment for one more unit of each act, in the game's money.
        unit: the game's unit of account, in the same money.
        advises, hides, shows: those of the mechanism.
        production: what one more unit of each act would earn the agent in the game itself.
        others: the other agents' mean of each propensity in the last round or, where a public
            record is shown, in all rounds so far; empty in the first round.
        incomes: what the agent would earn in this round by each pure strategy, payments included,
            if all others went on as in the round before; empty where that cannot be told.

    >>> Incentives({"answer": 500.0}, unit=1e4, production={"answer": -100.0}).gain("answer")
    400.0
    """

    payment: Mapping[str, float] = field(default_factory=dict)
    unit: float = 1.0
    advises: frozenset[str] = frozenset()
    hides: frozenset[str] = frozenset()
    shows: frozenset[str] = frozenset()
    production: Mapping[str, float] = field(default_factory=dict)
    others: Mapping[str, float] = field(default_factory=dict)
    incomes: Mapping[str, float] = field(default_factory=dict)

    def gain(self, act: str) -> float:
        """Return what one more unit of an act brings the agent, from game and mechanism."""
        return self.production.get(act, 0.0) + self.payment.get(act, 0.0)

    def relative(self, act: str) -> float:
        """Return the payment for one more unit of an act, as a share of the game's unit."""
        return self.payment.get(act, 0.0) / self.unit
