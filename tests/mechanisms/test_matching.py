"""Outside money that matches giving, against what theory says of public goods."""

import numpy as np
import pytest

from mechanisms import Matching, SharingBonus
from mechlab.games import PublicGoods
from mechlab.simulation import simulate
from tests.games.thresholds import smallest


@pytest.mark.parametrize(("agents", "multiplier"), [(4, 1.6), (10, 3.0)])
def test_the_smallest_match_that_makes_giving_pay(agents, multiplier):
    # The giver has an nth part of m and of the match: m/n + rate/n = 1.
    game = PublicGoods(agents=agents, multiplier=multiplier)
    found = smallest(game, lambda rate: Matching(rate=rate), high=20.0)
    assert found == pytest.approx(agents - multiplier, rel=0.01)


def test_it_is_public_goods_with_a_larger_multiplier():
    group = "perfect*2 + silent*2"
    matched = simulate(PublicGoods(multiplier=1.6), group, Matching(rate=0.8), episodes=2)
    larger = simulate(PublicGoods(multiplier=2.4), group, episodes=2)
    assert np.allclose(matched.produced + matched.payments, larger.produced)


def test_what_makes_giving_pay_costs_as_many_times_a_bonus_as_there_are_agents():
    game = PublicGoods(agents=4, multiplier=1.6)
    match = simulate(game, "perfect", Matching(rate=4 - 1.6), episodes=1).spend
    bonus = simulate(game, "perfect", SharingBonus(rate=1 - 1.6 / 4), episodes=1).spend
    assert match == pytest.approx(4 * bonus)
