"""Equilibria of textbook games, before and after a mechanism."""

import builtins

import numpy as np
import pytest

from mechanisms import SharingBonus
from mechlab.agents.deviations import paid_table
from mechlab.checks._equilibria import equilibria
from mechlab.errors import UserError
from mechlab.games import Matrix
from tests.checks.games import PD


def test_equilibria_of_the_dilemma_before_and_after():
    pytest.importorskip("pygambit")
    assert equilibria(PD.payoffs) == [((0, 1), (0, 1))]
    assert equilibria(paid_table(SharingBonus(rate=2.1), PD)) == [((1, 0), (1, 0))]


def test_equilibria_of_the_stag_hunt_are_both_and_the_mixed_one():
    pytest.importorskip("pygambit")
    verdict = equilibria(Matrix(table="stag_hunt").payoffs)
    # Indifferent where 4 p = 3.
    expected = [((1, 0), (1, 0)), ((0.75, 0.25), (0.75, 0.25)), ((0, 1), (0, 1))]
    assert np.allclose(sorted(verdict), sorted(expected))


def test_the_travellers_dilemma_has_one_equilibrium():
    pytest.importorskip("pygambit")
    (row, column), *others = equilibria(Matrix(table="travellers_dilemma").payoffs)
    assert not others
    assert row[-1] == column[-1] == 1


def test_without_gambit_one_line_says_what_to_install(monkeypatch):
    plain = builtins.__import__

    def missing(name, *rest):
        if name == "pygambit":
            raise ImportError(name)
        return plain(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UserError, match=r"pip install 'mechlab\[gambit\]'"):
        equilibria(PD.payoffs)
