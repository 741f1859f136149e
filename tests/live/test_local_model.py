"""A real model behind the real API: answers fit their schemas and the machinery holds.

What so small a model decides is of no interest here.
"""

import json
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from pydantic import BaseModel

from mechlab.live.agent import LiveAgent
from mechlab.live.answers import read_answer
from mechlab.live.judge import judged
from mechlab.live.prompts.sharing import Answer
from mechlab.live.reply import Reply
from mechlab.live.session import live_session
from mechlab.live.settings import Live
from mechlab.live.transcripts import open_transcripts
from mechlab.simulate import simulate

SCRIPT = Path(__file__).parents[2] / ".ci" / "local_model"
SMALL = {"agents": 3, "pieces": 6, "hand": 2, "needed": 2, "tasks": 1, "rounds": 2}
GAMES = {
    "sharing": SMALL,
    "grants": {"agents": 3, "family": 2, "needed": 2, "tasks": 1, "rounds": 1},
    "public_goods": {"agents": 2, "rounds": 2},
    "commons": {"agents": 2, "rounds": 2},
    "matrix": {"rounds": 2},
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    """Start the server on a free port; yield its base URL."""
    if subprocess.run(["bash", SCRIPT, "path"], capture_output=True).returncode:
        pytest.skip("there is no local model: `make local-model` builds it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = subprocess.Popen(["bash", SCRIPT, "serve", str(port)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", running)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        running.terminate()
        running.wait()


def _wait_for(url, running):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and running.poll() is None:
        try:
            return urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the local model does not start")


@pytest.fixture
def live(server, monkeypatch):
    monkeypatch.setenv("LOCAL_API_KEY", "none")
    options = {"endpoint": "local", "max_tokens": 350, "temperature": 0.7, "answers": "short"}
    return Live(endpoints={"local": {"url": server}}, options=options, invalid_limit=1)


def test_a_small_model_plays_and_answers_fit_the_schema(live, tmp_path):
    url = f"sqlite:///{tmp_path}/calls.db"
    with live_session(live, url) as session:
        played = simulate("sharing", "llm:local", settings=SMALL, episodes=2, seed=5)
        calls = session.account.spent.calls
    turns = 2 * SMALL["agents"] * SMALL["rounds"]
    invalid = played["invalid_turns"].sum()
    assert turns <= calls <= 2 * turns
    with open_transcripts(url) as book:
        spoken = [turn for episode in book.episodes() for turn in book.turns(episode.id)]
    assert len(spoken) == calls
    assert sum(turn.attempt for turn in spoken) >= invalid
    for turn in spoken:  # the server's grammar holds unless an answer is cut off at the limit
        assert not turn.faults
        assert bool(turn.problem) == ("cut off" in turn.problem)
        if not turn.problem:
            assert set(json.loads(turn.content)) == {"thoughts", "actions"}
            assert isinstance(read_answer(Reply(turn.content), Answer), BaseModel)
    assert any(not turn.problem for turn in spoken)


def test_a_repetition_and_a_replay_cost_nothing_and_give_the_same_table(live, tmp_path):
    url = f"sqlite:///{tmp_path}/calls.db"

    def play(replay):
        with live_session(live, url, replay=replay) as session:
            frame = simulate("sharing", "llm:local", settings=SMALL, episodes=1, seed=5).frame
            return frame, session.account.spent.calls

    first, cost = play(replay=False)
    assert cost > 0
    for replay in (False, True):
        again, more = play(replay)
        assert more == 0
        assert again.equals(first)


@pytest.mark.parametrize("game", GAMES)
def test_a_small_model_plays_every_game(live, tmp_path, game):
    with live_session(live, f"sqlite:///{tmp_path}/calls.db"):
        played = simulate(game, "llm:local", settings=GAMES[game], episodes=1, seed=1)
    assert played["invalid_turns"][0] < played.game.agents * played.game.rounds


def test_a_small_model_judges(live, tmp_path):
    with live_session(live, f"sqlite:///{tmp_path}/calls.db") as session:
        verdicts = judged(session, LiveAgent.read("local", {}), ["I withhold it.", "I send it."])
    assert set(verdicts) <= {True, False, None}
