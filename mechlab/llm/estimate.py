"""What live episodes would cost, before any call is made."""

from __future__ import annotations

import math
import os
from bisect import bisect, bisect_right, insort
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from mechlab.agents.scenario import Scenario
from mechlab.database import file_of, location
from mechlab.games.base import Game
from mechlab.llm._output import Usage
from mechlab.llm._tokens import AROUND, count_tokens, prompt_tokens, token_ends
from mechlab.llm.agent import LiveAgent
from mechlab.llm.dialogue import Dialogue, Message, dialogue_for
from mechlab.llm.prices import price_of
from mechlab.llm.settings import Live, PromptOptions, find_endpoint
from mechlab.llm.transcripts import ModelCall, open_transcripts
from mechlab.mechanism import Mechanism
from mechlab.simulation import simulate

_LATENCY = 5.0  # seconds of a call before any was measured: a short answer of a large model
_FEWEST_CACHED = 1024  # tokens; providers cache no shorter prefix (OpenAI, Anthropic's Sonnet)
_RECENT = 500  # stored calls that correct an estimate: read in a second, the mean of them is good


@dataclass(frozen=True)
class Estimate:
    """What the live agents of some episodes are expected to cost.

    Attributes:
        calls: one a turn; second attempts are not in it.
        tokens: of prompts and answers; reasoning is in it only where calls were measured.
        dollars: at the prices of the table, with the prompts' shared prefixes cached; nan if
            a price is unknown.
        seconds: of the calls, as many at once as episodes and settings allow.
        unpriced: models whose price is unknown.
        measured: stored calls that corrected tokens and seconds.
    """

    calls: float = 0.0
    tokens: float = 0.0
    dollars: float = 0.0
    seconds: float = 0.0
    unpriced: tuple[str, ...] = ()
    measured: int = 0

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.calls + other.calls,
            self.tokens + other.tokens,
            self.dollars + other.dollars,
            self.seconds + other.seconds,
            tuple(sorted({*self.unpriced, *other.unpriced})),
            max(self.measured, other.measured),
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON values, named as in what a search costs."""
        values = asdict(self)
        return {"cost_usd" if name == "dollars" else name: v for name, v in values.items()}

    def times(self, number: float, at_once: int = 1) -> Estimate:
        """Return the estimate of so many times as many calls, so many of them at once."""
        calls, tokens, dollars = (number * n for n in (self.calls, self.tokens, self.dollars))
        seconds = number * self.seconds / at_once
        return Estimate(calls, tokens, dollars, seconds, self.unpriced, self.measured)


def estimate(scenarios: Iterable[Scenario], live: Live, url: str) -> Estimate:
    """Estimate the cost of all episodes of some scenarios.

    An episode of each is rehearsed, which no model plays. Calls of the same models and options in
    the store at ``url``, which need not be there, correct what that cannot tell: how a model counts
    tokens, how much it reasons, answers and caches, and how long a call takes.

    Raises:
        UserError: for an unknown endpoint, or a game without prompts.
    """
    total = Estimate()
    for scenario in scenarios:
        members = scenario.population.members
        at_once = max(1, min(len(scenario), live.episodes_at_once))  # an episode has one under way
        for agent in dict.fromkeys(a for a in members if isinstance(a, LiveAgent)):
            turns = members.count(agent) * scenario.game.rounds * len(scenario)
            total += _one_call(scenario, agent, live, url).times(turns, at_once)
    return total


def _one_call(scenario: Scenario, agent: LiveAgent, live: Live, url: str) -> Estimate:
    """Return the mean cost of an agent's calls in a scenario."""
    options = live.options_of(agent.options)
    endpoint = find_endpoint(options.endpoint, live.endpoints, need_key=False)
    request = live.request(options)
    cost = rehearse(scenario.game, scenario.mechanism, options, scenario.condition)
    prompt, cached, answer = (part / cost.calls for part in cost.tokens)
    seconds, dollars = _LATENCY, math.nan
    calls = _stored(url, agent.model, endpoint.url, request)
    if calls:
        sent = sum(call.prompt_tokens for call in calls)
        prompt *= sent / sum(prompt_tokens(call.messages) for call in calls)
        cached = prompt * sum(call.cached_tokens for call in calls) / sent
        answer = sum(call.answer_tokens for call in calls) / len(calls)
        seconds = sum(call.seconds for call in calls) / len(calls)
    price = price_of(agent.model, endpoint.url)
    usage = Usage(round(prompt), round(cached), round(answer))
    if price is not None:
        dollars = price.of(usage, str(request.get("service_tier", "")))
    elif calls:  # what the endpoint itself says that they cost
        dollars = sum(call.dollars for call in calls) / len(calls)
    unpriced = (agent.model,) if math.isnan(dollars) else ()
    return Estimate(1, prompt + answer, dollars, seconds, unpriced, len(calls))


