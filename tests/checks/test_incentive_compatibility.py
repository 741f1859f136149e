"""Incentive compatibility, where theory gives the margin."""

import pytest

from mechanisms import NoMechanism, SharingBonus
from mechlab.games import Matrix, PublicGoods
from tests.checks.games import PD, one


@pytest.mark.parametrize(("rate", "margin"), [(0.0, -0.6), (0.5, -0.1), (0.7, 0.1)])
def test_margin_of_giving_in_public_goods(rate, margin):
    verdict = one("incentive_compatibility", SharingBonus(rate=rate), PublicGoods())
    assert verdict.values["margin"] == pytest.approx(margin)
    assert verdict.holds == (margin > 0)


@pytest.mark.parametrize(("rate", "among_all", "everywhere"), [(0, -2, -2), (3, 1, 1), (1, -1, -1)])
def test_margin_in_the_prisoners_dilemma(rate, among_all, everywhere):
    # Cooperation costs T - R = 2 against a cooperator, P - S = 2 against a defector.
    verdict = one("incentive_compatibility", SharingBonus(rate=rate), PD)
    assert verdict.values["margin_among_honest"] == pytest.approx(among_all)
    assert verdict.values["margin"] == pytest.approx(everywhere)


def test_the_stag_is_a_best_response_but_not_dominant():
    verdict = one("incentive_compatibility", NoMechanism(), Matrix(table="stag_hunt"))
    assert not verdict.holds
    assert verdict.values["margin_among_honest"] == pytest.approx(1)  # R - T
    assert verdict.values["margin"] == pytest.approx(-3)  # S - P
