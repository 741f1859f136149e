"""What prompts cost: how long they are, and how much of them a provider's cache can reuse."""

from __future__ import annotations

import os
from bisect import bisect, insort
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mechlab.games.base import Game
from mechlab.llm.dialogue import Dialogue, Message, Telling, dialogue_for
from mechlab.mechanism import Mechanism

CHARACTERS_PER_TOKEN = 4.0  # a rule of thumb for English; rows of numbers take more tokens


@dataclass(frozen=True)
class PromptCost:
    """Prompts and answers of an episode, in characters, as no tokenizer is at hand.

    Attributes:
        calls: number of prompts.
        prompt: characters of all prompts.
        shared: characters that lie in a prefix which an earlier prompt of the episode began with.
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
    """Return the cost of prompts in the order in which they were sent.

    >>> told = [[{"role": "user", "content": text}] for text in ("abcd", "abce", "abcd")]
    >>> prompt_cost(told).shared  # nothing, "abc", "abcd"
    7
    """
    texts = ["\0".join(message["content"] for message in prompt) for prompt in prompts]
    seen: list[str] = []
    shared = 0
    for text in texts:
        place = bisect(seen, text)  # of all earlier prompts, a neighbour in order shares the most
        near = seen[max(0, place - 1) : place + 1]
        shared += max((_common(text, other) for other in near), default=0)
        insort(seen, text)
    return PromptCost(len(texts), sum(map(len, texts)), shared, sum(map(len, answers)))


def _common(one: str, other: str) -> int:
    """Return how many characters two texts begin with together."""
    return len(os.path.commonprefix([one, other]))  # noqa: RUF071 - by character is meant


class _Rehearsed:
    """A player that answers as is typical, and keeps what it was told and answered."""

    def __init__(self, dialogue: Any, prompts: list[list[Message]], answers: list[str]) -> None:
        self.dialogue: Dialogue = dialogue
        self._typical, self._prompts, self._answers = dialogue.typical, prompts, answers

    def act(self, view: Any) -> Any:
        """Take one turn."""
        self._prompts.append(self.dialogue.messages(view))
        answer = self._typical(view)
        self._answers.append(answer.model_dump_json())
        return self.dialogue.actions(answer)


def rehearse(game: Game, mechanism: Mechanism, telling: Telling, condition: str) -> PromptCost:
    """Return what one episode of live agents costs, from one with typical answers.

    Thousands of calls need no model to be counted; how long a model reasons is not in it.

    >>> from mechlab.games.base import make_game
    >>> from mechlab.mechanism import parse
    >>> game = make_game("sharing", {"agents": 3, "rounds": 2})
    >>> rehearse(game, parse("none"), Telling(), "baseline").calls
    6
    """
    from mechlab.simulation import simulate  # plays the rehearsal with what stands above it

    prompts: list[list[Message]] = []
    answers: list[str] = []
    players = [
        _Rehearsed(dialogue_for(game, mechanism, agent, telling), prompts, answers)
        for agent in range(game.agents)
    ]
    simulate(game, players, mechanism, episodes=1, condition=condition)
    return prompt_cost(prompts, answers)
