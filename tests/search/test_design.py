"""The design of a stage: its doses and episodes."""

import math

import pytest
from scipy.stats import norm

from mechlab.search._design import MAX_EPISODES, POWER, SPARE, Design, Designer
from mechlab.search._direction import Direction, Dose
from mechlab.search.bounds import LOOKS, MIN_EPISODES, levels
from tests.search.beliefs import ANSWER, believe, efficiency, jump


def direction(belief) -> Direction:
    return Direction(belief, belief.best)


def design(way: Direction, alpha: float, tolerance: float, left=16_000, **shown) -> Design:
    return Designer(way, alpha, tolerance, left).design(**shown)


def test_two_doses_lie_on_both_sides_of_the_believed_threshold_within_the_tolerance():
    way = direction(believe())
    plan = design(way, alpha=0.03, tolerance=0.07)
    low, high = (dose.params["rate"] for dose in plan.doses)
    assert [dose.purpose for dose in plan.doses] == ["lower", "upper"]
    assert low < 5000 * way.crossing[0] < high
    assert high - low <= 0.07 * high


def test_doubt_about_the_threshold_moves_the_doses_apart():
    vague = direction(believe(sd=0.3))
    plan = design(vague, alpha=0.03, tolerance=0.01)
    low, high = (dose.t for dose in plan.doses)
    assert high - low >= 1.9 * vague.crossing[1]


def test_believed_out_of_reach_the_most_efficient_setting_is_played_alone():
    (dose,) = design(direction(believe(top=0.7)), alpha=0.03, tolerance=0.07).doses
    assert dose.purpose == "lower" and dose.params["rate"] > 2500


def test_where_nothing_is_enough_already_that_is_played_alone():
    (dose,) = design(direction(believe(start=0.88)), alpha=0.03, tolerance=0.07).doses
    assert dose.purpose == "upper" and dose.params == {"rate": 0.0}


@pytest.mark.parametrize("purpose", ["lower", "upper"])
def test_a_dose_that_is_shown_already_is_not_played_again(purpose):
    way = direction(believe())
    known = way.dose(way.crossing[0] * (1.02 if purpose == "upper" else 0.98), purpose)
    shown = (None, known) if purpose == "upper" else (known, None)
    (other,) = design(way, alpha=0.03, tolerance=0.07, shown=shown).doses
    assert other.purpose != purpose
    low, high = sorted((known.params["rate"], other.params["rate"]))
    assert high - low == pytest.approx(0.07 * high, rel=0.05)


def test_of_whole_doses_the_one_that_is_left_between_two_shown_ones_is_played():
    way = direction(jump())
    shown = Dose(11 / 20, {"dose": 11}, "lower"), Dose(13 / 20, {"dose": 13}, "upper")
    (dose,) = design(way, alpha=0.03, tolerance=0.01, shown=shown).doses
    assert dose.params == {"dose": 12}


def test_episodes_follow_from_noise_and_distance():
    """The closed form for one claim: ((z + power) sd / gap)^2."""
    plan = design(direction(believe(sd=0.2)), alpha=0.03, tolerance=0.3)
    z = norm.isf(levels(LOOKS, 0.03)[-1])
    assert plan.n == pytest.approx(((z + POWER) * 0.2 / min(plan.gaps)) ** 2, rel=0.2)


def test_without_noise_they_follow_from_what_would_not_be_seen():
    """So many episodes that a share of collapses as large as the distance is excluded."""
    plan = design(direction(jump()), alpha=0.03, tolerance=0.07)
    needed = {
        dose.purpose: math.log(0.03) / math.log1p(-gap / (0.8 if dose.purpose == "upper" else 0.2))
        for dose, gap in zip(plan.doses, plan.gaps, strict=True)
        if gap < (0.8 if dose.purpose == "upper" else 0.2)
    }
    assert plan.n == pytest.approx(max(MIN_EPISODES, SPARE * max(needed.values())), rel=0.1)


@pytest.mark.parametrize("left", [20, 100, 1000])
def test_no_more_episodes_are_planned_than_are_left(left):
    plan = design(direction(believe(sd=0.5)), alpha=0.03, tolerance=0.01, left=left)
    assert len(plan.doses) * plan.n <= left


def test_episodes_stay_between_the_fewest_and_the_most():
    assert design(direction(believe(sd=0.001)), 0.03, 0.9).n >= MIN_EPISODES
    hopeless = design(direction(believe(sd=0.5, top=0.801)), 0.03, 0.001, left=10**9)
    assert hopeless.n <= MAX_EPISODES


def test_little_money_moves_the_doses_apart():
    way = direction(believe(sd=0.1))
    rich, poor = (design(way, 0.03, 0.07, left=left).doses for left in (10**6, 200))
    assert poor[-1].t - poor[0].t > 1.4 * (rich[-1].t - rich[0].t)


def test_looks_rise_to_all_episodes_and_none_has_too_few():
    plan = design(direction(believe(sd=0.1)), alpha=0.03, tolerance=0.07)
    assert list(plan.looks) == sorted(set(plan.looks))
    assert plan.looks[0] >= MIN_EPISODES and plan.looks[-1] == plan.n


def test_the_belief_is_right_about_the_curve_that_these_tests_use():
    assert efficiency(ANSWER) == pytest.approx(0.8)
