"""The repeated public goods game: what one contributes is multiplied and divided among all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mechlab.flows import Amounts, Array
from mechlab.game import Game, Seeds, game
from mechlab.games.chance import uniforms
from mechlab.incentives import Act
from mechlab.mechanism import Words
from mechlab.parameters import param


@dataclass
class Group:
    """A batch of groups: the episodes' seeds, and what a token withheld cost in the last round."""

    seeds: Seeds
    punishes: bool
    threat: Array


@game
@dataclass(frozen=True)
class PublicGoods(Game):
    """Each agent divides an endowment between itself and a common project that pays all equally.

    Of n agents, i contributes c_i of its ``endowment`` of tokens and earns
    ``endowment - c_i + multiplier / n * sum_j c_j`` dollars a round. Between multipliers 1 and n
    the group earns most when all contribute all, and each earns most when it contributes nothing:
    giving becomes dominant when it is paid more than 1 - multiplier / n a token.

    An agent contributes the share ``give`` of its endowment, in whole tokens (the last one by lot).
    In the condition ``punishment`` it then spends ``punish`` dollars for each token by which
    another fell short of its own contribution, and each of these dollars takes ``impact`` dollars
    from that agent.

    Source: Fehr and Gaechter, "Cooperation and Punishment in Public Goods Experiments", American
    Economic Review 90 (2000): 4 agents, 20 tokens, 0.4 back from each token, 10 rounds; one dollar
    that takes three from their "Altruistic Punishment in Humans", Nature 415 (2002). In place of
    their points, ours are in proportion to the shortfall, without a limit.

    >>> PublicGoods().acts["give"].produced
    -0.6
    """

    name: ClassVar[str] = "public_goods"
    fields: ClassVar[frozenset[str]] = frozenset({"given", "used", "credit", "produced"})
    conditions: ClassVar[tuple[str, ...]] = ("baseline", "punishment")
    propensities: ClassVar[tuple[str, ...]] = ("give", "punish")
    words: ClassVar[Words] = Words(
        unit="token",
        units="tokens",
        give="contribute",
        given="contributed",
        to="to the common project",
        asked="expected",
        product="round of the project",
    )
    roles: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "perfect": {"give": 1.0, "punish": 1.0},
        "silent": {},
    }
    references: ClassVar[Mapping[str, Mapping[str, float]]] = {"ceiling": {"give": 1.0}}

    agents: int = param(4, low=2, high=1000, unit="agents")
    rounds: int = param(10, low=1, high=10000, unit="rounds")
    endowment: int = param(20, low=1, high=1000000, unit="tokens per agent and round")
    multiplier: float = param(1.6, low=0, high=1000, unit="dollars per token", text="of all")
    impact: float = param(3.0, low=0, high=1000, unit="dollars", text="a punishing dollar takes")

    @property
    def unit(self) -> float:
        """A token that is kept: one dollar."""
        return 1.0

    @property
    def share(self) -> float:
        """What each agent has of a contributed token, in dollars."""
        return self.multiplier / self.agents

    @property
    def acts(self) -> Mapping[str, Act]:
        """To contribute one more token, where nobody punishes."""
        return {"give": self._give(0.0)}

    def _give(self, threat: float | Array) -> Act:
        others = self.share * (self.agents - 1)
        own = self.share - 1.0 + threat
        return Act(given=1, used=1, credit=others, returned=others, produced=own)

    def start(self, seeds: Seeds, condition: str) -> Group:
        """Begin with nobody threatened."""
        return Group(seeds, condition == "punishment", np.zeros(self.agents))

    def prospects(self, state: Group) -> Mapping[str, Act]:
        """A contributed token also averts the punishment seen in the last round."""
        return {"give": self._give(state.threat)}

    def play(self, state: Group, round: int, behaviour: Array, now: Amounts) -> None:
        """Contribute, share the project, punish."""
        lot = uniforms(state.seeds, 0, round, self.agents)
        tokens = np.floor(self.endowment * np.clip(behaviour[:, 0], 0.0, 1.0) + lot)
        others = 1.0 - np.eye(self.agents)
        now.given[...] = tokens[:, :, None] * others / (self.agents - 1)
        now.used[...] = now.given.swapaxes(1, 2)
        now.credit[...] = self.share * tokens[:, None, :] * others
        now.produced[...] = self.endowment - tokens + self.share * tokens.sum(axis=1)[:, None]
        if state.punishes:
            self._punish(state, tokens, behaviour[:, 1], now)

    def _punish(self, state: Group, tokens: Array, punish: Array, now: Amounts) -> None:
        """Take from those who gave less; the threat is what one token less would have cost."""
        short = np.maximum(0.0, tokens[:, :, None] - tokens[:, None, :])
        spent = punish[:, None] * short
        now.produced[...] -= spent.sum(axis=2) + self.impact * spent.sum(axis=1)
        strict = (tokens[:, :, None] >= tokens[:, None, :]) & (tokens[:, :, None] > 0.0)
        exposed = (strict * (1.0 - np.eye(self.agents))).mean(axis=0)
        state.threat = self.impact * (punish @ exposed)
