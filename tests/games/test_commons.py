"""The commons against its closed forms."""

import math

import numpy as np
import pytest

from mechanisms import SharingBonus
from mechlab.games import Commons
from mechlab.simulation import simulate
from tests.games.thresholds import smallest


def test_revenues_of_restraint_of_the_optimum_and_of_greed():
    episodes = simulate("commons", "perfect", episodes=3)
    assert np.allclose(episodes["group_revenue"], 12 * 50)
    assert np.allclose(episodes["optimum"], 11 * 50 + 100)
    assert np.allclose(episodes["survival"], 12)
    greedy = simulate("commons", "silent", episodes=3)
    assert np.allclose(greedy["group_revenue"], 100)
    assert np.allclose(greedy["survival"], 1)


@pytest.mark.parametrize(("agents", "growth"), [(5, 2.0), (4, 1.5), (10, 4.0)])
def test_the_smallest_bonus_that_makes_restraint_pay(agents, growth):
    game = Commons(agents=agents, growth=growth)
    found = smallest(game, lambda rate: SharingBonus(rate=rate), high=2.0)
    assert found == pytest.approx(1 - growth / agents, rel=0.01)


def test_in_the_last_round_restraint_pays_only_from_a_bonus_of_one():
    below = simulate("commons", "selfish", "sharing_bonus(rate=0.99)", episodes=2)
    above = simulate("commons", "selfish", "sharing_bonus(rate=1.01)", episodes=2)
    assert np.allclose(below["group_revenue"], 650)
    assert np.allclose(above["group_revenue"], 600)


@pytest.mark.parametrize("greedy", [1, 2, 3])
def test_how_long_the_stock_outlives_some_greedy_agents(greedy):
    # Where k of 5 take all of their part, each stock is q = (5 - k) / 5 of the one before, and half
    # of that is left by the others: 50 q^t in round t of 1, 2, ..., which collapses below 5.
    q = (5 - greedy) / 5
    episodes = simulate("commons", f"perfect*{5 - greedy} + silent*{greedy}", episodes=3)
    assert np.allclose(episodes["survival"], math.ceil(math.log(0.1) / math.log(q)))


def test_a_quota_saves_the_stock_from_greed():
    episodes = simulate("commons", "silent", episodes=2, condition="quota")
    assert np.allclose(episodes["group_revenue"], 12 * 50)
    assert np.allclose(episodes["survival"], 12)


def test_a_harvest_rests_on_those_who_left_it():
    game = Commons()
    episodes = simulate(game, "perfect*4 + silent", "royalty(share=1)", episodes=2, first=0)
    # All that is harvested after the first round rests on the four, and the greedy agent keeps
    # nothing of it: it has its part of the first stock alone.
    assert np.allclose((episodes.produced + episodes.payments)[:, 4], 20)
