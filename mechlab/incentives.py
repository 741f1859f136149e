"""What an act pays: the marginal payment of one more unit, found by differencing ``payments``.

Nobody writes a derivative: an agent model that responds to money responds to every mechanism.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mechlab.flows import Amounts, Array, Flows
from mechlab.mechanism import Mechanism

Indices = NDArray[np.int64]

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


def marginal(mechanism: Mechanism, flows: Flows, act: Act) -> Array:
    """Return what one more unit of ``act`` pays each agent, beyond the game: (B, N), in money.

    The round in which the act was done is compared with the one in which it was left undone, where
    what it averts (a negative change) happened instead.

    >>> from mechanisms import SharingBonus
    >>> idle = Flows.of(given=np.zeros((1, 3, 3)))
    >>> marginal(SharingBonus(rate=1000), idle, Act(given=1)).round(6)
    array([[1000., 1000., 1000.]])
    """
    block = max(1, _CELLS // max(1, flows.given.size))
    agents = [np.arange(i, min(i + block, flows.agents)) for i in range(0, flows.agents, block)]
    return np.concatenate([_marginal(mechanism, flows, act, some) for some in agents], axis=1)


def _marginal(mechanism: Mechanism, flows: Flows, act: Act, agents: Indices) -> Array:
    """Return the marginal payments of some agents, (B, A)."""
    done, undone = (_paid(mechanism, flows, act, sign, agents) for sign in (1.0, -1.0))
    by_agent: Array = done - undone
    paid: Array = by_agent[np.arange(len(agents)), :, agents]
    return paid.T


def _paid(mechanism: Mechanism, flows: Flows, act: Act, sign: float, agents: Indices) -> Array:
    """Return all payments where each agent's act made its changes of this sign, (A, B, N)."""
    shape = (len(agents), flows.episodes, flows.agents)
    parts = {*mechanism.needs, *({"returned"} if "produced" in mechanism.needs else ())}
    if not any(np.any(sign * np.asarray(getattr(act, part)) > 0.0) for part in parts):
        return np.broadcast_to(mechanism.payments(flows), shape)  # nothing changes: the same to all
    changed = _changed(flows, act, sign, mechanism.needs, agents)
    return np.asarray(mechanism.payments(changed)).reshape(shape)


def _changed(flows: Flows, act: Act, sign: float, needs: frozenset[str], agents: Indices) -> Flows:
    """Return A copies of ``flows``: in copy a, agent a's act made its changes of this sign.

    Fields that are not needed are left empty, which saves most of the work.
    """
    now = _repeated(flows, needs, len(agents), _copied)
    past = _repeated(flows.past, needs, len(agents), _viewed)
    for name in needs:
        copies = now[name].reshape(len(agents), flows.episodes, *now[name].shape[1:])
        _change(name, copies, act, sign, agents)
    return Flows(**now, past=Amounts(**past), round=flows.round, unit=flows.unit)


def _change(name: str, copies: Array, act: Act, sign: float, agents: Indices) -> None:
    """Make the changes of one field that have this sign in the copies, (A, B, N) or (A, B, N, N).

    In the copy of an agent only its own row or column changes, a small part of the whole.
    """
    n, a = copies.shape[-1], np.arange(len(agents))

    def size(part: str) -> Array:
        amounts = np.maximum(0.0, sign * np.asarray(getattr(act, part)))
        sizes: Array = np.broadcast_to(amounts, n)[agents]
        return sizes[:, None]

    own = np.eye(n)[agents]
    partners = (1.0 - own) / max(1, n - 1)
    if name == "produced":
        copies += (size("produced") * own + size("returned") * partners)[:, None, :]
    elif name in ("used", "credit"):
        copies[a, :, :, agents] += (size(name) * partners)[:, None, :]
    else:
        copies[a, :, agents, :] += (size(name) * partners)[:, None, :]


def _repeated(
    amounts: Amounts, needs: frozenset[str], times: int, repeat: Callable[[Array, int], Array]
) -> dict[str, Array]:
    """Return the arrays ``times`` times, one after the other along the episode axis."""

    def repeated(name: str, array: Array) -> Array:
        if name in needs:
            return repeat(array, times)
        return _nothing(times * len(array), *array.shape[1:])

    return {name: repeated(name, array) for name, array in amounts.arrays()}


@lru_cache
def _nothing(*shape: int) -> Array:
    return np.broadcast_to(0.0, shape)


def _copied(array: Array, times: int) -> Array:
    return np.tile(array, (times, *(1 for _ in array.shape[1:])))


def _viewed(array: Array, times: int) -> Array:
    """Return what nobody will change; of a single episode, as in large groups, no copy is made."""
    if len(array) > 1:
        return _copied(array, times)
    return np.broadcast_to(array, (times, *array.shape[1:]))


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
