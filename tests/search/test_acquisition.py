"""The acquisition function: near the boundary, away from pending trials, until it is known."""

import numpy as np

from mechlab.search._acquisition import SAME, has_converged, next_point
from mechlab.search._replicates import Replicates
from mechlab.search._threshold import Belief
from mechlab.search.trials import FEW, MANY
from tests.search.beliefs import ANSWER, RATE, believe, efficiency

NONE = np.zeros((0, 1))


def sparse(doses=(0.0, 0.5, 1.0)) -> Belief:
    trials = tuple(
        Replicates((x,), 4 * i, tuple(efficiency(5000 * x) + 0.02 * np.array([-1, 1, -1, 1])))
        for i, x in enumerate(doses)
    )
    return Belief(RATE, 0.8, 0.95, trials, size=lambda p: p["rate"])


def test_the_next_point_lies_where_the_threshold_may_be():
    belief = sparse()
    proposal = next_point(belief, NONE)
    lower, upper = belief.threshold.lower / 5000, belief.threshold.upper / 5000
    assert lower <= proposal.x[0] <= upper
    assert FEW <= proposal.count <= MANY


def test_a_trial_that_is_being_played_moves_the_next_one_away():
    belief = sparse()
    first = next_point(belief, NONE)
    second = next_point(belief, first.x[None, :])
    assert abs(second.x[0] - first.x[0]) > SAME


def test_a_point_that_was_practically_played_is_played_again_as_it_was():
    belief = believe()
    proposal = next_point(belief, NONE)
    played = np.array([t.x[0] for t in belief.efficiencies])
    distance = np.abs(played - proposal.x[0])
    assert distance.min() == 0.0 or distance.min() > SAME * proposal.x[0]


def test_it_has_converged_where_the_threshold_is_known_or_hopeless():
    assert has_converged(believe(sd=0.01), 0.05, 5)
    assert has_converged(believe(top=0.6), 0.05, 5)


def test_it_has_not_converged_on_three_doses_nor_before_the_first_trials():
    assert not has_converged(sparse(), 0.05, 3)
    assert not has_converged(believe(sd=0.01), 0.05, 12)


def test_a_wider_tolerance_is_reached_sooner():
    known = believe(sd=0.1)
    assert has_converged(known, 0.5, 5)
    assert not has_converged(known, 0.005, 5)
    assert abs(known.threshold.median - ANSWER) < 0.2 * ANSWER
