"""Emulated agents against the published figures: expected values come from the CSV alone."""

import pytest

from mechlab.agents.base import AGENTS
from mechlab.agents.emulated import Emulated, Propensities, _shifted, stored
from mechlab.calibrate.published import models, published
from mechlab.errors import UserError
from mechlab.games.base import make_game
from mechlab.mechanism.incentives import Incentives
from mechlab.simulation import simulate

FIGURES = published()
MODELS = models(FIGURES)
ALL = frozenset({"board", "notices", "thoughts"})


def ours(figure, seed):
    condition, mechanism = figure.run
    played = simulate(
        population=figure.model,
        mechanism=mechanism,
        condition=condition,
        episodes=200,
        seed=seed,
    )
    return played.summary[figure.measure].mean


def tasks(condition):
    return [f for f in FIGURES if f.condition == condition and f.measure == "tasks"]


@pytest.mark.parametrize("figure", [f for f in tasks("baseline") if f.model in MODELS], ids=str)
def test_mean_tasks_of_the_baseline_lie_in_the_published_interval(figure):
    assert abs(ours(figure, seed=0) - figure.value) <= figure.ci95


@pytest.mark.parametrize("figure", tasks("incentive_1000"), ids=str)
def test_mean_tasks_under_the_published_incentive_are_within_a_tenth(figure):
    assert abs(ours(figure, seed=0) - figure.target) <= 0.1 * figure.target


def test_a_slope_without_a_figure_of_its_own_is_marked_as_borrowed():
    with_incentive = {f.model for f in tasks("incentive_1000")}
    for name in MODELS:
        assert ("payment" in AGENTS.get(name).borrowed) == (name not in with_incentive)


def test_giving_rises_with_pay_and_unasked_giving_does_not():
    game, o3 = make_game("sharing"), AGENTS.get("o3")
    rows = [o3.propensities(game, Incentives({"answer": pay})) for pay in (0.0, 0.05, 0.1)]
    assert rows[0]["answer"] < rows[1]["answer"] < rows[2]["answer"]
    assert len({row["volunteer"] for row in rows}) == 1


@pytest.mark.parametrize(
    "mechanism",
    ["hidden(board=true, notices=false, thoughts=false)", "protocol(ask=true, answer=false)"],
)
def test_what_the_figures_cannot_tell_is_refused(mechanism):
    with pytest.raises(UserError, match="is not known"):
        simulate(population="o3", mechanism=mechanism, episodes=2)


def test_another_game_is_refused():
    with pytest.raises(UserError, match="sharing"):
        simulate("public_goods", population="o3", episodes=2)


def test_all_parts_of_the_view_hidden_are_accepted():
    row = AGENTS.get("o3").propensities(make_game("sharing"), Incentives(hides=ALL))
    assert 0.0 < row["answer"] < 1.0


def test_the_shift_is_one_of_log_odds():
    chance = 0.2
    odds = chance / (1 - chance)
    moved = _shifted(chance, 1.5)
    assert moved / (1 - moved) == pytest.approx(odds * 2.718281828459045**1.5)
    assert _shifted(0.0, 5.0) == 0.0
    assert _shifted(1.0, -5.0) == 1.0
    assert _shifted(0.5, -1e6) == pytest.approx(0.0)


def test_every_stored_agent_is_registered_with_its_parameters():
    for name, entry in stored()["models"].items():
        assert AGENTS.get(name) == Emulated(
            name, Propensities(**entry["parameters"]), tuple(entry["borrowed"])
        )


def test_every_published_figure_has_its_row():
    rows = {
        (name, row["condition"], row["metric"])
        for name, entry in stored()["models"].items()
        for row in entry["figures"]
    }
    assert rows == {(f.model, f.condition, f.metric) for f in FIGURES if f.model in MODELS}
