"""What live episodes would cost, before any call is made."""

from __future__ import annotations

import math
import os
from bisect import bisect, insort
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mechlab.agents.population import Population
from mechlab.games.base import Game
from mechlab.llm._output import CHARACTERS_PER_TOKEN, Usage
from mechlab.llm.agent import LiveAgent
from mechlab.llm.budget import price_of
from mechlab.llm.dialogue import Dialogue, Message, dialogue_for
from mechlab.llm.settings import Live, PromptOptions, find_endpoint
from mechlab.mechanism import Mechanism
from mechlab.simulation import simulate

_LATENCY = 5.0  # seconds of a call before any was measured: a short answer of a large model


@dataclass(frozen=True)
class Estimate:
    """What the live agents of one episode are expected to cost.

    Attributes:
        calls: one a turn; second attempts are not in it.
        tokens: of prompts and answers, from their length; reasoning is not in it.
        dollars: at the prices of the table, with the prompts' shared prefixes cached; nan if
            a price is unknown.
        unpriced: models whose price is unknown.
    """

    calls: float
    tokens: float
    dollars: float
    unpriced: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Duration of its calls, one after another, at five seconds each."""
        return self.calls * _LATENCY


def estimate(
    game: Game, population: Population, mechanism: Mechanism, condition: str, live: Live
) -> Estimate:
    """Estimate the cost of an episode from a rehearsed one, which no model plays.

    Raises:
        UserError: for an unknown endpoint, or a game without prompts.
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
        price = price_of(agent.model, endpoint.url)
        usage = Usage(round(prompt), round(prompt * cost.shared_share), round(answer))
        if price is None:
            unpriced.add(agent.model)
        dollars += turns * price.of(usage) if price else math.nan
    return Estimate(len(agents) * game.rounds, tokens, dollars, tuple(sorted(unpriced)))


@dataclass(frozen=True)
class PromptCost:
    """Prompts and answers of an episode, in characters, as no tokenizer is at hand.

    Attributes:
        calls: number of prompts.
        prompt: characters of all prompts.
        shared: characters in a prefix that an earlier prompt of the episode has too.
        answer: characters of all answers.
    """

    calls: int
    prompt: int
    shared: int
    answer: int = 0

    @property
    def shared_share(self) -> float:
        """The part of the prompts that a prefix cache can reuse, from 0 to 1."""
        return self.shared / self.prompt if self.prompt else float("nan")

    @property
    def tokens(self) -> tuple[float, float]:
        """Estimated tokens of prompts and of answers."""
        return self.prompt / CHARACTERS_PER_TOKEN, self.answer / CHARACTERS_PER_TOKEN


def prompt_cost(prompts: Iterable[list[Message]], answers: Iterable[str] = ()) -> PromptCost:
    """Return the cost of prompts, in the order in which they were sent, and of their answers.

    >>> prompts = [[{"role": "user", "content": text}] for text in ("abcd", "abce", "abcd")]
    >>> prompt_cost(prompts).shared  # nothing, "abc", "abcd"
    7
    """
    texts = ["\0".join(message["content"] for message in prompt) for prompt in prompts]
    earlier: list[str] = []
    shared = 0
    for text in texts:
        place = bisect(earlier, text)  # a neighbour in alphabetical order shares the most
        near = earlier[max(0, place - 1) : place + 1]
        shared += max((_shared_prefix(text, other) for other in near), default=0)
        insort(earlier, text)
    return PromptCost(len(texts), sum(map(len, texts)), shared, sum(map(len, answers)))


def rehearse(
    game: Game, mechanism: Mechanism, options: PromptOptions, condition: str
) -> PromptCost:
    """Return the cost of one episode of live agents with answers of ordinary length.

    It makes no call; how long a model reasons is not in it.

    >>> from mechlab.games.base import make_game
    >>> from mechlab.mechanism import parse
    >>> game = make_game("sharing", {"agents": 3, "rounds": 2})
    >>> rehearse(game, parse("none"), PromptOptions(), "baseline").calls
    6
    """
    prompts: list[list[Message]] = []
    answers: list[str] = []
    players = [
        _Rehearsal(dialogue_for(game, mechanism, agent, options), prompts, answers)
        for agent in range(game.agents)
    ]
    simulate(game, players, mechanism, episodes=1, condition=condition)
    return prompt_cost(prompts, answers)


@dataclass(eq=False)
class _Rehearsal:
    """A player with typical answers that keeps prompts and answers."""

    dialogue: Dialogue
    prompts: list[list[Message]]
    answers: list[str]

    def act(self, view: Any) -> Any:
        """Take one turn."""
        self.prompts.append(self.dialogue.messages(view))
        answer = self.dialogue.typical_answer(view)
        self.answers.append(answer.model_dump_json())
        return self.dialogue.actions(answer)


def _shared_prefix(one: str, other: str) -> int:
    """Return the number of characters with which both texts begin."""
    return len(os.path.commonprefix([one, other]))  # noqa: RUF071 - by character is meant
