"""Figures of a search: the Pareto front of trials, and the dose."""

import numpy as np
import pandas as pd

from mechlab.figures._search import dose_of, undominated_trials
from tests.report.results import a_result


def test_the_pareto_front_holds_all_trials_that_none_dominates():
    rng = np.random.default_rng(0)
    trials = pd.DataFrame(
        {"spend": rng.integers(0, 20, 60) * 1.0, "attainment": rng.integers(0, 20, 60) / 20}
    )
    points = {tuple(row) for row in trials.to_numpy()}
    dominated = {p for p in points for q in points if q != p and q[0] <= p[0] and q[1] >= p[1]}
    assert {tuple(row) for row in undominated_trials(trials).to_numpy()} == points - dominated


def test_the_dose_is_the_only_free_parameter():
    result = a_result()
    assert dose_of(result, result.best) == "rate"
