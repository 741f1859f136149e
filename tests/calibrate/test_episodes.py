"""A fit to live episodes: they are read from the store of their calls, played over real HTTP."""

import pytest

from mechlab.calibrate import fit_episodes, tallied
from mechlab.calibrate.episodes import is_store, read_store
from mechlab.errors import UserError
from mechlab.llm.session import live_session
from mechlab.llm.settings import Live
from mechlab.simulation import simulate
from tests.llm.fault_server import Behaviour, FaultServer

GAME = {"agents": 3, "rounds": 3, "pieces": 9, "hand": 3, "needed": 2, "tasks": 1}
BONUS = "sharing_bonus(rate=500)"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The path of a store with two episodes at each of two mechanisms, and what they counted."""
    path = tmp_path_factory.mktemp("calls") / "calls.db"
    with FaultServer(Behaviour()) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCAL_API_KEY", "none")
        live = Live(endpoints={"local": {"url": server.url}}, options={"endpoint": "local"})
        with live_session(live, f"sqlite:///{path}"):
            runs = [
                simulate("sharing", "llm:tiny", mechanism, settings=GAME, episodes=2)
                for mechanism in ("none", BONUS)
            ]
    return path, runs


def test_the_counts_are_those_of_the_episodes(stored):
    path, runs = stored
    assert is_store(path)
    table, settings = read_store(path)
    assert {name: settings[name] for name in GAME} == GAME
    for run in runs:
        mine = table[table["mechanism"] == str(run.mechanism)]
        for name in ("tasks", "feasible", "messages", "requested", "sent"):
            assert sorted(mine[name]) == sorted(tallied(run)[name])
    assert table["tasks"].sum() > 0


def test_agents_can_be_fitted_to_them(stored):
    table, settings = read_store(stored[0])
    fit = fit_episodes(table, settings=settings, name="tiny", seed=0)
    assert fit.agent.name == "tiny"


def test_two_groups_in_one_store_are_told_apart(stored, tmp_path):
    path = tmp_path / "calls.db"
    with FaultServer(Behaviour()) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCAL_API_KEY", "none")
        live = Live(endpoints={"local": {"url": server.url}}, options={"endpoint": "local"})
        with live_session(live, f"sqlite:///{path}"):
            for model in ("llm:one", "llm:two"):
                simulate("sharing", model, settings=GAME, episodes=1)
    with pytest.raises(UserError, match=r"one group at the same settings, got .*llm:one.*llm:two"):
        read_store(path)


def test_a_store_without_live_episodes_is_refused(tmp_path):
    path = tmp_path / "empty.db"
    with live_session(Live(), f"sqlite:///{path}"):
        pass
    with pytest.raises(UserError, match="holds no finished episode"):
        read_store(path)
