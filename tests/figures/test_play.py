"""Figures of episodes against theory: shares, Gini, revenue, and who gave to whom."""

import numpy as np
import pytest

from mechlab import figures
from mechlab.figures._play import lorenz_shares
from mechlab.simulation import simulate


def test_gini_of_known_incomes():
    # 1, 2, ..., n: the definition gives (n^2 - 1) / (3 n (n + 1))
    n = 10
    assert figures.mean_gini(np.arange(1.0, n + 1)[None]) == pytest.approx((n - 1) / (3 * n))
    assert figures.mean_gini(np.full((3, 5), 7.0)) == pytest.approx(0.0)
    assert np.isnan(figures.mean_gini(np.zeros((2, 4))))


def test_gini_agrees_with_the_measure_of_tasks():
    played = simulate(population="perfect*5 + silent*5", episodes=20, seed=3)
    expected = played.summary["gini"].mean
    assert figures.mean_gini(np.asarray(played.tallies["tasks"], float)) == pytest.approx(expected)


def test_lorenz_curves_sag_and_rise():
    shares = lorenz_shares(np.array([[5.0, 1.0, 2.0]]))[0]
    assert shares.tolist() == [0.0, 1 / 8, 3 / 8, 1.0]


def test_cumulative_revenue_ends_at_group_revenue():
    played = simulate(population="perfect", episodes=10)
    line = figures.revenue({"perfect": played}, {}).data[-1]
    assert line.y[-1] == pytest.approx(played["group_revenue"].mean())


def test_nobody_gives_to_oneself():
    played = simulate(population="perfect", episodes=5)
    z = np.array(figures.giving(played).data[0].z)
    assert np.isnan(np.diag(z)).all() and np.nansum(z) == pytest.approx(
        played.given.mean(axis=0).sum()
    )
    assert not np.isnan(played.given).any()  # the episodes are left as they were
