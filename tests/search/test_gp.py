"""The Gaussian process against closed forms: prior, posterior by hand, and interpolation."""

import numpy as np
import pytest

from mechlab.search._gp import (
    FLOOR,
    FLOOR_SD,
    RISE,
    RISE_SD,
    Hyperparameters,
    Posterior,
    fit,
    hyperparameter_grid,
    log_evidence,
)
from mechlab.search._replicates import Replicates, TrainingData, training_data

SCALE, STEEPNESS, ROUGHNESS = 0.4, 1.0, 0.1
ONE = Hyperparameters(np.array([[SCALE]]), np.array([STEEPNESS]), np.array([ROUGHNESS]))


def data(x, mean, noise):
    x, mean = np.array(x, dtype=float)[:, None], np.array(mean, dtype=float)
    return TrainingData(x, mean, np.full(len(x), noise), noise * np.eye(len(x)), 1)


def posterior(points: TrainingData) -> Posterior:
    return Posterior(points, ONE, np.ones(1), ONE)


def test_the_curve_has_made_63_percent_of_its_rise_at_its_scale():
    assert ONE.saturation(np.array([[0.0], [SCALE]])) == pytest.approx(
        np.array([[0.0, 1.0 - np.exp(-1.0)]])
    )


def test_the_prior_at_no_incentive_is_that_of_the_floor_and_the_discrepancy():
    nothing = np.zeros((1, 1))
    assert ONE.mean(nothing)[0, 0] == FLOOR
    assert ONE.covariance(nothing, nothing)[0, 0, 0] == pytest.approx(FLOOR_SD**2 + ROUGHNESS**2)


def test_the_prior_at_full_saturation_adds_the_rise():
    steep = Hyperparameters(np.array([[0.01]]), np.array([4.0]), np.array([ROUGHNESS]))
    end = np.ones((1, 1))
    assert steep.mean(end)[0, 0] == pytest.approx(FLOOR + RISE)
    assert steep.covariance(end, end)[0, 0, 0] == pytest.approx(
        FLOOR_SD**2 + RISE_SD**2 + ROUGHNESS**2
    )


def test_one_point_of_data_has_the_posterior_of_the_scalar_formula():
    noise, y = 0.02, 0.7
    at, there = np.array([[0.3]]), np.array([[0.6]])
    prior, cross, end = (
        ONE.covariance(a, b)[0, 0, 0] for a, b in [(at, at), (at, there), (there, there)]
    )
    weight = cross / (prior + noise)
    mean, cov = posterior(data([0.3], [y], noise)).joint(there)
    assert mean[0, 0] == pytest.approx(ONE.mean(there)[0, 0] + weight * (y - ONE.mean(at)[0, 0]))
    assert cov[0, 0, 0] == pytest.approx(end - weight * cross)


def test_two_points_have_the_posterior_of_the_matrix_formula():
    points = data([0.2, 0.8], [0.4, 0.9], 0.01)
    there = np.array([[0.1], [0.5]])
    k, c, e = (
        ONE.covariance(a, b)[0]
        for a, b in [(points.x, points.x), (points.x, there), (there, there)]
    )
    weight = np.linalg.inv(k + points.noise) @ c
    model = posterior(points)
    mean, cov = model.joint(there)
    expected = ONE.mean(there)[0] + (points.mean - ONE.mean(points.x)[0]) @ weight
    assert mean[0] == pytest.approx(expected)
    assert cov[0] == pytest.approx(e - c.T @ weight)
    assert model.mean(there) == pytest.approx(expected)


def test_without_noise_it_passes_through_the_data():
    points = data([0.0, 0.4, 1.0], [0.2, 0.9, 0.5], 1e-9)
    mean, cov = posterior(points).joint(points.x)
    assert mean[0] == pytest.approx(points.mean, abs=1e-4)
    assert np.diag(cov[0]) == pytest.approx(np.zeros(3), abs=1e-6)


def test_the_evidence_is_the_density_of_the_data():
    from scipy.stats import multivariate_normal

    points = data([0.2, 0.8], [0.4, 0.9], 0.01)
    other = data([0.2, 0.8], [0.1, 0.2], 0.01)
    cov = ONE.covariance(points.x, points.x)[0] + points.noise
    density = multivariate_normal(ONE.mean(points.x)[0], cov)
    difference = log_evidence(points, ONE)[0] - log_evidence(other, ONE)[0]
    assert difference == pytest.approx(density.logpdf(points.mean) - density.logpdf(other.mean))


def test_drawn_curves_have_the_posterior_mean_and_covariance():
    model = posterior(data([0.2, 0.8], [0.4, 0.9], 0.01))
    there = np.array([[0.1], [0.5]])
    curves = model.draw(there, np.random.default_rng(0).normal(size=(40_000, 2)))
    mean, cov = model.joint(there)
    assert curves.mean(axis=0) == pytest.approx(mean[0], abs=0.005)
    assert np.cov(curves, rowvar=False) == pytest.approx(cov[0], abs=0.002)


@pytest.mark.parametrize("n_numeric", [1, 3])
def test_candidates_are_positive_and_have_both_sizes_of_discrepancy(n_numeric):
    grid = hyperparameter_grid(n_numeric)
    assert grid.scale.shape == (len(grid.steepness), n_numeric)
    assert (grid.scale > 0.0).all() and (grid.steepness > 0.0).all()
    assert len(np.unique(grid.roughness)) == 2


def test_a_fit_finds_a_saturating_curve_and_keeps_the_best_shapes():
    x = np.linspace(0.0, 1.0, 9)
    truth = 0.2 + 0.7 * (1.0 - np.exp(-x / 0.2))
    trials = [Replicates((p,), 0, (m - 0.01, m + 0.01)) for p, m in zip(x, truth, strict=True)]
    points = training_data(trials, 1)
    full = fit(points)
    there = np.array([[0.05], [0.3], [0.7]])
    assert full.mean(there) == pytest.approx(
        0.2 + 0.7 * (1.0 - np.exp(-there[:, 0] / 0.2)), abs=0.02
    )
    assert full.weight.sum() == pytest.approx(1.0)
    again = fit(points, full.shortlist)
    assert again.mean(there) == pytest.approx(full.mean(there), abs=0.01)
