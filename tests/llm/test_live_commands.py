"""Live agents from the command line: run, search, caps, replay, a killed process."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mechlab import commands
from tests.interrupts import heard
from tests.llm.conftest import KEY
from tests.llm.fault_server import helper

SETTINGS = ("agents=3", "rounds=4", "pieces=9", "hand=3", "needed=2")
GROUP = ["--population", "llm:m-1", *(x for s in SETTINGS for x in ("--set", s))]
RUN = ["run", *GROUP]
CAP = ["--calls", "10000"]
SWEEP = """
question = "Does a bonus help?"
population = "llm:m-1"
settings = {agents = 3, rounds = 4, pieces = 9, hand = 3, needed = 2}
[vary]
mechanism = ["none", "sharing_bonus(rate=1000)"]
"""
STUDY = """
question = "How small may the bonus be?"
population = "llm:m-1"
mechanisms = ["sharing_bonus(rate=[0, 5000])"]
minimise = "rate"
settings = {agents = 3, rounds = 4, pieces = 9, hand = 3, needed = 2}

[target]
efficiency = 0.5
relative_to = "sequential"

[budget]
episodes = 60

[live.caps]
calls = 10_000
"""


@pytest.fixture
def mechlab(capsys, monkeypatch):
    """Run a command; return its exit code, standard output and error output."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["mechlab", *arguments])
        with pytest.raises(SystemExit) as exit:
            commands.main()
        out, err = capsys.readouterr()
        return exit.value.code or 0, out, err

    return run


def test_a_run_and_its_replay_print_the_same_but_for_what_they_spent(server, mechlab):
    code, out, _ = mechlab(*RUN, *CAP, "--episodes", "2", "--json")
    first, costs = json.loads(out), ("calls", "tokens", "cost_usd")
    assert code == 0
    assert first["measures"]["invalid_turns"]["mean"] == 0
    assert first["calls"] == 24 and first["tokens"] > 24 * 100
    assert first["cost_usd"] == 0.0  # on this machine
    code, again, err = mechlab(*RUN, "--episodes", "2", "--json", "--replay")
    assert (code, err) == (0, "")
    assert json.loads(again) == {**first, **dict.fromkeys(costs, 0)}
    assert server.done.total() == 24
    assert KEY not in out
    assert "0 calls, 0 tokens, $0.00" in mechlab(*RUN, "--episodes", "2", "--replay")[1]


@pytest.mark.parametrize("command", ["run", "decompose"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "say how many episodes"),
        (["--episodes", "2"], "say what they may cost at most, like --dollars 2"),
        (CAP, "say how many episodes"),
        (["--plan"], "say how many episodes"),
    ],
)
def test_live_agents_need_stated_episodes_and_a_cap(server, mechlab, command, options, message):
    code, out, err = mechlab(command, *GROUP, *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not server.done


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[budget]\nepisodes = 60", "", "state [budget] episodes"),
        ("calls = 10_000", "", "in [live.caps]"),
    ],
)
def test_a_live_study_needs_stated_episodes_and_a_cap(server, mechlab, old, new, message):
    Path("s.toml").write_text(STUDY.replace(old, new))
    code, out, err = mechlab("search", "s.toml")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not server.done


def test_a_live_sweep_states_episodes_and_caps_in_its_file_or_here(server, mechlab):
    Path("s.toml").write_text(SWEEP)
    for options in ([], ["--episodes", "2"], CAP):
        code, out, err = mechlab("sweep", "s.toml", *options)
        assert (code, out, err.count("\n")) == (2, "", 1)
    Path("whole.toml").write_text(f"episodes = 2\n{SWEEP}\n[live.caps]\ncalls = 100\n")
    plan = json.loads(mechlab("sweep", "whole.toml", "--plan", "--json")[1])
    assert plan["calls"] == 2 * 2 * 12
    assert not server.done
    found = json.loads(mechlab("sweep", "whole.toml", "--json")[1])
    assert found["calls"] == server.done.total() <= plan["calls"]
    code, _, err = mechlab("sweep", "whole.toml", "--episodes", "4", "--calls", "50")
    assert code == 3
    assert "the cap of 50 calls" in err and "larger cap goes on" in err


def test_a_plan_plays_nothing_and_the_same_command_then_makes_the_calls_it_names(server, mechlab):
    command = ["decompose", *GROUP, "--episodes", "2"]
    plan = json.loads(mechlab(*command, "--plan", "--json")[1])
    assert plan["calls"] == 7 * 2 * 12
    assert plan["measured"] == 0
    assert "168 model calls" in mechlab(*command, "--plan")[1]
    assert not server.done
    code, out, err = mechlab(*command, *CAP, "--json")
    assert code == 0, err
    assert json.loads(out)["calls"] == server.done.total() == plan["calls"]
    corrected = json.loads(mechlab(*command, "--plan", "--json")[1])
    assert corrected["measured"] > 100
    assert corrected["seconds"] < plan["seconds"]  # of five seconds a call


