"""Bounds of means: exact cases, coverage by simulation, and the error that looks may spend."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from mechlab.search.bounds import MIN_EPISODES, Sample, alpha_spent, mean_bounds


def test_without_skewness_it_is_students_interval():
    mean, lower, upper = mean_bounds([Sample(20, 0.7, 0.04, 0.0)], [1.0], 0.05)
    half = student.ppf(0.95, 19) * 0.2 / 20**0.5
    assert (mean, lower, upper) == pytest.approx((0.7, 0.7 - half, 0.7 + half))


def test_a_weighted_sum_has_welchs_degrees_of_freedom():
    parts = [Sample(10, 0.6, 0.04, 0.0), Sample(20, 0.9, 0.01, 0.0)]
    mean, lower, _ = mean_bounds(parts, [0.5, 0.5], 0.025)
    shares = np.array([0.25 * 0.04 / 10, 0.25 * 0.01 / 20])
    degrees = shares.sum() ** 2 / (shares[0] ** 2 / 9 + shares[1] ** 2 / 19)
    assert mean == pytest.approx(0.75)
    assert lower == pytest.approx(0.75 - student.ppf(0.975, degrees) * shares.sum() ** 0.5)


def test_many_normal_episodes_have_the_normal_interval():
    _, lower, upper = mean_bounds([Sample(100_000, 0.0, 1.0, 0.0)], [1.0], 0.025)
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
    assert np.isnan(mean_bounds([Sample.of([0.5, 0.6])], [1.0], 0.05)[1])
    assert np.isnan(Sample.of([]).mean)


def test_equal_episodes_get_the_exact_bound_for_a_share_that_differs():
    mean, lower, upper = mean_bounds([Sample.of([0.9] * 50)], [1.0], 0.02)
    assert mean == 0.9
    assert lower == pytest.approx(0.9 - (1 - 0.02 ** (1 / 50)))  # Clopper and Pearson: none of 50
    assert upper == pytest.approx(0.9 + (1 - 0.02 ** (1 / 50)))


def test_the_looks_never_spend_more_than_there_is():
    shares = [alpha_spent(look) for look in range(200)]
    assert all(a > b > 0 for a, b in pairwise(shares[:101]))
    assert sum(shares) <= 1.0


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
        _, lower, upper = mean_bounds([Sample.of(draw(rng, n))], [1.0], alpha)
        wrong += lower > truth, upper < truth
    # Second order leaves a remainder of order 1/n, worst for few and very skewed episodes.
    permitted = alpha * (1.0 + 24.0 / n) + 2.6 * (alpha / repeats) ** 0.5
    assert (wrong / repeats <= permitted).all(), wrong / repeats


@given(st.floats(-1e6, 1e6), st.lists(st.sampled_from([-1e-13, 0.0, 1e-13]), min_size=3))
def test_values_that_differ_by_rounding_are_equal(value, errors):
    sample = Sample.of([value * (1 + error) for error in errors])
    assert sample.variance == 0.0 and sample.mean == pytest.approx(value)
