"""The posterior of an emulated agent's parameters, against a case with a closed form."""

from dataclasses import replace

import numpy as np
import pytest

from mechlab.agents.base import AGENTS
from mechlab.calibrate import pilot
from mechlab.calibrate._conditions import Run, runs_of
from mechlab.calibrate._posterior import Posterior, Surrogate
from mechlab.calibrate._scales import BASE, SHIFTS, bounds
from mechlab.games.base import make_game

SCALES = [*BASE, *SHIFTS]
START = np.array([s.inward(s.start) for s in SCALES])
CHATTER = next(i for i, s in enumerate(SCALES) if s.name == "chatter")


def linear_run(counts, noise=180.0):
    """A run whose expected messages are 100 + 100 chatter, and its surrogate."""
    run = Run("baseline", "none", 0.0, False, False, ("messages",), counts)
    inputs, moved = len(run.moved), run.moved.index("chatter")
    slopes = np.zeros((1 + inputs + inputs * (inputs + 1) // 2, 1))
    slopes[0], slopes[1 + moved] = 100.0, 100.0
    return run, Surrogate(np.zeros(inputs), np.ones(inputs), slopes, np.array([[noise]]))


def a_posterior(counts):
    """The posterior of one linear run, with a prior around where a fit begins."""
    run, surrogate = linear_run(counts)
    prior = np.stack([START, np.ones(len(SCALES))], axis=1)
    return Posterior(SCALES, prior, [run], [surrogate])


def test_the_posterior_of_a_line_is_that_of_the_textbook():
    """Chatter alone, normal prior and one linear statistic: precisions add (Gelman et al., 2.5)."""
    posterior = a_posterior(np.full((5, 1), 260.0))
    step = SCALES[CHATTER].step  # chatter = place * step, so a place counts 100 * step messages
    precision = 1.0 + (100 * step) ** 2 * 5 / 180
    mean = (START[CHATTER] + (100 * step) * 5 / 180 * (260 - 100)) / precision
    mode = posterior.mode(START)
    assert mode[CHATTER] == pytest.approx(mean, rel=1e-4)
    assert posterior.covariance(mode)[CHATTER, CHATTER] == pytest.approx(1 / precision, rel=1e-4)
    drawn = posterior.draws(mode, 4000, np.random.default_rng(0))[:, CHATTER]
    assert drawn.mean() == pytest.approx(mean, abs=4 / np.sqrt(4000 * precision))
    assert drawn.std() == pytest.approx(precision**-0.5, rel=0.1)


def test_draws_stay_within_the_bounds():
    posterior = a_posterior(np.full((5, 1), 100.0))  # the best chatter is its lowest value, 0
    low, high = bounds(SCALES)
    mode = posterior.mode(START)
    drawn = posterior.draws(mode, 500, np.random.default_rng(1))
    assert mode[CHATTER] == pytest.approx(low[CHATTER], abs=1e-3)
    assert ((drawn >= low) & (drawn <= high)).all()


def test_dispersion_is_the_variance_over_that_of_emulated_episodes():
    """200 deviations of 3 SD each: their variance over the noise's is 9 * 200 / 199."""
    off = 3 * np.sqrt(180.0) * np.tile([1.0, -1.0], 100)[:, None]
    assert a_posterior(260 + off).dispersed().dispersion == pytest.approx(9 * 200 / 199)


def test_episodes_that_vary_less_narrow_no_interval():
    assert a_posterior(np.full((50, 1), 260.0)).dispersed().dispersion == 1.0


def test_one_episode_says_nothing_of_dispersion():
    assert a_posterior(np.full((1, 1), 260.0)).dispersed().dispersion == 1.0


def test_dispersion_widens_the_posterior():
    posterior = a_posterior(np.full((5, 1), 260.0))
    wider = replace(posterior, dispersion=4.0)
    variance, more = (p.covariance(START)[CHATTER, CHATTER] for p in (posterior, wider))
    assert more == pytest.approx(1 / (1 + (1 / variance - 1) / 4), rel=1e-4)


def test_a_surrogate_finds_a_quadratic_and_the_noise():
    rng = np.random.default_rng(0)
    behaviour = rng.uniform(0.2, 0.8, (60, 2))
    true = np.stack([3 + behaviour[:, 0] - 4 * behaviour[:, 0] * behaviour[:, 1]] * 2, axis=1)
    cov = np.array([[4.0, 1.0], [1.0, 2.0]])
    noise = rng.multivariate_normal([0, 0], cov, (60, 2000))
    found = Surrogate.of(behaviour, true[:, None] + noise)
    assert found.means(behaviour) == pytest.approx(true, abs=0.15)
    assert found.noise == pytest.approx(cov, abs=0.2)


def test_noise_of_statistics_that_coincide_can_be_inverted():
    behaviour = np.random.default_rng(1).uniform(size=(10, 1))
    counts = np.tile(np.random.default_rng(2).integers(0, 9, (10, 4, 1)), 2)
    noise = Surrogate.of(behaviour, counts).noise
    assert np.linalg.eigvalsh(noise).min() == pytest.approx(1 / 12)


def test_the_same_agents_are_played_the_same_and_each_with_luck_of_its_own():
    (run,) = runs_of(pilot("o3", ("baseline",), episodes=1), make_game("sharing"), AGENTS.get("o3"))
    behaviour = run.behaviour(SCALES, np.stack([START, START]))
    first, again = (run.played(make_game("sharing"), behaviour, 3, 4) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], first[1])
