"""Plays episodes with live agents: each its own task, its agents in the game's order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Sequence
from itertools import takewhile
from typing import Any

import numpy as np

from mechlab.agents.scenario import Scenario
from mechlab.errors import OutOfBudget
from mechlab.flows import Array
from mechlab.games.base import Player, Seeds
from mechlab.llm.agent import LiveAgent
from mechlab.llm.dialogue import dialogue_for
from mechlab.llm.seat import Seat, Sitting
from mechlab.llm.session import Session
from mechlab.llm.store import now
from mechlab.llm.tables import EPISODES, packed
from mechlab.llm.thoughts import tally

Record = dict[str, Array]
Turns = Generator[tuple[int, Any], Any, Record]


class Cut(OutOfBudget):
    """A cap was reached; ``records`` are those of the first episodes that were finished."""

    def __init__(self, why: OutOfBudget, records: Sequence[Record]) -> None:
        super().__init__(str(why))
        self.records = records


def play(session: Session, scenario: Scenario, turns: Callable[[Seeds], Turns]) -> list[Record]:
    """Play all episodes of a scenario and return their records, in order.

    Args:
        session: where models are asked.
        scenario: what is played.
        turns: opens the turns of the episode with a seed, (1,).

    Raises:
        Cut: where a cap is reached.
        UserError: for what else stops them: an endpoint, the store, invalid answers.
    """
    for agent in scenario.population.players.values():  # a mistake fails before it costs anything
        if isinstance(agent, LiveAgent):
            dialogue_for(scenario.game, scenario.mechanism, 0, session.options(agent))
            session.caller(agent)
    return session.wait_for(_play_all(session, scenario, turns))


async def _play_all(
    session: Session, scenario: Scenario, turns: Callable[[Seeds], Turns]
) -> list[Record]:
    # An episode has one call under way at most, so more episodes than places would only wait.
    places = asyncio.Semaphore(session.live.concurrency)

    async def one(k: int) -> Record:
        async with places:
            return await _play_one(session, scenario, k, turns(scenario.seeds[k : k + 1]))

    tasks = [asyncio.create_task(one(k)) for k in range(len(scenario))]
    try:
        await settled(tasks)
    except OutOfBudget as out:
        finished = list(takewhile(lambda task: not task.exception(), tasks))
        raise Cut(out, [task.result() for task in finished]) from None
    return [task.result() for task in tasks]


async def settled(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Wait for all tasks; at an error cancel the others and raise it.

    Where a cap is reached they go on, so that no call under way is lost, to the end or to the cap.
    """
    waiting, out = set(tasks), None
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
            errors = [error for task in done if (error := task.exception())]
            for error in errors:
                if not isinstance(error, OutOfBudget):
                    raise error
                out = out or error
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    if out is not None:
        raise out


async def _play_one(session: Session, scenario: Scenario, k: int, turns: Turns) -> Record:
    """Play one episode: send each view to whoever's turn it is, and the answer back."""
    id, seed = session.name(scenario, k), str(int(scenario.seeds[k]))
    known, written = await session.book.known(id, seed)
    seats = [i for i, m in scenario.population.players.items() if isinstance(m, LiveAgent)]
    calls = 0 if session.replay else scenario.game.rounds * len(seats) - len(written)
    async with session.account.episode(max(0, calls)) as made:
        sitting = Sitting(id, seed, known, written, made)
        return await _play_turns(session, scenario, k, sitting, turns)


async def _play_turns(
    session: Session, scenario: Scenario, k: int, sitting: Sitting, turns: Turns
) -> Record:
    about = {
        "id": sitting.id,
        "run": session.run,
        "about": packed(scenario.episode(k)),
        "at": now(),
    }
    session.book.put(EPISODES, about)
    seats = {i: _seat(session, scenario, sitting, i) for i in scenario.population.players}
    answer = None
    while True:
        try:
            agent, view = turns.send(answer)
        except StopIteration as end:
            record: Record = end.value
            invalid = {"invalid_turns": np.array([float(sitting.invalid)])}
            return {**record, **invalid, **tally(sitting.thoughts)}
        seat = seats[agent]
        answer = await seat.act(view) if isinstance(seat, Seat) else seat.act(view)


def _seat(session: Session, scenario: Scenario, sitting: Sitting, i: int) -> Seat | Player:
    agent = scenario.population.players[i]
    if isinstance(agent, Player):
        return agent
    assert isinstance(agent, LiveAgent)  # the only kind that is asked over a network
    return Seat(
        agent=i,
        name=agent.name,
        dialogue=dialogue_for(scenario.game, scenario.mechanism, i, session.options(agent)),
        caller=session.caller(agent),
        book=session.book,
        sitting=sitting,
        validity=session.validity,
    )
