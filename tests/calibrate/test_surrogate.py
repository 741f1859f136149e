"""Surrogates of runs, against functions that are known."""

import numpy as np
import pytest

from mechlab.agents.base import AGENTS
from mechlab.calibrate import pilot
from mechlab.calibrate._conditions import runs_of
from mechlab.calibrate._scales import BASE, SHIFTS
from mechlab.calibrate._surrogate import Effort, fitted_surrogate, surrogates
from mechlab.games.base import make_game


def test_a_surrogate_finds_a_quadratic_and_the_noise():
    rng = np.random.default_rng(0)
    behaviour = rng.uniform(0.2, 0.8, (60, 2))
    true = np.stack([3 + behaviour[:, 0] - 4 * behaviour[:, 0] * behaviour[:, 1]] * 2, axis=1)
    cov = np.array([[4.0, 1.0], [1.0, 2.0]])
    noise = rng.multivariate_normal([0, 0], cov, (60, 2000))
    found = fitted_surrogate(behaviour, true[:, None] + noise)
    assert found.means(behaviour) == pytest.approx(true, abs=0.15)
    assert found.noise == pytest.approx(cov, abs=0.2)


def test_noise_of_statistics_that_coincide_can_be_inverted():
    behaviour = np.random.default_rng(1).uniform(size=(10, 1))
    counts = np.tile(np.random.default_rng(2).integers(0, 9, (10, 4, 1)), 2)
    noise = fitted_surrogate(behaviour, counts).noise
    assert np.linalg.eigvalsh(noise).min() == pytest.approx(1 / 12)


def test_surrogates_of_a_seed_are_the_same():
    game, agent = make_game("sharing"), AGENTS.get("o3")
    scales = [*BASE, *SHIFTS]
    runs = runs_of(pilot("o3", ("baseline",), episodes=1), game, agent)
    places = np.array([s.inward(s.start) for s in scales])
    box = places - 0.1, places + 0.1
    (first,), (again,) = (surrogates(game, runs, scales, box, Effort(6, 3, 4)) for _ in range(2))
    assert np.array_equal(first.slopes, again.slopes)
    assert np.array_equal(first.noise, again.noise)
