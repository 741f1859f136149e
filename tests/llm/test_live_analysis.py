"""Questions for live agents, over real HTTP: what one thing alone does, and what limits a group."""

import pytest

from mechlab.analysis.decomposition import decompose
from mechlab.analysis.sweep import Sweep

SETTINGS = {"agents": 3, "rounds": 2, "pieces": 6, "hand": 2, "needed": 2}
CALLS = 3 * 2  # of an episode


@pytest.mark.parametrize("name", ["visibility", "protocol_steps"])
def test_what_emulated_agents_refuse_live_ones_play(server, request, name):
    path = request.config.rootpath / "studies" / "sweeps" / f"{name}.toml"
    found = Sweep.load(path).override("llm:m-1", 2, SETTINGS).play()
    assert {kind for point in found.points for kind in point.kinds} == {"live"}
    assert [point.measures["efficiency"].n for point in found.points] == [2] * 5
    # A prompt that a hidden part does not change (no thoughts yet, say) is not paid for twice.
    assert 5 * 2 * CALLS / 2 <= server.done.total() <= 5 * 2 * CALLS


def test_a_live_group_is_taken_apart(server):
    found = decompose(population="llm:m-1", episodes=2, settings=SETTINGS)
    assert found.kinds == {"live"}
    assert sum(found.chances.values()) == pytest.approx(1.0)
    assert server.done.total() == 7 * 2 * CALLS
