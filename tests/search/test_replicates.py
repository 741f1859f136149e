"""Plays gathered by point: their means, and noise that is a covariance whatever was played."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mechlab.search._replicates import MAX_POINTS, Replicates, training_data

LUCK = np.random.default_rng(0).normal(size=200)


def played(x, first, count, own=0.0):
    """Replicates whose luck is shared by all points, but for a part of their own."""
    rng = np.random.default_rng([first, int(1e6 * x)])
    luck = LUCK[first : first + count] + own * rng.normal(size=count)
    return Replicates((x,), first, tuple(0.5 + 0.1 * luck))


@given(
    st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 60), st.integers(1, 40)), min_size=1),
    st.floats(0.0, 3.0),
)
def test_noise_is_a_covariance_whatever_replicates_were_played(plays, own):
    points = training_data([played(x, first, count, own) for x, first, count in plays], 1)
    assert np.linalg.eigvalsh(points.noise).min() > 0.0


def test_noise_is_a_covariance_when_workers_repeat_each_others_replicates():
    rng = np.random.default_rng(1)
    doses = 0.3 + 0.001 * rng.random(4 * MAX_POINTS)  # near points: merged
    points = training_data([played(x, 8, 24, 0.2) for x in doses], 1)
    assert len(points.x) <= MAX_POINTS
    assert np.linalg.eigvalsh(points.noise).min() > 0.0


def test_the_same_replicates_again_teach_less_than_new_ones():
    far = played(0.9, 0, 64)
    again = training_data([played(0.1, 0, 32), played(0.1, 0, 32), far], 1)
    new = training_data([played(0.1, 0, 32), played(0.1, 32, 32), far], 1)
    assert again.noise[0, 0] > 1.5 * new.noise[0, 0]


def test_points_that_share_luck_err_together():
    shared = training_data([played(0.1, 0, 64), played(0.9, 0, 64)], 1)
    apart = training_data([played(0.1, 0, 64), played(0.9, 64, 64)], 1)
    assert shared.noise[0, 1] > 0.7 * shared.noise[0, 0]
    assert apart.noise[0, 1] == 0.0
