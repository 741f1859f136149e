import json
import math

import numpy as np
import pytest

from mechlab.agents.emulated import Emulated, Propensities, stored
from mechlab.calibrate import Cell, Fit, calibrate
from mechlab.calibrate._figure_fit import Problem, attainable, means
from mechlab.calibrate._scales import BASE, SHIFTS
from mechlab.calibrate.published import published
from mechlab.errors import UserError

TRUTH = Emulated(
    "known",
    Propensities(
        ask=0.9, answer=0.5, answer_system=0.6, submit=0.8, chatter=0.5, payment=15.0, hidden=0.5
    ),
)
HEADER = "model,condition,metric,value,ci95,unit,source\n"


def own(model):
    return [f for f in published() if f.model == model and f.measure]


def test_a_scale_leads_there_and_back():
    for scale in (*BASE, *SHIFTS):
        value = 0.3 * scale.low + 0.7 * scale.high
        assert scale.outward(scale.inward(value)) == pytest.approx(value)


def test_a_figure_below_what_open_tasks_permit_is_unattainable():
    """11.8 tasks and 20 open ones: at least 11.8 / 31.8 of those that became feasible are done."""
    figures = {f.metric: f for f in own("gpt-4.1-mini") if f.condition == "baseline"}
    assert figures["pipeline_efficiency"].value < 11.8 / 31.8
    assert not attainable(figures["pipeline_efficiency"], list(figures.values()))
    assert attainable(figures["tasks"], list(figures.values()))


def test_the_same_agent_and_seed_give_the_same_means():
    figures = own("o3")[:5]
    assert np.array_equal(means(TRUTH, figures, 20, 3), means(TRUTH, figures, 20, 3))


def test_a_parameter_moves_only_the_figures_that_it_says():
    figures = own("o3")
    problem = Problem(figures, list(SHIFTS), {"ask": 0.9, "answer": 0.3, "answer_system": 0.3,
                                              "submit": 0.9}, 20, 0)  # fmt: skip
    places = problem.places({"payment": 15.0, "protocol": 0.5, "hidden": 0.3})
    columns = problem.jacobian(places)[: len(figures)]
    for shift, column in zip(SHIFTS, columns.T, strict=True):
        moved = {f.condition for f, slope in zip(figures, column, strict=True) if slope}
        assert moved == set(shift.moves)


def test_figures_without_a_model_are_refused(tmp_path):
    path = tmp_path / "figures.csv"
    path.write_text(HEADER + "a,baseline,gini,0.1,,1,t\n")
    with pytest.raises(UserError, match="no model"):
        calibrate(path)


def test_a_saved_fit_is_json_with_null_for_what_is_undefined(tmp_path):
    figure = own("o3")[0]
    cells = (Cell(figure, 35.0, fitted=True), Cell(figure, math.nan, fitted=False, reason="why"))
    fit = Fit({"o3": TRUTH}, cells, seed=0, episodes=5)
    rows = json.loads(fit.save(tmp_path / "fit.json").read_text())["models"]["o3"]["figures"]
    assert rows[0]["inside"] is True
    assert rows[1]["ours"] is None
    assert fit.inside == 1.0


def test_an_unwritable_path_is_named(tmp_path):
    with pytest.raises(UserError, match="absent"):
        Fit({}, (), 0, 1).save(tmp_path / "absent" / "fit.json")


def test_the_factor_is_the_same_for_twice_and_for_half():
    figure = own("o3")[0]
    assert Cell(figure, 2 * figure.target, True).factor == pytest.approx(2.0)
    assert Cell(figure, figure.target / 2, True).factor == pytest.approx(2.0)
    assert math.isnan(Cell(figure, 0.0, True).factor)


@pytest.mark.slow
def test_the_stored_residuals_are_those_of_the_stored_agents():
    content = stored()
    for name, entry in content["models"].items():
        figures = own(name)
        agent = Emulated(name, Propensities(**entry["parameters"]))
        ours = means(agent, figures, content["episodes"], content["seed"] + 1)
        rows = [row["ours"] for row in entry["figures"] if row["measure"]]
        assert ours == pytest.approx(rows, rel=1e-5)


@pytest.mark.slow
def test_a_known_agent_is_recovered_the_same_each_time(tmp_path):
    """Figures of a known agent: the fit meets them all within a tenth, and again bit for bit.

    The second time is a second model of the same figures, which a process of its own fits.
    """
    figures = own("o3")
    values = means(TRUTH, figures, 400, 9)
    rows = [
        f"{f.condition},{f.metric if f.metric != 'relative_change' else 'tasks'},{v},,1,t\n"
        for f, v in zip(figures, values, strict=True)
    ]
    path = tmp_path / "figures.csv"
    twice = [f"{name},{row}" for name in ("known", "again") for row in dict.fromkeys(rows)]
    path.write_text(HEADER + "".join(twice))
    fit = calibrate(path)
    first, again = (fit.content["models"][name] for name in ("known", "again"))
    assert json.dumps(first).replace("known", "again") == json.dumps(again)
    assert fit.inside >= 0.9
    found = fit.agents["known"].fitted
    assert found.payment == pytest.approx(TRUTH.fitted.payment, rel=0.25)
    assert found.answer == pytest.approx(TRUTH.fitted.answer, rel=0.15)
