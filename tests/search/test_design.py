"""The design of a stage: its doses and episodes, and where a response without noise jumps."""

import pytest
from scipy.stats import norm

from mechlab.search._design import MAX_EPISODES, POWER, design, required_episodes
from mechlab.search._direction import Direction
from mechlab.search.bounds import MIN_EPISODES
from tests.search.beliefs import ANSWER, believe, efficiency, jump


def direction(belief) -> Direction:
    return Direction(belief, belief.best)


def test_two_doses_lie_on_both_sides_of_the_believed_threshold():
    plan = design(direction(believe()), alpha=0.03, tolerance=0.05)
    low, high = plan.doses
    assert (low.purpose, high.purpose) == ("lower", "upper")
    assert low.params["rate"] < ANSWER < high.params["rate"]


def test_out_of_reach_the_most_efficient_setting_is_played_alone():
    (dose,) = design(direction(believe(top=0.7)), alpha=0.03, tolerance=0.05).doses
    assert dose.purpose == "lower" and dose.params["rate"] > 2500


def test_where_nothing_is_enough_already_that_is_played_alone():
    (dose,) = design(direction(believe(start=0.88)), alpha=0.03, tolerance=0.05).doses
    assert dose.purpose == "upper" and dose.params == {"rate": 0.0}


def test_episodes_follow_from_noise_slope_and_tolerance():
    """The closed form: (z + power)^2 (sd / slope)^2 / 2 / (tolerance x threshold)^2."""
    sd, alpha, tolerance = 0.2, 0.03, 0.05
    n, error = required_episodes(direction(believe(sd=sd)), alpha, tolerance)
    slope = 0.1 / 600  # at the threshold the distance from 0.9 is 0.1
    z = norm.isf(alpha / 2)
    expected = ((z + POWER) * sd / slope / (tolerance * ANSWER)) ** 2 / 2
    assert n == pytest.approx(expected, rel=0.6)
    assert error * 5000 == pytest.approx(sd / slope / n**0.5, rel=0.4)


def test_a_tighter_tolerance_takes_more_episodes():
    way = direction(believe(sd=0.1))
    assert required_episodes(way, 0.03, 0.05)[0] > 2 * required_episodes(way, 0.03, 0.1)[0]


@pytest.mark.parametrize("left", [20, 100, 1000])
def test_no_more_episodes_are_planned_than_are_left(left):
    plan = design(direction(believe(sd=0.5)), alpha=0.03, tolerance=0.01, left=left)
    assert len(plan.doses) * plan.n <= left


def test_episodes_stay_between_the_fewest_and_the_most():
    way = direction(believe(sd=0.001))
    assert design(way, 0.03, 0.5).n == MIN_EPISODES
    assert design(direction(believe(sd=0.5)), 0.03, 0.001).n == MAX_EPISODES


def test_a_jump_without_noise_is_cut_in_three():
    plan = design(direction(jump()), alpha=0.03, tolerance=0.05)
    assert [dose.params["dose"] for dose in plan.doses] == [12, 13]  # 10 and 15, cut in three


def test_the_belief_is_right_about_the_curve_that_these_tests_use():
    assert efficiency(ANSWER) == pytest.approx(0.8)
