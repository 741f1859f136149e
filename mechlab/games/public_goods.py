"""The repeated public goods game: contributions are multiplied and divided among all agents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mechlab.errors import UserError
from mechlab.flows import Amounts, Array
from mechlab.games._actions import amount, peer, whole_numbers
from mechlab.games._rng import uniforms
from mechlab.games.base import Seeds, game
from mechlab.games.simultaneous import (
    Choices,
    Contribute,
    PublicGoodsView,
    Punish,
    Simultaneous,
    others,
)
from mechlab.mechanism import Vocabulary
from mechlab.mechanism.incentives import Act
from mechlab.parameters import param


@dataclass
class _Group:
    """A batch of groups."""

    seeds: Seeds
    punishes: bool  # whether there is a stage of punishment
    threat: Array  # what a token withheld cost in the last round, the mean over episodes, (N,)
    taken: Array  # what others' punishment took from each agent in the last round, (B, N)


@game
@dataclass(frozen=True)
class PublicGoods(Simultaneous):
    """Each agent divides an endowment between itself and a common project that pays all equally.

    Of n agents, i contributes c_i of its ``endowment`` of tokens and earns
    ``endowment - c_i + multiplier / n * sum_j c_j`` dollars in a round. With a multiplier between 1
    and n the group earns most when all contribute everything, and each agent earns most when it
    contributes nothing. Giving becomes dominant when each token is paid more than
    1 - multiplier / n.

    An agent contributes the share ``give`` of its endowment, in whole tokens; a random draw decides
    on the last one. In the condition ``punishment`` it then spends ``punish`` dollars for each
    token by which another agent fell short of its own contribution, and each of these dollars takes
    ``impact`` dollars from that agent.

    Source: Fehr and Gaechter, "Cooperation and Punishment in Public Goods Experiments", American
    Economic Review 90 (2000): 4 agents, 20 tokens, 0.4 back from each token, 10 rounds; that a
    dollar takes three is from their "Altruistic Punishment in Humans", Nature 415 (2002). They use
    points; our punishment is in proportion to the shortfall, without a limit.

    >>> PublicGoods().acts["give"].produced
    -0.6
    """

    name: ClassVar[str] = "public_goods"
    fields: ClassVar[frozenset[str]] = frozenset({"given", "used", "credit", "produced"})
    conditions: ClassVar[tuple[str, ...]] = ("baseline", "punishment")
    propensities: ClassVar[tuple[str, ...]] = ("give", "punish")
    vocabulary: ClassVar[Vocabulary] = Vocabulary(
        unit="token",
        units="tokens",
        give="contribute",
        given="contributed",
        to="to the common project",
        asked="expected",
        product="round of the project",
        ask_step="",
        answer_step="{Give} all your {units} {to} in every round.",
        submit_step="",
    )
    roles: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "perfect": {"give": 1.0, "punish": 1.0},
        "silent": {},
    }
    references: ClassVar[Mapping[str, Mapping[str, float]]] = {"perfect": {"give": 1.0}}
    repeated: ClassVar[bool] = True
    alike: ClassVar[bool] = True

    agents: int = param(4, low=2, high=1000, unit="agents")
    rounds: int = param(10, low=1, high=10000, unit="rounds")
    endowment: int = param(20, low=1, high=1000000, unit="tokens per agent and round")
    multiplier: float = param(1.6, low=0, high=1000, unit="dollars per token", text="of all")
    impact: float = param(3.0, low=0, high=1000, unit="dollars", text="a punishing dollar takes")

    unit = 1.0  # a token that is kept: one dollar

    @property
    def steps(self) -> int:
        """Its tokens."""
        return self.endowment

    @property
    def share(self) -> float:
        """What each agent gets from a contributed token, in dollars."""
        return self.multiplier / self.agents

    @property
    def acts(self) -> Mapping[str, Act]:
        """To contribute one more token, when nobody punishes."""
        return {"give": self._give(0.0)}

    def _give(self, threat: float | Array) -> Act:
        others_part = self.share * (self.agents - 1)
        produced = self.share - 1.0 + threat
        return Act(given=1, used=1, credit=others_part, returned=others_part, produced=produced)

    def start(self, seeds: Seeds, condition: str) -> _Group:
        """Begin without a threat of punishment."""
        taken = np.zeros((len(seeds), self.agents))
        return _Group(seeds, condition == "punishment", np.zeros(self.agents), taken)

    def prospects(self, state: _Group) -> Mapping[str, Act]:
        """A contributed token also averts such punishment as there was in the last round."""
        return {"give": self._give(state.threat)}

    def stages(self, state: _Group) -> tuple[str, ...]:
        """To contribute; then, knowing all contributions, to punish."""
        return ("contribute", "punish") if state.punishes else ("contribute",)

    def choose(
        self, state: _Group, stage: str, round: int, behaviour: Array, choices: Choices
    ) -> Array:
        """Return tokens contributed, (B, N), or dollars that i spends on punishing j, (B, N, N)."""
        if stage == "punish":
            return self._punish(state, choices["contribute"], behaviour[:, 1])
        drawn = uniforms(state.seeds, 0, round, self.agents)
        return np.asarray(np.floor(self.endowment * np.clip(behaviour[:, 0], 0.0, 1.0) + drawn))

    def _punish(self, state: _Group, tokens: Array, punish: Array) -> Array:
        """Punish agents that gave less; the threat is what one token less would have cost."""
        strict = (tokens[:, :, None] >= tokens[:, None, :]) & (tokens[:, :, None] > 0.0)
        state.threat = self.impact * (punish @ (strict * others(self.agents)).mean(axis=0))
        short = np.maximum(0.0, tokens[:, :, None] - tokens[:, None, :])
        return np.asarray(punish[:, None] * short)

    def resolve(self, state: _Group, choices: Choices, now: Amounts) -> None:
        """Share the project; subtract the cost and the effect of punishment."""
        tokens, partners = choices["contribute"], others(self.agents)
        now.given[...] = tokens[:, :, None] * partners / (self.agents - 1)
        now.used[...] = now.given.swapaxes(1, 2)
        now.credit[...] = self.share * tokens[:, None, :] * partners
        now.produced[...] = self.endowment - tokens + self.share * tokens.sum(axis=1)[:, None]
        if state.punishes:
            state.taken = self.impact * choices["punish"].sum(axis=1)
            now.produced[...] -= choices["punish"].sum(axis=2) + state.taken

    def read(self, state: _Group, view: PublicGoodsView, action: Any) -> float | Array:
        """Read whole tokens, or dollars to spend on punishing others."""
        match action:
            case Contribute(tokens=tokens) if view.stage == "contribute":
                (number,) = whole_numbers("tokens", (tokens,))
                return amount("tokens", number, self.endowment)
            case Punish(dollars=dollars) if view.stage == "punish":
                spent = np.zeros(self.agents)
                for j, spend in dollars.items():
                    other = peer(view.agent, j, self.agents)
                    spent[other] = amount("dollars", spend, self.endowment)
                return spent
        raise UserError(f"the stage {view.stage} of public goods takes no {action!r}")

    def view(self, state: _Group, common: dict[str, Any], choices: Choices) -> PublicGoodsView:
        """Add the terms of the project, and what others' punishment took."""
        tokens = choices.get("contribute")
        return PublicGoodsView(
            **common,
            endowment=self.endowment,
            multiplier=self.multiplier,
            share=self.share,
            impact=self.impact if state.punishes else None,
            contributed=None if tokens is None else tuple(tokens[0].tolist()),
            taken=float(state.taken[0, common["agent"]]),
        )
