import json

import numpy as np
import pytest

from mechlab.agents.emulated import Emulated, Propensities, stored
from mechlab.calibrate import calibrate
from mechlab.calibrate._figure_fit import Problem, attainable, means
from mechlab.calibrate._scales import SHIFTS
from mechlab.calibrate.published import published
from mechlab.errors import UserError

TRUTH = Emulated(
    "known",
    Propensities(
        ask=0.9, answer=0.5, answer_system=0.6, submit=0.8, chatter=0.5, payment=15.0, hidden=0.5
    ),
)
HEADER = "model,condition,metric,value,ci95,unit,source\n"


def figures_of(model):
    return [f for f in published() if f.model == model and f.measure]


def test_a_figure_below_what_open_tasks_permit_is_unattainable():
    """11.8 tasks and 20 open ones: at least 11.8 / 31.8 of those that became feasible are done."""
    figures = {f.metric: f for f in figures_of("gpt-4.1-mini") if f.condition == "baseline"}
    assert figures["pipeline_efficiency"].value < 11.8 / 31.8
    assert not attainable(figures["pipeline_efficiency"], list(figures.values()))
    assert attainable(figures["tasks"], list(figures.values()))


def test_the_same_agent_and_seed_give_the_same_means():
    figures = figures_of("o3")[:5]
    assert np.array_equal(means(TRUTH, figures, 20, 3), means(TRUTH, figures, 20, 3))


def test_a_parameter_moves_only_the_figures_that_it_says():
    figures = figures_of("o3")
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


@pytest.mark.slow
def test_the_stored_residuals_are_those_of_the_stored_agents():
    content = stored()
    for name, entry in content["models"].items():
        figures = figures_of(name)
        agent = Emulated(name, Propensities(**entry["parameters"]))
        ours = means(agent, figures, content["episodes"], content["seed"] + 1)
        rows = [row["ours"] for row in entry["figures"] if row["measure"]]
        assert ours == pytest.approx(rows, rel=1e-5)


@pytest.mark.slow
def test_a_known_agent_is_recovered_the_same_each_time(tmp_path):
    """Figures of a known agent: the fit meets them all within a tenth, and again bit for bit.

    The second time is a second model of the same figures, which a process of its own fits.
    """
    figures = figures_of("o3")
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
    values = fit.agents["known"].fitted
    assert values.payment == pytest.approx(TRUTH.fitted.payment, rel=0.25)
    assert values.answer == pytest.approx(TRUTH.fitted.answer, rel=0.15)