def test_a_decomposition_that_ends_at_a_cap_exits_with_3(server, mechlab):
    code, out, err = mechlab("decompose", *GROUP, "--episodes", "2", "--calls", "30")
    assert (code, out) == (3, "")
    assert "the same command with a larger cap goes on from there" in err
    assert server.done.total() <= 30


def test_what_plays_no_live_agents_costs_nothing(server, mechlab):
    code, out, _ = mechlab("run", "--population", "o3", "--plan")
    assert (code, out) == (0, "no live agents: it costs nothing\n")


@pytest.fixture(params=["run", "decompose", "sweep"])
def live_command(request):
    """A command that plays live agents, in two episodes of each setting."""
    Path("s.toml").write_text(SWEEP)
    of = ["s.toml"] if request.param == "sweep" else GROUP
    return [request.param, *of, *CAP, "--episodes", "2"]


def test_a_command_names_endpoints_and_how_they_are_called(
    server, mechlab, monkeypatch, live_command
):
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.setenv("MY_KEY", KEY)
    settings = (
        f"endpoints.openai.url='{server.url}'",
        "endpoints.openai.key_variable='MY_KEY'",
        "endpoints.openai.extra.seed=3",
        "endpoints.other.extra.top_k=1",
        "extra.user='us'",
        "concurrency=1",
        "patience=60",
    )
    options = [word for pair in settings for word in ("--live", pair)]
    code, out, err = mechlab(*live_command, "--json", *options)
    assert code == 0, err
    assert {(r["seed"], r["user"], r.get("top_k")) for r in server.requests} == {(3, "us", None)}
    assert (server.busiest, set(server.done)) == (1, {"good"})
    assert KEY not in out + err