def _stored(url: str, model: str, endpoint: str, request: dict[str, Any]) -> list[ModelCall]:
    """Return the latest stored calls of a model with the same parameters whose tokens are known."""
    file = file_of(location(url))
    if file is not None and not file.exists():
        return []
    with open_transcripts(url) as transcripts:
        calls = transcripts.latest(model, endpoint, request, _RECENT)
    return [call for call in calls if call.counted and call.prompt_tokens]


@dataclass(frozen=True)
class PromptCost:
    """Prompts and answers of an episode, in characters and in tokens, see ``count_tokens``.

    Attributes:
        calls: number of prompts.
        prompt: characters of all prompts.
        shared: characters in a prefix that an earlier prompt of the episode has too.
        tokens: of prompts, of their prefixes that a provider caches, and of answers.
    """

    calls: int
    prompt: int
    shared: int
    tokens: tuple[int, int, int]

    @property
    def shared_share(self) -> float:
        """The part of the prompts that a prefix cache can reuse, from 0 to 1."""
        return self.shared / self.prompt if self.prompt else float("nan")


def prompt_cost(prompts: Iterable[list[Message]], answers: Iterable[str] = ()) -> PromptCost:
    """Return the cost of prompts, in the order in which they were sent, and of their answers.

    >>> prompts = [[{"role": "user", "content": text}] for text in ("abcd", "abce", "abcd")]
    >>> prompt_cost(prompts).shared  # nothing, "abc", "abcd"
    7
    """
    earlier: list[str] = []
    calls = prompt = shared = sent = cached = 0
    for messages in prompts:
        text = "".join(message["content"] for message in messages)
        place = bisect(earlier, text)  # a neighbour in alphabetical order shares the most
        near = earlier[max(0, place - 1) : place + 1]
        prefixes = (os.path.commonprefix([text, other]) for other in near)  # noqa: RUF071 - of text
        prefix = max(map(len, prefixes), default=0)
        insort(earlier, text)
        ends = token_ends(text)
        in_cache = bisect_right(ends, prefix)
        calls, prompt, shared = calls + 1, prompt + len(text), shared + prefix
        sent += len(ends) + AROUND * (1 + len(messages))
        cached += in_cache if in_cache >= _FEWEST_CACHED else 0
    return PromptCost(calls, prompt, shared, (sent, cached, sum(map(count_tokens, answers))))


def rehearse(
    game: Game, mechanism: Mechanism, options: PromptOptions, condition: str
) -> PromptCost:
    """Return the cost of one episode of live agents that answer at ordinary length.

    >>> from mechlab.games.base import make_game
    >>> from mechlab.mechanism import parse
    >>> game = make_game("sharing", {"agents": 3, "rounds": 2})
    >>> rehearse(game, parse("none"), PromptOptions(), "baseline").calls
    6
    """
    turns: list[tuple[list[Message], str]] = []
    dialogues = (dialogue_for(game, mechanism, i, options) for i in range(game.agents))
    players = [_Rehearsal(dialogue, turns) for dialogue in dialogues]
    simulate(game, players, mechanism, episodes=1, condition=condition)
    return prompt_cost((prompt for prompt, _ in turns), (answer for _, answer in turns))


@dataclass(eq=False)
class _Rehearsal:
    """A player with typical answers that keeps prompts and answers."""

    dialogue: Dialogue
    turns: list[tuple[list[Message], str]]

    def act(self, view: Any) -> Any:
        messages, answer = self.dialogue.messages(view), self.dialogue.typical_answer(view)
        self.turns.append((messages, answer.model_dump_json()))
        return self.dialogue.actions(answer)
