"""Plays episodes with live agents: each its own task, its agents in the game's order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import numpy as np

from mechlab.agents.scenario import Scenario
from mechlab.errors import OutOfBudget
from mechlab.flows import Array
from mechlab.games.base import Seeds
from mechlab.llm._model import Call, Model, ReplayMiss
from mechlab.llm._store import EPISODES, TURNS, canonical_json, now
from mechlab.llm.agent import LiveAgent
from mechlab.llm.dialogue import Dialogue, dialogue_for
from mechlab.llm.session import Session
from mechlab.llm.thoughts import count_language

A = TypeVar("A")
B = TypeVar("B")

Record = dict[str, Array]
Turns = Generator[tuple[int, Any], Any, Record]


def play(
    session: Session,
    scenario: Scenario,
    turns: Callable[[Seeds], Turns],
    records: dict[int, Record],
) -> None:
    """Play all episodes of a scenario.

    Args:
        turns: opens the turns of the episode with a seed, (1,).
        records: receives the record of each episode that was finished, by its index.

    Raises:
        OutOfBudget: if a cap is reached.
        UserError: for what else stops them: an endpoint, the store, invalid answers.
    """
    # What cannot be played fails before it costs.
    for agent in scenario.population.players.values():
        if isinstance(agent, LiveAgent):
            dialogue_for(scenario.game, scenario.mechanism, 0, session.options(agent))
            session.model(agent)

    async def one(k: int) -> None:
        records[k] = await _play_one(session, scenario, k, turns(scenario.seeds[k : k + 1]))

    session.wait_for(for_each(range(len(scenario)), one, session.live.episodes_at_once))


async def for_each(
    items: Iterable[A], work: Callable[[A], Coroutine[Any, Any, B]], at_once: int
) -> list[B]:
    """Return the results of some work on each item; at an error cancel the rest and raise it.

    If a cap is reached they go on, so that no call under way is lost, to the end or to the cap.
    """
    slots = asyncio.Semaphore(at_once)
    failures: list[Exception] = []
    results: dict[int, B] = {}

    async def one(number: int, item: A) -> None:
        async with slots:
            try:
                results[number] = await work(item)
            except OutOfBudget as cap:
                failures.append(cap)

    try:
        async with asyncio.TaskGroup() as group:
            for number, item in enumerate(items):
                group.create_task(one(number, item))
    except ExceptionGroup as errors:
        failures[:0] = errors.exceptions
    if failures:
        raise failures[0]
    return [results[number] for number in sorted(results)]


@dataclass
class _Episode:
    """What the live players of one episode share.

    Attributes:
        known, linked: keys of calls that are in the store; turns and attempts whose call is.
        release_one: to be called at each call that is not in the store.
        thoughts, invalid: of the valid answers so far; turns without one.
    """

    session: Session
    id: str
    seed: str
    known: set[str]
    linked: set[tuple[int, int]]
    release_one: Callable[[], None]
    thoughts: list[str] = field(default_factory=list)
    invalid: int = 0
    turn: int = -1

    def link(self, agent: int, round: int, attempt: int, key: str) -> None:
        """Write down which call belongs to this turn."""
        if (self.turn, attempt) not in self.linked:
            self.release_one()
            where = {"episode": self.id, "turn": self.turn, "attempt": attempt}
            row = {**where, "agent": agent, "round": round, "key": key}
            self.session.store.put(TURNS, row)


@dataclass
class _LivePlayer:
    """A live agent in one episode: from its view to its actions, with at most two calls a turn."""

    agent: int
    dialogue: Dialogue
    model: Model
    episode: _Episode

    async def act(self, view: Any) -> Any:
        """Return the actions of a turn; None if two answers in a row were not valid.

        Raises:
            TooManyInvalidTurns: see ``InvalidTurns``; and what ``Model.answer`` raises.
        """
        self.episode.turn += 1
        call = Call(
            self.dialogue.messages(view),
            self.dialogue.answer,
            seed=self.episode.seed,
            agent=self.agent,
            turn=self.episode.turn,
            known=self.episode.known,
            link=partial(self.episode.link, self.agent, int(view.round)),
        )
        answer, reason = await self.model.answer(call)
        self.episode.session.invalid_turns.note(self.model.name, reason)
        if answer is None:
            self.episode.invalid += 1
            return None
        self.episode.thoughts.append(getattr(answer, "thoughts", ""))
        return self.dialogue.actions(answer)


async def _play_one(session: Session, scenario: Scenario, k: int, turns: Turns) -> Record:
    id, seed = session.episode_id(scenario, k), str(int(scenario.seeds[k]))
    known, linked = await session.store.known(id, seed)
    live = sum(isinstance(member, LiveAgent) for member in scenario.population.members)
    calls = max(0, scenario.game.rounds * live - len(linked))
    async with session.budget.episode(0 if session.replay else calls) as release_one:
        episode = _Episode(session, id, seed, known, linked, release_one)
        row = {"id": id, "run": session.run, "scenario": canonical_json(scenario.episode(k))}
        session.store.put(EPISODES, {**row, "at": now()})
        try:
            return await _play_turns(scenario, episode, turns)
        except ReplayMiss as miss:
            if reason := session.budget.refusal(calls):  # here the run had ended
                raise OutOfBudget(reason) from miss
            raise


async def _play_turns(scenario: Scenario, episode: _Episode, turns: Turns) -> Record:
    """Send each view to the player whose turn it is, and the answer back."""
    players = {i: _player(scenario, episode, i) for i in scenario.population.players}
    answer = None
    while True:
        try:
            agent, view = turns.send(answer)
        except StopIteration as end:
            record: Record = end.value
            invalid = {"invalid_turns": np.array([float(episode.invalid)])}
            return {**record, **invalid, **count_language(episode.thoughts)}
        player = players[agent]
        answer = await player.act(view) if isinstance(player, _LivePlayer) else player.act(view)


def _player(scenario: Scenario, episode: _Episode, i: int) -> Any:
    """Return a member of a group as the player of one episode."""
    agent, session = scenario.population.players[i], episode.session
    if not isinstance(agent, LiveAgent):
        return agent
    dialogue = dialogue_for(scenario.game, scenario.mechanism, i, session.options(agent))
    return _LivePlayer(i, dialogue, session.model(agent), episode)
