"""What is believed of the smallest sufficient size, on curves with closed forms."""

import math

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from mechlab.search._directions import first_crossing
from mechlab.search._replicates import Replicates
from mechlab.search._space import Space
from mechlab.search._threshold import Belief

RATE = Space.of({"rate": FloatDistribution(0.0, 5000.0)})
ANSWER = 600 * math.log(7)  # where 0.2 + 0.7 (1 - exp(-rate / 600)) is 0.8
DOSES = np.array([0, 250, 500, 800, 1000, 1100, 1200, 1300, 1500, 2500, 5000.0])


def belief(space=RATE, top=0.9, start=0.2, sd=0.01, **more) -> Belief:
    rng = np.random.default_rng(0)
    trials = []
    for number, dose in enumerate(DOSES):
        mean = top - (top - start) * math.exp(-dose / 600)
        values = tuple(mean + sd * rng.normal(size=8))
        trials.append(Replicates((dose / 5000,), 8 * number, values))
    return Belief(space, 0.8, 0.95, tuple(trials), **{"size": lambda p: p["rate"], **more})


def test_the_interval_holds_the_threshold_of_a_known_curve():
    threshold = belief().threshold
    assert threshold.lower < ANSWER < threshold.upper
    assert threshold.median == pytest.approx(ANSWER, rel=0.05)
    assert threshold.spread < 0.05 * ANSWER
    assert threshold.reachable == 1.0


def test_more_noise_leaves_more_doubt():
    assert belief(sd=0.05).threshold.spread > 2.0 * belief(sd=0.01).threshold.spread


def test_a_curve_that_ends_below_the_target_is_hardly_believed_to_reach_it():
    short = belief(top=0.7)
    assert short.threshold.reachable < 0.02
    assert short.best == short.most_efficient
    assert short.most_efficient["rate"] > 2500


def test_a_curve_that_starts_above_the_target_needs_nothing():
    assert belief(start=0.88).threshold.median == 0.0


def test_the_band_holds_the_curve_and_is_narrow_where_trials_were_played():
    mean, lower, upper = belief().curve([{"rate": r} for r in (500.0, 1200.0, 3500.0)])
    truth = 0.9 - 0.7 * np.exp(-np.array([500.0, 1200.0, 3500.0]) / 600)
    assert ((lower < truth) & (truth < upper)).all()
    assert mean == pytest.approx(truth, abs=0.02)


def test_an_observed_size_is_fitted_like_efficiency():
    spend = tuple(
        Replicates((dose / 5000,), 8 * number, (99.0 * dose, 101.0 * dose))
        for number, dose in enumerate(DOSES)
    )
    known = belief(size=None, observed_sizes=spend)
    assert known.sizes(np.array([[0.24]]))[0] == pytest.approx(100 * 1200.0, rel=0.03)
    assert known.claims_per_end == 2


def test_the_best_setting_has_the_commoner_category():
    space = Space.of(
        {"rate": FloatDistribution(0.0, 5000.0), "rule": CategoricalDistribution(["good", "bad"])}
    )
    trials = []
    for number, dose in enumerate(DOSES):
        for at, top in enumerate((0.9, 0.6)):
            mean = top - (top - 0.2) * math.exp(-dose / 600)
            x = (dose / 5000, 1.0 - at, float(at))
            trials.append(Replicates(x, 16 * number + 8 * at, (mean - 0.01, mean + 0.01)))
    known = Belief(space, 0.8, 0.95, tuple(trials), size=lambda p: p["rate"])
    assert known.best["rule"] == "good"
    assert known.best["rate"] == pytest.approx(ANSWER, rel=0.2)


def test_a_shortlist_serves_until_a_fifth_more_trials():
    known = belief()
    assert known.shortlist_for(len(DOSES)) is not None
    assert known.shortlist_for(2 * len(DOSES)) is None


def test_the_first_crossing_is_the_first_valid_position_where_there_are_steps():
    t, curve = np.array([0.0, 1.0, 2.0]), np.array([[0.2, 0.4, 0.8]])
    assert first_crossing(t, curve, 0.6, continuous=False).tolist() == [2.0]
    assert first_crossing(t, curve, 0.1).tolist() == [0.0]