def test_a_command_waits_as_long_as_it_is_told(server, mechlab, live_command):
    server.behaviour.faults = {"stall": 1.0}
    options = ["--live", "timeout=0.2", "--live", "patience=0.5"]
    code, out, err = mechlab(*live_command, *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "timeout" in err and "the same command goes on from there" in err
    assert server.done["stall"] <= 4  # of so short a patience


def test_a_cap_prints_what_was_played_and_says_so(server, mechlab):
    code, out, err = mechlab(*RUN, "--episodes", "3", "--calls", "13", "--json")
    assert code == 3
    assert json.loads(out)["episodes"] == 1
    assert "out of budget: the cap of 13 calls" in err
    assert "1 of 3 episodes finished" in err
    code, out, err = mechlab(*RUN, "--episodes", "2", "--calls", "2")
    assert code == 3
    assert "1 of 2 episodes finished" in err  # what is known costs nothing
    assert server.done.total() == 12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (RUN, "say how many episodes"),
        (["run", "--population", "o3", "--calls", "5"], "--calls is about live agents"),
        (["run", "--population", "o3", "--live", "timeout=5"], "--live is about live agents"),
        ([*RUN, "--episodes", "1", "--live", "timeout"], "--live takes NAME=VALUE"),
        ([*RUN, "--episodes", "1", "--live", "timeou=5"], "did you mean 'timeout'"),
        ([*RUN, "--episodes", "1", "--live", "patience=-1"], "--live: patience must be greater"),
        ([*RUN, "--episodes", "1", *["--live", "timeout=5"] * 2], "--live: not TOML"),
        (["run", "--population", "o3", "--replay"], "--replay is about live agents"),
        ([*RUN, *CAP, "--episodes", "1", "--storage", "mysql://x/y"], "SQLite or PostgreSQL"),
        ([*RUN, *CAP, "--episodes", "1", "--storage", "calls.db"], "a storage is written like"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(server, mechlab, arguments, message):
    code, out, err = mechlab(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not server.done


def test_a_search_with_live_agents_is_certified_and_costs_nothing_again(server, mechlab):
    Path("s.toml").write_text(STUDY)
    code, out, err = mechlab("search", "s.toml", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["status"] == "certified"  # the server's agents need no bonus
    assert found["size"]["value"] == 0
    assert found["calls"] == server.done.total() > 12 * 16
    assert json.loads(mechlab("search", "s.toml", "--json")[1]) == found
    assert server.done.total() == found["calls"]


def test_what_calls_without_a_price_cost_is_unknown(server, mechlab, monkeypatch):
    monkeypatch.setattr("mechlab.llm._model.price_of", lambda *_: None)
    code, out, _ = mechlab(*RUN, *CAP, "--episodes", "2", "--json")
    assert (code, json.loads(out)["cost_usd"]) == (0, None)
    Path("s.toml").write_text(STUDY.replace("10_000", "100"))
    found = json.loads(mechlab("search", "s.toml", "--json")[1])
    assert (found["calls"] > 0, found["cost_usd"]) == (True, None)
    assert "at a price that is not known" in Path("reports/s.html").read_text()


def test_a_search_is_played_again_from_its_calls_alone(server, mechlab):
    Path("s.toml").write_text(STUDY)
    first, made = mechlab("search", "s.toml", "--json")[1], server.done.total()
    with sqlite3.connect(".mechlab/s.db") as base:
        names = [
            name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        for name in set(names) - {"mechlab_call", "mechlab_text", "mechlab_spending"}:
            base.execute(f"DROP TABLE {name}")
    assert json.loads(mechlab("search", "s.toml", "--json", "--replay")[1]) == json.loads(first)
    assert server.done.total() == made


def test_a_replayed_search_fails_where_an_answer_is_missing(server, mechlab):
    Path("s.toml").write_text(STUDY)
    code, out, err = mechlab("search", "s.toml", "--replay")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "holds no answer of llm:m-1 for agent" in err
    assert not server.done
    assert mechlab("search", "s.toml", "--json")[0] == 0  # what failed is taken up again


@pytest.mark.parametrize(
    ("population", "options", "message"),
    [
        ("o3", [], "--replay is about live agents, and o3 has none"),
        ("llm:m-1", ["--workers", "2"], "--replay is for one process"),
    ],
)
def test_what_cannot_be_replayed_is_told(server, mechlab, population, options, message):
    Path("s.toml").write_text(STUDY.replace("llm:m-1", population))
    code, out, err = mechlab("search", "s.toml", "--replay", *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_a_pilot_has_no_replay(server, mechlab):
    Path("s.toml").write_text(f"{STUDY}\n[pilot]\n")
    code, out, err = mechlab("search", "s.toml", "--replay")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "--replay" in err and "[pilot]" in err
    assert not server.done


def test_a_search_ends_at_a_cap_and_goes_on_with_a_larger_one(server, mechlab):
    Path("s.toml").write_text(STUDY.replace("10_000", "100"))
    found = json.loads(mechlab("search", "s.toml", "--json")[1])
    assert found["status"] == "out_of_budget"
    assert found["calls"] == server.done.total() <= 100
    Path("s.toml").write_text(STUDY)
    whole = json.loads(mechlab("search", "s.toml", "--json")[1])
    assert whole["status"] == "certified"
    assert whole["calls"] == server.done.total()


@pytest.mark.parametrize("cap", ["calls = 100", "tokens = 60_000"])
def test_a_search_that_ended_at_a_cap_is_replayed_to_the_same_verdict(server, mechlab, cap):
    Path("s.toml").write_text(STUDY.replace("calls = 10_000", cap))
    first, made = json.loads(mechlab("search", "s.toml", "--json")[1]), server.done.total()
    assert first["status"] == "out_of_budget"
    code, out, err = mechlab("search", "s.toml", "--json", "--replay")
    assert code == 0, err
    assert json.loads(out) == first
    assert server.done.total() == made


def test_what_was_thought_until_a_cap_or_an_error_can_be_read(server, mechlab):
    assert mechlab(*RUN, "--episodes", "3", "--calls", "25")[0] == 3
    thoughts = json.loads(mechlab("thoughts", "--json")[1])
    assert thoughts["groups"]["none"]["thoughts"] == 24  # of two episodes that were finished
    server.behaviour.script = ["good"] * 12 + ["401"]
    assert mechlab(*RUN, *CAP, "--episodes", "4", "--live", "concurrency=1")[0] == 2
    thoughts = json.loads(mechlab("thoughts", "--json")[1])
    assert thoughts["groups"]["none"]["thoughts"] == 36


def test_a_database_that_is_deleted_during_a_run_stops_it(server, mechlab):
    def delete(messages):
        if server.done.total() == 12:
            Path(".mechlab/calls.db").unlink(missing_ok=True)
        return helper(messages)

    server.behaviour.policy = delete
    code, out, err = mechlab(*RUN, *CAP, "--episodes", "6", "--live", "concurrency=1")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "calls.db: the file was deleted, moved or replaced while it was in use" in err
    assert server.done.total() < 6 * 12


@pytest.mark.slow
def test_a_killed_run_loses_only_the_calls_under_way(server):
    server.behaviour.latency = lambda rng: 0.02
    command = [sys.executable, "-m", "mechlab", *RUN, *CAP, "--episodes", "12", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    killed = 0
    for wanted in (20, 60, 100):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        while server.done.total() < wanted and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        with sqlite3.connect(".mechlab/calls.db") as database:
            ((kept,),) = database.execute("select count(*) from mechlab_call")
        assert kept >= server.done.total() - 12 * killed  # an episode has one call under way
    assert killed == 3
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert json.loads(done.stdout)["episodes"] == 12
    assert server.done.total() <= 12 * 12 + 12 * killed


@pytest.mark.slow
def test_ctrl_c_stops_a_run_at_once(server):
    server.behaviour.latency = lambda rng: 3600.0
    command = [sys.executable, "-m", "mechlab", *RUN, *CAP, "--episodes", "2"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=heard
    )
    while not server.done:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)  # far less than the call would take
    assert process.returncode == 130
    assert "Traceback" not in err


@pytest.mark.slow
def test_the_key_is_not_in_the_list_of_processes(server):
    server.behaviour.latency = lambda rng: 0.5
    Path("s.toml").write_text(STUDY)
    command = [sys.executable, "-m", "mechlab", "search", "s.toml", "--workers", "2"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    while not server.done:
        time.sleep(0.01)
    listed = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True).stdout
    process.kill()
    process.wait()
    assert "mechlab search s.toml" in listed
    assert KEY not in listed
