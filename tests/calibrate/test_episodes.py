"""The table of a pilot: simulated, from a file, or from a store of calls made over real HTTP."""

import pandas as pd
import pytest

from mechlab.calibrate import fit_episodes, pilot, read_episodes, tallied
from mechlab.calibrate.episodes import checked, kind_of, read_store
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
    assert kind_of(path) == "calls"
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


def test_a_pilot_counts_what_simulate_measures():
    table = pilot("o3", ("policy",), episodes=3, seed=5)
    played = simulate(population="o3", mechanism="protocol", episodes=3, seed=5)
    assert (table["tasks"].to_numpy() == played["tasks"]).all()
    assert (table["messages"] / table["tasks"]).to_numpy() == pytest.approx(
        played["messages_per_task"]
    )


def test_conditions_of_a_pilot_share_no_luck():
    table = pilot("perfect", ("baseline", "incentive_1000"), episodes=4)
    first, second = (group["tasks"].to_numpy() for _, group in table.groupby("mechanism"))
    assert (first != second).any()


def test_a_table_survives_its_file(tmp_path):
    table = pilot("o3", ("baseline", "policy"), episodes=2)
    table.to_csv(tmp_path / "pilot.csv", index=False)
    pd.testing.assert_frame_equal(
        read_episodes(tmp_path / "pilot.csv")[table.columns], table, check_dtype=False
    )
    assert kind_of(tmp_path / "pilot.csv") == "episodes"


def test_what_is_left_out_is_the_plain_condition():
    filled = checked(pd.DataFrame({"tasks": [3, 4], "mechanism": [None, "protocol"]}))
    assert list(filled["condition"]) == ["baseline"] * 2
    assert list(filled["mechanism"]) == ["none", "protocol"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"messages": [1]}, "column 'tasks'"),
        ({"tasks": []}, "at least one row"),
        ({"tasks": ["many"]}, "tasks must be numbers of at least 0, got many"),
        ({"tasks": [1, 2], "sent": [3, -1]}, "sent must be numbers of at least 0, got -1"),
        ({"tasks": [1], "condition": ["basline"]}, "did you mean 'baseline'"),
        ({"tasks": [1], "mechanism": ["protocoll"]}, "did you mean 'protocol'"),
    ],
)
def test_a_table_that_is_no_pilot_is_refused(table, said):
    with pytest.raises(UserError, match=said):
        checked(pd.DataFrame(table))
