"""Bounds of means: exact cases, coverage by simulation, and the error that looks may spend."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm
from scipy.stats import t as student

from mechlab.search.bounds import (
    LOOKS,
    MIN_EPISODES,
    Sample,
    levels,
    mean_bounds,
    p_value,
    serial_correlation,
    unseen_share,
)


def test_without_skewness_it_is_students_interval():
    lower, upper = mean_bounds(Sample(20, 0.7, 0.04, 0.0), 0.05)
    half = student.ppf(0.95, 19) * 0.2 / 20**0.5
    assert (lower, upper) == pytest.approx((0.7 - half, 0.7 + half))


def test_many_normal_episodes_have_the_normal_interval():
    lower, upper = mean_bounds(Sample(100_000, 0.0, 1.0, 0.0), 0.025)
    assert upper == pytest.approx(norm.ppf(0.975) / 100_000**0.5, rel=1e-3)
    assert lower == -upper


def test_moments_are_the_unbiased_ones():
    values = [0.1, 0.4, 0.4, 0.9]
    sample = Sample.of(values)
    assert (sample.n, sample.mean) == (4, pytest.approx(0.45))
    assert sample.variance == pytest.approx(np.var(values, ddof=1))
    central = np.mean((np.array(values) - 0.45) ** 3)
    assert sample.third == pytest.approx(central * 16 / (3 * 2))  # n^2 / ((n-1)(n-2))


def test_too_few_episodes_bound_nothing():
    assert np.isnan(mean_bounds(Sample.of([0.5, 0.6]), 0.05)[0])
    assert np.isnan(Sample.of([]).mean)


def test_equal_episodes_get_the_exact_bound_for_a_share_that_was_not_seen():
    lower, upper = mean_bounds(Sample.of([0.9] * 50), 0.02, 0.02)
    share = 1 - 0.02 ** (1 / 50)  # Clopper and Pearson: none of 50
    assert (lower, upper) == pytest.approx((0.9 * (1 - share), 0.9 + share * 0.1))


@pytest.mark.parametrize(("n", "alpha"), [(100, 0.05), (1000, 0.05), (59, 0.05)])
def test_the_share_that_was_not_seen_is_about_three_in_n(n, alpha):
    share = unseen_share(n, alpha)
    assert (1 - share) ** n == pytest.approx(alpha)
    assert share == pytest.approx(3 / n, rel=0.03)


def test_one_look_has_all_of_the_error():
    assert levels((1.0,), 0.05) == pytest.approx((0.05,))


@pytest.mark.parametrize("fractions", [(0.5, 1.0), (0.2, 0.6, 1.0), LOOKS])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_all_looks_together_err_as_often_as_stated(fractions, alpha):
    """By the joint distribution of Brownian motion at the fractions as times."""
    z = norm.isf(levels(fractions, alpha))
    cov = [[(min(s, t) / max(s, t)) ** 0.5 for s in fractions] for t in fractions]
    joint = multivariate_normal(cov=cov, maxpts=200_000, abseps=1e-6, seed=0)
    assert 1.0 - joint.cdf(z) == pytest.approx(alpha, rel=0.01)


@given(st.floats(0.001, 0.1), st.lists(st.floats(0.05, 1.0), min_size=1, max_size=6, unique=True))
def test_no_look_spends_more_than_all_of_them_may(alpha, fractions):
    found = levels(tuple(sorted(fractions)), alpha)
    assert all(0.0 < level <= alpha * 1.001 for level in found)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_p_value_is_the_level_at_which_the_bound_is_the_target(sign):
    sample = Sample.of(np.random.default_rng(1).beta(8, 2, 70))
    bound = mean_bounds(sample, 0.03, 0.03)[0 if sign > 0 else 1]
    assert p_value(sample, bound, sign) == pytest.approx(0.03)
    assert p_value(sample, sample.mean + 0.01 * sign, sign) == 1.0


def test_blocks_that_share_luck_are_noticed_and_counted():
    rng = np.random.default_rng(0)
    shared = np.repeat(rng.normal(0, 0.1**0.5, 8), 64) + rng.normal(0, 0.9**0.5, 512)
    serial = serial_correlation([shared], 64)
    assert serial.p < 0.01
    assert serial.inflation == pytest.approx(1 + 63 * 0.1, rel=0.6)  # the design effect
    assert serial.degrees == 7


def test_independent_episodes_are_taken_for_dependent_in_one_case_of_ten():
    rng = np.random.default_rng(0)
    taken = [serial_correlation([rng.normal(size=256)], 64).inflation > 1 for _ in range(1000)]
    assert np.mean(taken) == pytest.approx(0.1, abs=0.03)


def test_too_few_blocks_say_nothing():
    assert np.isnan(serial_correlation([[0.1] * 100], 64).p)
    assert serial_correlation([], 64).inflation == 1.0


LAWS = {
    "normal": (lambda rng, n: rng.normal(0.8, 0.05, n), 0.8),
    "left-skewed": (lambda rng, n: 1.0 - rng.exponential(0.2, n), 0.8),
    "right-skewed": (lambda rng, n: rng.lognormal(0.0, 0.5, n), np.exp(0.125)),
    "two points, even": (lambda rng, n: 1.0 * (rng.random(n) < 0.5), 0.5),
    "two points, 4 of 5": (lambda rng, n: 1.0 * (rng.random(n) < 0.8), 0.8),
    "two points, rare failure": (lambda rng, n: 1.0 * (rng.random(n) < 0.95), 0.95),
}


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("n", [MIN_EPISODES, 32, 64, 150])
def test_each_bound_is_wrong_about_as_often_as_stated(law, n):
    draw, truth = LAWS[law]
    rng, alpha, repeats = np.random.default_rng([n, len(law)]), 0.0125, 4000
    wrong = np.zeros(2)
    for _ in range(repeats):
        lower, upper = mean_bounds(Sample.of(draw(rng, n)), alpha, alpha)
        wrong += lower > truth, upper < truth
    # Second order leaves a remainder of order 1/n, worst for few and very skewed episodes.
    permitted = alpha * (1.0 + 24.0 / n) + 2.6 * (alpha / repeats) ** 0.5
    assert (wrong / repeats <= permitted).all(), wrong / repeats


@given(st.floats(-1e6, 1e6), st.lists(st.sampled_from([-1e-13, 0.0, 1e-13]), min_size=3))
def test_values_that_differ_by_rounding_are_equal(value, errors):
    sample = Sample.of([value * (1 + error) for error in errors])
    assert sample.variance == 0.0 and sample.mean == pytest.approx(value)


@pytest.mark.slow
@pytest.mark.parametrize("collapse", [0.01, 0.03, 0.1])
@pytest.mark.parametrize("n", [MIN_EPISODES, 64, 200])
def test_the_lower_bound_allows_for_collapses_that_were_not_seen(collapse, n):
    """Episodes near 0.85, a few of a hundred of which earn nothing."""
    rng, alpha, repeats = np.random.default_rng(n), 0.02, 4000
    truth = 0.85 * (1 - collapse)
    wrong = 0
    for _ in range(repeats):
        values = np.where(rng.random(n) < collapse, 0.0, rng.normal(0.85, 0.02, n))
        wrong += mean_bounds(Sample.of(values), alpha, alpha)[0] > truth
    assert wrong / repeats <= alpha * (1.0 + 24.0 / n) + 2.6 * (alpha / repeats) ** 0.5
