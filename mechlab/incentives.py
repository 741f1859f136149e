"""What an act pays: the marginal payment of one more unit, found by differencing ``payments``.

Nobody writes a derivative: an agent model that responds to money responds to every mechanism.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from mechlab.flows import PAIRWISE, Amounts, Array, Flows
from mechlab.mechanism import Mechanism

_CELLS = 1 << 17  # size of one field, over the agents differenced at once: 1 MB, as caches hold


@dataclass(frozen=True)
class Act:
    """What one more unit of an act changes in the flows, in expectation.

    The unit is spread evenly over the partners j of agent i. A game states its acts, for example
    that a piece sent on request is given, is answered, is no longer withheld, and is used by the
    partner in a task of which it makes a quarter. An amount is a number, or an array (N,) where it
    is not the same for every agent.

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
    """Arrays that are filled again and again: new ones, each round, cost more than the filling."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, ...], Array] = {}

    def copies(self, use: tuple[str, ...], array: Array, times: int) -> Array:
        """Return ``array`` so many times, (times, *shape); good until the same use of it again."""
        shape = (times, *array.shape)
        room = self._arrays.get(use)
        if room is None or room.shape != shape:
            room = self._arrays[use] = np.empty(shape)
        room[...] = array
        return room


def marginal(mechanism: Mechanism, flows: Flows, act: Act, scratch: Scratch | None = None) -> Array:
    """Return what one more unit of ``act`` pays each agent, beyond the game: (B, N), in money.

    The round in which the act was done is compared with the one in which it was left undone, where
    what it averts (a negative change) happened instead. Who asks round after round hands in the
    same ``scratch``.

    >>> from mechanisms import SharingBonus
    >>> idle = Flows.of(given=np.zeros((1, 3, 3)))
    >>> marginal(SharingBonus(rate=1000), idle, Act(given=1)).round(6)
    array([[1000., 1000., 1000.]])
    """
    room, n = scratch or Scratch(), flows.agents
    block = max(1, _CELLS // max(1, flows.given.size))
    blocks = [slice(i, min(i + block, n)) for i in range(0, n, block)]
    return np.concatenate([_marginal(mechanism, flows, act, some, room) for some in blocks], axis=1)


def _marginal(
    mechanism: Mechanism, flows: Flows, act: Act, agents: slice, scratch: Scratch
) -> Array:
    """Return the marginal payments of some agents, (B, A)."""
    done, undone = (_paid(mechanism, flows, act, sign, agents, scratch) for sign in (1, -1))
    by_agent: Array = done - undone
    paid: Array = np.einsum("aba->ba", by_agent[:, :, agents])
    return paid


def _paid(  # noqa: PLR0913 - one step of the above
    mechanism: Mechanism, flows: Flows, act: Act, sign: int, agents: slice, scratch: Scratch
) -> Array:
    """Return all payments where each agent's act made its changes of this sign, (A, B, N)."""
    shape = (agents.stop - agents.start, flows.episodes, flows.agents)
    parts = {*mechanism.needs, *({"returned"} if "produced" in mechanism.needs else ())}
    if not any(np.any(_size(act, part, sign)) for part in parts):
        return np.broadcast_to(mechanism.payments(flows), shape)  # nothing changes: the same to all
    changed = _changed(flows, act, sign, mechanism.needs, agents, scratch)
    return np.asarray(mechanism.payments(changed)).reshape(shape)


def _changed(  # noqa: PLR0913 - one step of the above
    flows: Flows, act: Act, sign: int, needs: frozenset[str], agents: slice, scratch: Scratch
) -> Flows:
    """Return A copies of ``flows``: in copy a, agent a's act made its changes of this sign.

    Fields that are not needed are left empty, which saves most of the work.
    """
    times = agents.stop - agents.start
    empty = _nothing(times * flows.episodes, flows.agents)
    now, past = dict(empty), dict(empty)
    for name in needs:
        copies = scratch.copies((name, str(sign)), getattr(flows, name), times)
        _change(name, copies, act, sign, agents)
        now[name] = copies.reshape(-1, *copies.shape[2:])
        past[name] = _repeated(getattr(flows.past, name), times, (name, "past"), scratch)
    return Flows(**now, past=Amounts(**past), round=flows.round, unit=flows.unit)


def _change(name: str, copies: Array, act: Act, sign: int, agents: slice) -> None:
    """Make the changes of one field that have this sign in the copies, (A, B, N) or (A, B, N, N).

    In the copy of an agent only its own row or column changes, a small part of the whole.
    """
    own, partners = _shares(copies.shape[-1], agents.start, agents.stop)

    def size(part: str) -> Array:
        amounts = _size(act, part, sign)
        return amounts[agents, None] if amounts.ndim else amounts

    if name == "produced":
        copies += (size("produced") * own + size("returned") * partners)[:, None, :]
    else:
        column = name in ("used", "credit")  # of what others made of the agent's giving
        pairs = copies.swapaxes(2, 3) if column else copies
        mine: Array = np.einsum("abaj->abj", pairs[:, :, agents])  # a view, to be written to
        mine += (size(name) * partners)[:, None, :]


def _size(act: Act, part: str, sign: int) -> Array:
    """Return the changes of one sign, a number or one an agent; 0 where they have the other."""
    return np.asarray(np.maximum(0.0, np.multiply(sign, getattr(act, part))))


@lru_cache
def _shares(agents: int, start: int, stop: int) -> tuple[Array, Array]:
    """Return what some agents, and what their partners, have of a unit of each agent, (A, N)."""
    own = np.eye(stop - start, agents, start)
    return own, (1.0 - own) / max(1, agents - 1)


def _repeated(array: Array, times: int, use: tuple[str, ...], scratch: Scratch) -> Array:
    """Return what nobody will change so many times, one after the other along the episode axis; of
    a single episode, as in large groups, no copy is made."""
    if len(array) == 1:
        return np.broadcast_to(array, (times, *array.shape[1:]))
    return scratch.copies(use, array, times).reshape(-1, *array.shape[1:])


@lru_cache
def _nothing(episodes: int, agents: int) -> dict[str, Array]:
    shapes = {**dict.fromkeys(PAIRWISE, (agents, agents)), "produced": (agents,)}
    return {name: np.broadcast_to(0.0, (episodes, *shape)) for name, shape in shapes.items()}


@dataclass(frozen=True)
class Incentives:
    """What an agent of a population has to go by in one round.

    Attributes:
        payment: marginal payment of one more unit of each act, in the game's money.
        unit: the game's unit of account, in the same money.
        advises: steps of the protocol in force.
        hides: parts of the view that are hidden. shows: parts that only the mechanism shows.
        production: what one more unit of each act would now earn the agent in the game itself.
        others: what the other agents did in the round before, or, where a public record is shown,
            in all rounds so far: the mean of each propensity; empty in the first round.
    """

    payment: Mapping[str, float] = field(default_factory=dict)
    unit: float = 1.0
    advises: frozenset[str] = frozenset()
    hides: frozenset[str] = frozenset()
    shows: frozenset[str] = frozenset()
    production: Mapping[str, float] = field(default_factory=dict)
    others: Mapping[str, float] = field(default_factory=dict)

    def gain(self, act: str) -> float:
        """What one more unit of an act brings the agent, game and mechanism together."""
        return self.production.get(act, 0.0) + self.payment.get(act, 0.0)

    def relative(self, act: str) -> float:
        """Marginal payment of an act, as a share of the game's unit."""
        return self.payment.get(act, 0.0) / self.unit
