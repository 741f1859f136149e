"""The commons: a shared stock that grows back from what is left of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mechlab.errors import UserError
from mechlab.flows import Amounts, Array
from mechlab.games._actions import amount
from mechlab.games._rng import uniforms
from mechlab.games.base import Seeds, game
from mechlab.games.simultaneous import Choices, CommonsView, Harvest, Simultaneous, others
from mechlab.mechanism import Vocabulary
from mechlab.mechanism.incentives import Act
from mechlab.parameters import param


@dataclass
class _Stock:
    """A batch of commons."""

    seeds: Seeds
    units: Array  # the stock, (B,)
    left: Array  # units that each agent left of its part in the last round, (B, N)
    survived: Array  # rounds with a stock, (B,)
    quota: float  # the largest harvest of an agent in a round
    rounds: int  # still to come


@game
@dataclass(frozen=True)
class Commons(Simultaneous):
    """Agents harvest a shared stock, in dollars; what they leave multiplies before the next round.

    Each of n agents has an equal part of the stock in reach, and harvests all of it, or, with the
    propensity ``restrain``, only what grows back; where it does not restrain itself, it leaves the
    share ``leave`` of its part. To give is to leave units of one's part. What is left grows by the
    factor ``growth`` up to ``capacity``; below ``collapse`` it is lost. An agent with the
    propensity ``endgame`` does not restrain itself in the last round. In the condition ``quota``
    nobody can harvest more than ``quota`` units a round.

    A unit left costs its owner 1 and grows to ``growth``, of which its own part is growth / n. So
    the smallest bonus for a unit left that makes restraint pay, whatever others do, is
    1 - growth / n, and 1 in the last round. Perfect play holds the stock at its capacity, and
    harvests capacity * (1 - 1 / growth) in each round. The optimum takes the rest in the last one.

    Source: GovSim's fishery, Piatti et al., "Cooperate or Collapse: Emergence of Sustainable
    Cooperation in a Society of LLM Agents", NeurIPS 2024: 5 agents, 12 months, a stock of 100 that
    doubles, collapse below 5. Ours has equal parts, and amounts that need not be whole.

    >>> round(Commons().acts["restrain"].produced, 6)
    -0.6
    """

    name: ClassVar[str] = "commons"
    fields: ClassVar[frozenset[str]] = frozenset({"given", "used", "credit", "produced"})
    conditions: ClassVar[tuple[str, ...]] = ("baseline", "quota")
    propensities: ClassVar[tuple[str, ...]] = ("restrain", "endgame", "leave")
    vocabulary: ClassVar[Vocabulary] = Vocabulary(
        unit="unit of the stock",
        units="units of the stock",
        give="leave",
        given="left",
        to="to grow back",
        asked="expected",
        product="harvest",
        ask_step="",
        answer_step="Harvest no more in a round than grows back in it.",
        submit_step="",
    )
    roles: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "perfect": {"restrain": 1.0},
        "silent": {},
    }
    references: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "perfect": {"restrain": 1.0},
        "optimum": {"restrain": 1.0, "endgame": 1.0},
    }

    extremes: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "restrain_until_the_end": {"restrain": 1.0, "endgame": 1.0},
        **{f"leave_{part}": {"leave": part / 100} for part in (25, 75, 100)},
    }
    alike: ClassVar[bool] = True

    agents: int = param(5, low=2, high=1000, unit="agents")
    rounds: int = param(12, low=1, high=10000, unit="rounds")
    capacity: float = param(100.0, low=1, high=1e9, unit="units")
    growth: float = param(2.0, low=1, high=100, unit="units from each unit left")
    collapse: float = param(5.0, low=0, high=1e9, unit="units")
    quota: float = param(10.0, low=0, high=1e9, unit="units per agent and round")

    unit = 1.0  # of the harvest: one dollar

    @property
    def acts(self) -> Mapping[str, Act]:
        """To leave one more unit, where another round follows."""
        return self._acts(self.growth)

    def _acts(self, growth: float) -> Mapping[str, Act]:
        own_part, others_part = growth / self.agents, growth * (self.agents - 1) / self.agents
        return {
            "restrain": Act(
                given=1,
                used=others_part / self.growth,
                credit=others_part,
                returned=others_part,
                produced=own_part - 1.0,
            )
        }

    def start(self, seeds: Seeds, condition: str) -> _Stock:
        """Begin with a full stock."""
        return _Stock(
            seeds=seeds,
            units=np.full(len(seeds), self.capacity),
            left=np.zeros((len(seeds), self.agents)),
            survived=np.zeros(len(seeds)),
            quota=self.quota if condition == "quota" else np.inf,
            rounds=self.rounds,
        )

    def prospects(self, state: _Stock) -> Mapping[str, Act]:
        """In the last round nothing grows back."""
        return self._acts(self.growth if state.rounds > 1 else 0.0)

    def stages(self, state: _Stock) -> tuple[str, ...]:
        """One stage, to harvest."""
        return ("harvest",)

    def over(self, state: _Stock) -> bool:
        """Return whether nothing is left."""
        return not state.units.any()

    def begin(self, state: _Stock, round: int) -> None:
        """Count the rounds with a stock."""
        state.survived += state.units > 0.0

    def choose(
        self, state: _Stock, stage: str, round: int, behaviour: Array, choices: Choices
    ) -> Array:
        """Return the harvests of rows, (B, N)."""
        part = state.units[:, None] / self.agents
        restrain, endgame, leave = behaviour.T
        chance = restrain * (1.0 - endgame) if state.rounds == 1 else restrain
        restrains = uniforms(state.seeds, 0, round, self.agents) < chance
        desired = part * np.where(restrains, 1.0 - 1.0 / self.growth, 1.0 - leave)
        return np.asarray(np.minimum(desired, state.quota))

    def resolve(self, state: _Stock, choices: Choices, now: Amounts) -> None:
        """Take the harvest, and let the rest grow."""
        now.produced[...] = choices["harvest"]
        self._credit(state, now)
        state.left = state.units[:, None] / self.agents - now.produced
        now.given[...] = state.left[:, :, None] * others(self.agents) / (self.agents - 1)
        rest = state.left.sum(axis=1)
        grown = np.minimum(self.capacity, self.growth * rest)
        state.units = np.where(rest < self.collapse, 0.0, grown)
        state.rounds -= 1

    def _most(self, state: _Stock) -> float:
        """The largest harvest of an agent, in a batch of one."""
        return float(min(state.units[0] / self.agents, state.quota))

    def read(self, state: _Stock, view: CommonsView, action: Any) -> float:
        """Read units to harvest."""
        if not isinstance(action, Harvest):
            raise UserError(f"a harvest is expected, got {action!r}")
        return amount("units", action.units, self._most(state))

    def view(self, state: _Stock, common: dict[str, Any], choices: Choices) -> CommonsView:
        """Add the stock and how it grows."""
        return CommonsView(
            **common,
            stock=float(state.units[0]),
            most=self._most(state),
            growth=self.growth,
            capacity=self.capacity,
            collapse=self.collapse,
        )

    def _credit(self, state: _Stock, now: Amounts) -> None:
        """A harvest rests on the agents who left the stock, in proportion to what each left."""
        rest = state.left.sum(axis=1, keepdims=True)
        share = np.divide(state.left, rest, out=np.zeros_like(state.left), where=rest > 0.0)
        credit = now.produced[:, :, None] * share[:, None, :] * others(self.agents)
        now.credit[...], now.used[...] = credit, credit / self.growth

    def tallies(self, state: _Stock) -> dict[str, Array]:
        """Return the number of rounds with a stock."""
        return {"survived": state.survived}
