import pytest

from mechlab.calibrate.published import RUNS, models, published
from mechlab.errors import UserError
from mechlab.games.base import make_game
from mechlab.measures import MEASURES
from mechlab.mechanism import parse

HEADER = "model,condition,metric,value,ci95,unit,source\n"


def figure(model, condition, metric):
    found = [
        f for f in published() if (f.model, f.condition, f.metric) == (model, condition, metric)
    ]
    assert len(found) == 1
    return found[0]


def written(tmp_path, *rows):
    path = tmp_path / "figures.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return path


def test_eight_models_are_published():
    assert len(models(published())) == 8
    assert "perfect" not in models(published())


def test_a_published_interval_is_the_tolerance():
    assert figure("o3", "baseline", "tasks").tolerance == 2.6


def test_a_tenth_is_the_tolerance_where_no_interval_is_published():
    assert figure("o3", "auto_fulfill", "efficiency").tolerance == pytest.approx(0.0949)


def test_a_relative_change_is_meant_in_tasks():
    change = figure("gpt-5-mini", "policy", "relative_change")
    assert change.measure == "tasks"
    assert change.target == pytest.approx(78.7 * 1.993)


def test_both_ends_of_the_interval_hold_and_nan_does_not():
    tasks = figure("gpt-4.1-mini", "limited_visibility", "tasks")
    assert tasks.holds(25.2)
    assert tasks.holds(30.3)
    assert not tasks.holds(30.5)
    assert not tasks.holds(float("nan"))


def test_thoughts_have_no_measure():
    assert figure("o3", "baseline", "hard_defection_thoughts").measure is None


def test_every_condition_is_a_run_of_the_game():
    for condition, mechanism in RUNS.values():
        make_game("sharing").check_condition(condition)
        parse(mechanism)


def test_every_metric_but_those_of_thoughts_has_a_measure():
    for row in published():
        assert row.measure in MEASURES or row.measure is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,baselin,tasks,1,,tasks,t", "line 2: unknown condition 'baselin'"),
        ("a,baseline,tasks,many,,tasks,t", "line 2: could not convert"),
        ("a,policy,relative_change,0.1,,1,t", "line 2: a relative change needs"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, row, message):
    with pytest.raises(UserError, match=message):
        published(written(tmp_path, row))


def test_missing_columns_are_named(tmp_path):
    path = tmp_path / "figures.csv"
    path.write_text("model,value\no3,1\n")
    with pytest.raises(UserError, match="ci95, condition, metric"):
        published(path)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"absent\.csv"):
        published(tmp_path / "absent.csv")
