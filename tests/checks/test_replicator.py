"""Replicator dynamics: rest points of textbook games."""

import numpy as np
import pytest

from mechanisms import NoMechanism
from mechlab.checks import check
from mechlab.checks._replicator import advantages, drift
from mechlab.games import Matrix, PublicGoods


def test_drift_of_a_group_game_is_its_binomial_mean():
    # In public goods a giver loses 1 - m/n a token whoever else gives.
    lost = advantages(NoMechanism(), PublicGoods(rounds=1))
    assert np.allclose(lost, -0.6 * 20)
    assert np.allclose(drift(lost, np.linspace(0, 1, 5)), -12)


def test_replicator_of_the_stag_hunt_turns_at_the_mixed_equilibrium():
    verdict = check("none", Matrix(table="stag_hunt"))["replicator"]
    assert not verdict.holds
    assert verdict.values["rest_point_1"] == pytest.approx(0.75, abs=1e-5)
    assert "above 75%" in verdict.words


def test_replicator_of_chicken_settles_in_the_mixed_equilibrium():
    # Swerve p: 3 p + 1 (1 - p) = 5 p, so p = 1/3.
    verdict = check("none", Matrix(table="chicken"))["replicator"]
    assert verdict.values["rest_point_1"] == pytest.approx(1 / 3, abs=1e-5)
    assert "move towards it" in verdict.words
