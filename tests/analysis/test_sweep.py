"""One thing at a time: what varies, what it is compared with, and what is said of it."""

from pathlib import Path

import pytest

from mechlab.analysis.sweep import Point, Sweep
from mechlab.errors import UserError
from mechlab.report.sweep import sentences, sweep_page
from mechlab.simulation import simulate
from mechlab.statistics import Summary

FILES = sorted(Path("studies/sweeps").glob("*.toml"))
BASE = """
question = "Does time help?"
population = ["perfect", "silent"]
episodes = 4
[vary]
settings = [{rounds = 4}, {rounds = 8}]
"""


def swept(text, **changes):
    return Sweep.read(text).override(changes.get("population"), changes.get("episodes")).play()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_shipped_sweeps_load(path):
    assert Sweep.load(path).name == path.stem
    assert len(path.read_text().splitlines()) < 60


@pytest.mark.parametrize("name", ["visibility", "protocol_steps"])
def test_emulated_agents_refuse_what_no_figure_tells(name):
    asked = Sweep.load(f"studies/sweeps/{name}.toml")
    with pytest.raises(UserError, match="--population, for live agents llm:MODEL"):
        asked.play()
    with pytest.raises(UserError, match="is not known; use all of them, or a live agent"):
        asked.override("o3", 2).play()


def test_every_value_is_played_by_every_population():
    found = swept(BASE)
    assert [(p.group, p.label) for p in found.points] == [
        ("perfect", "rounds=4"),
        ("perfect", "rounds=8"),
        ("silent", "rounds=4"),
        ("silent", "rounds=8"),
    ]


def test_a_point_is_what_simulate_plays():
    one = swept(BASE).points[3]
    same = simulate(population="silent", episodes=4, settings={"rounds": 8})
    assert one.measures["tasks"].mean == same["tasks"].mean()


def test_the_first_value_is_what_the_others_are_compared_with():
    text = 'question = "?"\nepisodes = 6\n[vary]\npopulation = ["silent", "perfect"]'
    first, second = swept(text).points
    assert first.change.mean == 0.0
    assert second.change.mean == pytest.approx(1.0 - first.measures["efficiency"].mean)
    assert second.changes


def test_what_changes_nothing_is_said_to_change_nothing():
    """What a task pays scales perfect play's revenue alike, and scripted agents heed no money."""
    text = 'question = "?"\npopulation = "perfect"\n[vary]\nsettings = [{reward = 1}, {reward = 8}]'
    found = swept(text, episodes=3)
    assert "the same in every episode" in sentences(found)[0]
    (answer,) = sweep_page([found]).statements
    assert answer.headline == "No value is shown to change efficiency."


def test_the_first_value_that_is_enough_is_named():
    text = """
question = "?"
episodes = 10
[vary]
population = ["silent*10", "silent*5 + perfect*5", "perfect*10"]
[target]
efficiency = 0.9
"""
    assert (
        "first value shown to reach 90% of perfect play is perfect*10" in sentences(swept(text))[1]
    )


def test_a_target_that_nothing_reaches_is_said_to_be_out_of_reach():
    found = swept(BASE + "[target]\nefficiency = 3.0")
    assert sum("no value is shown to reach" in said for said in sentences(found)) == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[{rounds = 4}, {rounds = 8}]", "[{rounds = 4}]", "at least two values"),
        ("settings =", 'mechanism = ["none", "protocol"]\nsettings =', "one of population"),
        ("{rounds = 8}", "{round = 8}", "did you mean 'rounds'"),
        ("settings = [{rounds = 4}, {rounds = 8}]", 'mechanism = ["none", "protocl"]', "protocl"),
        ("settings = [{rounds = 4}, {rounds = 8}]", 'condition = ["baseline", "auto"]', "auto"),
        ("settings =", "setings =", "unknown field of vary 'setings': did you mean 'settings'?"),
        ("episodes = 4", "episodes = 1", "episodes must be greater than 1, got 1"),
    ],
)
def test_a_wrong_file_is_told_in_one_line(old, new, said):
    assert old in BASE
    with pytest.raises(UserError) as raised:
        Sweep.read(BASE.replace(old, new, 1), source="sweep.toml")
    assert said in str(raised.value)
    assert str(raised.value).startswith("sweep.toml: ")
    assert "\n" not in str(raised.value)


def test_what_varies_cannot_be_fixed_too():
    with pytest.raises(UserError, match="mechanism varies"):
        Sweep.read('question = "?"\nmechanism = "protocol"\n[vary]\nmechanism = ["none", "none"]')


def test_a_varying_population_cannot_be_replaced():
    asked = Sweep.load("studies/sweeps/few_perfect.toml")
    with pytest.raises(UserError, match="--population cannot be given"):
        asked.override("o3", None)


@pytest.mark.parametrize(
    ("ends", "expected"), [((0.1, 0.3), True), ((-0.3, -0.1), True), ((-0.1, 0.1), False)]
)
def test_a_change_is_supported_where_its_interval_leaves_out_nothing(ends, expected):
    change = Summary(sum(ends) / 2, 1.0, ends, 9)
    assert Point("o3", "1", {}, change, None, frozenset()).changes is expected


def test_a_page_has_a_section_a_sweep():
    found = swept(BASE)
    page = sweep_page([found])
    assert [s.name for s in page.sections] == ["study", "provenance"]
    assert page.sections[0].points == sentences(found)


def test_json_has_every_point():
    one = swept(BASE).as_json()
    assert one["varies"] == "settings"
    assert [p["value"] for p in one["points"]] == ["rounds=4", "rounds=8"] * 2
    assert one["points"][0]["measures"]["efficiency"]["n"] == 4
