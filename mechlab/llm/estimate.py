"""What live episodes would cost, before any call is made."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mechlab.agents.population import Population
from mechlab.games.base import Game
from mechlab.llm.agent import LiveAgent
from mechlab.llm.endpoint import find_endpoint
from mechlab.llm.output import Usage
from mechlab.llm.prices import price_of
from mechlab.llm.prompts.cost import rehearse
from mechlab.llm.settings import Live
from mechlab.mechanism import Mechanism

LATENCY = 5.0  # seconds of a call, as long as nothing was measured: a short answer of a large model


@dataclass(frozen=True)
class Estimate:
    """What one episode is expected to take of its live agents.

    Attributes:
        calls: one a turn; answers that must be asked for twice are not in it.
        tokens: of prompts and answers, from their letters; reasoning is not in it.
        dollars: at the prices of the table, with the prompts' shared beginnings cached; nan where
            a price is not known.
        unpriced: models of which no price is known.
    """

    calls: float
    tokens: float
    dollars: float
    unpriced: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Duration of its calls, one after another, at ``LATENCY`` each."""
        return self.calls * LATENCY


def estimate(
    game: Game, population: Population, mechanism: Mechanism, condition: str, live: Live
) -> Estimate:
    """Estimate an episode from one with answers of ordinary length, which no model gave.

    Raises:
        UserError: for an unknown endpoint, or a game without words for models.
    """
    agents = [agent for agent in population.members if isinstance(agent, LiveAgent)]
    tokens = dollars = 0.0
    unpriced = set()
    for agent in set(agents):
        options = live.options.model_copy(update=agent.options.chosen)
        cost = rehearse(game, mechanism, options, condition)
        prompt, answer = (part / cost.calls for part in cost.tokens)
        turns = agents.count(agent) * game.rounds
        tokens += turns * (prompt + answer)
        endpoint = find_endpoint(options.endpoint, live.endpoints, need_key=False)
        price = price_of(agent.model, endpoint)
        usage = Usage(round(prompt), round(prompt * cost.shared_share), round(answer))
        if price is None:
            unpriced.add(agent.model)
        dollars += turns * price.of(usage) if price else math.nan
    return Estimate(len(agents) * game.rounds, tokens, dollars, tuple(sorted(unpriced)))
