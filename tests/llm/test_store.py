"""The book of calls in each kind of database, and processes that write the same call at once."""

import asyncio
import json

import pytest

from mechlab.llm._output import ModelOutput
from mechlab.llm._store import CALLS, CallStore, open_tables
from mechlab.llm.budget import Budget, Spending
from mechlab.llm.session import live_session
from mechlab.llm.settings import Caps, Live
from mechlab.llm.transcripts import Transcripts, open_transcripts
from mechlab.simulation import simulate
from tests.llm.fault_server import FaultServer
from tests.search.conftest import database, server  # noqa: F401 - fixtures

SMALL = {"agents": 3, "rounds": 2, "pieces": 9, "hand": 3, "needed": 2}


def call(key, content):
    row = {"key": key, "seed": "1", "endpoint": "u", "model": "m", "request": "{}"}
    said = {
        "messages": "[]",
        "output": ModelOutput(content).dump(),
        "problem": "",
        "dollars": None,
    }
    return {**row, **said, "seconds": 1.0, "at": "2026"}


def written(url, work, run=""):
    """Do some work with a store within an event loop."""
    engine, budget = open_tables(url), Budget(Caps())

    async def all():
        store = CallStore(engine, url, run, budget)
        result = await work(store)
        await store.close()
        return result

    result = asyncio.run(all())
    engine.dispose()
    return result, budget


def test_the_first_of_two_equal_calls_stays(database):  # noqa: F811 - a fixture
    async def both(store):
        first = await store.put(CALLS, call("k", "first"))
        second = await store.put(CALLS, call("k", "second"))
        return first, second, await store.output("k")

    (first, second, there), _ = written(database, both)
    for found in (first.get("k", there), second["k"], there):
        assert ModelOutput.load(found).content == "first"


def test_what_is_put_at_once_is_written_together(database):  # noqa: F811
    async def many(store):
        done = [store.put(CALLS, call(str(k), "x")) for k in range(100)]
        await asyncio.gather(*done)
        return len(set(map(id, done))), await store.known("e", "1")

    (batches, (keys, _)), _ = written(database, many)
    assert batches <= 2
    assert len(keys) == 100


def test_spending_adds_up_over_processes(database):  # noqa: F811
    async def spend(store):
        store.spend(Spending(2, 30, 0.5))
        await store.put(CALLS, call("k", "x"))

    for _ in range(3):
        _, budget = written(database, spend, run="study")
    assert budget.spending == Spending(6, 90, 1.5)
    engine = open_tables(database)
    assert Transcripts(engine).spending("study") == Spending(6, 90, 1.5)
    assert Transcripts(engine).spending("other") == Spending()
    engine.dispose()


def test_episodes_are_played_and_read_back(database, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    hostile = "\x00'; drop table mechlab_call; --"
    answer = json.dumps({"thoughts": hostile, "actions": []})
    with FaultServer() as models:
        models.behaviour.policy = lambda _: answer
        monkeypatch.setenv("OPENAI_BASE_URL", models.url)
        with live_session(Live(), database, "study"):
            first = simulate(population="llm:m", settings=SMALL, episodes=2)
        with live_session(Live(), database, "study", replay=True):
            again = simulate(population="llm:m", settings=SMALL, episodes=2)
        assert models.done.total() == 2 * 6
    assert first.frame.equals(again.frame)
    with open_transcripts(database) as transcripts:
        episodes = transcripts.episodes("study")
        assert [played.number for played in episodes] == [0, 1]
        assert transcripts.episodes("other") == []
        for played in episodes:
            assert played.measures["tasks"] == first["tasks"][played.number]
            turns = transcripts.calls(played.id)
            assert [call.turn for call in turns] == list(range(6))
            assert {call.thoughts for call in turns} == {hostile}


@pytest.mark.parametrize("run", ["", "study"])
def test_caps_hold_for_a_run_over_all_its_sessions(tmp_path, run, monkeypatch):
    """A study's caps count what it used up before; those of a run without a name do not."""
    monkeypatch.chdir(tmp_path)
    with FaultServer() as models:
        monkeypatch.setenv("OPENAI_BASE_URL", models.url)
        for episodes in (1, 2):
            with live_session(Live(caps=Caps(calls=6)), run=run) as session:
                try:
                    simulate(population="llm:m", settings=SMALL, episodes=episodes)
                except ValueError:
                    assert run == "study"
        assert models.done.total() == (6 if run else 12)
        assert session.budget.spending.calls == 6
