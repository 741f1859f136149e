"""What an act pays: the marginal payment of one more unit, found by differencing ``payments``.

Nobody writes a derivative: an agent model that responds to money responds to every mechanism.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mechlab.flows import PAIRWISE, Amounts, Array, Flows
from mechlab.mechanism import Mechanism


@dataclass(frozen=True)
class Act:
    """What one more unit of an act changes in the flows, in expectation.

    The unit is spread evenly over the partners j of agent i. A game states its acts, for example
    that a piece sent on request is given, is answered, is no longer withheld, and is used by the
    partner in a task of which it makes a quarter.

    Attributes:
        asked, withheld, given, answered, falsified: change of field[i, j], in units.
        used: change of used[j, i]: units of i's giving that the partner uses.
        credit: change of credit[j, i]: the partner's production that rests on i, in money.
        produced: change of produced[i], i's own production, in money.
        returned: change of produced[j], the partner's production, in money.
        instead: the act in whose place it is done, where the two exclude each other.
    """

    asked: float = 0.0
    withheld: float = 0.0
    given: float = 0.0
    answered: float = 0.0
    falsified: float = 0.0
    used: float = 0.0
    credit: float = 0.0
    produced: float = 0.0
    returned: float = 0.0
    instead: str = ""


def marginal(mechanism: Mechanism, flows: Flows, act: Act) -> Array:
    """Return what one more unit of ``act`` pays each agent, beyond the game: (B, N), in money.

    What an act averts (a negative change) is compared with a round in which it did happen.

    >>> from mechanisms import SharingBonus
    >>> idle = Flows.of(given=np.zeros((1, 3, 3)))
    >>> marginal(SharingBonus(rate=1000), idle, Act(given=1)).round(6)
    array([[1000., 1000., 1000.]])
    """
    gain = mechanism.payments(_changed(mechanism, flows, act, 1.0))
    loss = mechanism.payments(_changed(mechanism, flows, act, -1.0))
    by_agent = (gain - loss).reshape(flows.agents, flows.episodes, flows.agents)
    return np.diagonal(by_agent, axis1=0, axis2=2)


def _changed(mechanism: Mechanism, flows: Flows, act: Act, sign: float) -> Flows:
    """Return N copies of ``flows``: in copy a, agent a's act made its changes of this sign.

    Fields that the mechanism does not need are left empty, which saves most of the work.
    """
    agents = flows.agents
    own = np.eye(agents)
    partners = (1.0 - own) / max(1, agents - 1)
    giving = own[:, :, None] * partners[:, None, :]  # copy a: row a, spread over its partners
    changes = {name: max(0.0, sign * getattr(act, name)) * giving for name in PAIRWISE}
    for taken in ("used", "credit"):  # a partner's row, in agent a's column
        changes[taken] = changes[taken].swapaxes(1, 2)
    changes["produced"] = max(0.0, sign * act.produced) * own
    changes["produced"] = changes["produced"] + max(0.0, sign * act.returned) * partners

    def copies(amounts: Amounts) -> dict[str, Array]:
        return {name: _copies(array, agents, name in mechanism.needs) for name, array in amounts.arrays()}

    now = copies(flows)
    for name in mechanism.needs:
        now[name] += np.repeat(changes[name], flows.episodes, axis=0)
    return Flows(**now, past=Amounts(**copies(flows.past)), round=flows.round, unit=flows.unit)


def _copies(array: Array, times: int, needed: bool) -> Array:
    shape = (times * array.shape[0], *array.shape[1:])
    return np.tile(array, (times,) + (1,) * (array.ndim - 1)) if needed else np.broadcast_to(0.0, shape)


@dataclass(frozen=True)
class Incentives:
    """What an agent of a population has to go by in one round.

    Attributes:
        payment: marginal payment of one more unit of each act, in the game's money.
        unit: the game's unit of account, in the same money.
        advises: steps of the protocol in force.
        hides: parts of the view that are hidden.
    """

    payment: dict[str, float] = field(default_factory=dict)
    unit: float = 1.0
    advises: frozenset[str] = frozenset()
    hides: frozenset[str] = frozenset()

    def relative(self, act: str) -> float:
        """Marginal payment of an act, as a share of the game's unit."""
        return self.payment.get(act, 0.0) / self.unit
