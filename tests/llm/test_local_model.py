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

from mechlab.llm._output import ModelOutput, parse_answer
from mechlab.llm.agent import LiveAgent
from mechlab.llm.judge import judge_thoughts
from mechlab.llm.prompts._sharing import Answer
from mechlab.llm.session import live_session
from mechlab.llm.settings import Live
from mechlab.llm.transcripts import open_transcripts
from mechlab.simulation import simulate

SCRIPT = Path(__file__).parents[2] / ".ci" / "local_model"
SHARING = {"agents": 3, "pieces": 6, "hand": 2, "needed": 2, "tasks": 1, "rounds": 1}
GAMES = {
    "grants": {"agents": 3, "family": 2, "needed": 2, "tasks": 1, "rounds": 1},
    "public_goods": {"agents": 2, "rounds": 1},
    "commons": {"agents": 2, "rounds": 1},
    "matrix": {"rounds": 1},
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


@pytest.fixture(scope="module")
def live(server):
    options = {"endpoint": "local", "max_tokens": 250, "temperature": 0.7, "answers": "short"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCAL_API_KEY", "none")
        yield Live(endpoints={"local": {"url": server}}, options=options, invalid_limit=1)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('calls')}/calls.db"


def play(live, url, replay=False):
    """Play an episode of the sharing game; return it and the number of calls that it took."""
    with live_session(live, url, replay=replay) as session:
        played = simulate("sharing", "llm:local", settings=SHARING, episodes=1, seed=5)
        return played, session.budget.spending.calls


def test_answers_fit_the_schema_and_a_repetition_costs_nothing(live, url):
    first, calls = play(live, url)
    turns = SHARING["agents"] * SHARING["rounds"]
    assert turns <= calls <= 2 * turns
    with open_transcripts(url) as transcripts:
        (episode,) = transcripts.episodes()
        spoken = transcripts.calls(episode.id)
    assert len(spoken) == calls
    assert sum(turn.attempt for turn in spoken) == calls - turns
    for turn in spoken:  # the server's grammar holds, unless an answer is cut off at the limit
        assert not turn.faults
        assert not turn.problem or "cut off" in turn.problem
        if not turn.problem:
            assert set(json.loads(turn.content)) == {"thoughts", "actions"}
            assert parse_answer(ModelOutput(turn.content), Answer)
    for replay in (False, True):
        again, more = play(live, url, replay)
        assert more == 0
        assert again.frame.equals(first.frame)


@pytest.mark.parametrize("game", GAMES)
def test_a_small_model_plays_every_game(live, url, game):
    with live_session(live, url):
        played = simulate(game, "llm:local", settings=GAMES[game], episodes=1, seed=1)
    assert 0 <= played["invalid_turns"][0] <= played.game.agents * played.game.rounds
    with open_transcripts(url) as transcripts:
        (episode,) = [one for one in transcripts.episodes() if one.game == game]
        for turn in transcripts.calls(episode.id):
            assert not turn.problem or "cut off" in turn.problem


def test_a_small_model_judges(live, url):
    with live_session(live, url) as session:
        verdicts = judge_thoughts(
            session, LiveAgent.read("local", {}), ["I withhold it.", "I send it."]
        )
    assert set(verdicts) <= {True, False, None}
