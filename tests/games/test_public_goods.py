"""Public goods against its closed forms."""

import numpy as np
import pytest

from mechanisms import Royalty, SharingBonus
from mechlab.games import PublicGoods
from mechlab.simulation import simulate
from tests.games.thresholds import smallest


@pytest.mark.parametrize(("agents", "multiplier"), [(4, 1.6), (2, 1.5), (10, 3.0), (5, 1.1)])
def test_the_smallest_bonus_that_makes_giving_dominant(agents, multiplier):
    game = PublicGoods(agents=agents, multiplier=multiplier)
    found = smallest(game, lambda rate: SharingBonus(rate=rate), high=2.0, target=0.99)
    # Below it nobody gives, and the group has 1 / multiplier of perfect play.
    assert found == pytest.approx(1 - multiplier / agents, rel=0.01)


def test_the_smallest_royalty_that_makes_giving_dominant():
    # A token brings its giver m/n, and a share s of the m/n that each other has of it.
    m, n = 1.6, 4
    found = smallest(PublicGoods(), lambda share: Royalty(share=share), high=1.0)
    assert found == pytest.approx((1 - m / n) / ((n - 1) * m / n), rel=0.01)


def test_revenues_of_all_and_of_none_giving():
    game = PublicGoods(agents=5, multiplier=2.0, endowment=10, rounds=7)
    assert (simulate(game, "perfect", episodes=3)["group_revenue"] == 5 * 10 * 2.0 * 7).all()
    assert (simulate(game, "silent", episodes=3)["group_revenue"] == 5 * 10 * 7).all()
    assert (simulate(game, "silent", episodes=3)["efficiency"] == 0.5).all()


def test_a_free_rider_among_givers_earns_what_the_formula_says():
    episodes = simulate("public_goods", "perfect*3 + silent", episodes=4)
    project = 1.6 / 4 * 60
    assert np.allclose(episodes.produced, 10 * np.array([project, project, project, 20 + project]))
    assert np.allclose(episodes.given.sum(axis=2), 10 * np.array([20, 20, 20, 0]))


def test_tokens_are_whole_and_right_on_average():
    episodes = simulate("public_goods", "logit(lambda=0)", episodes=400, settings={"endowment": 3})
    per_round = episodes.given.sum(axis=2) / 10
    assert np.allclose(episodes.given.sum(axis=2), episodes.given.sum(axis=2).round())
    assert per_round.mean() == pytest.approx(1.5, abs=0.02)  # SD of the mean: 0.004


@pytest.mark.parametrize(("impact", "deters"), [(0.25, False), (0.35, True)])
def test_punishers_deter_where_their_threat_is_worth_more_than_a_token_kept(impact, deters):
    # Two punishers take 2 * impact for each token below theirs; a token kept is worth 0.6.
    episodes = simulate(
        "public_goods",
        "perfect*2 + selfish*2",
        episodes=3,
        condition="punishment",
        settings={"impact": impact},
    )
    assert (episodes.given[:, 2].sum(axis=1) > 0).all() == deters


def test_the_price_of_punishing_in_the_first_round():
    # 20 tokens short: each of 3 punishers pays 20 and takes 60 from the free rider.
    game = PublicGoods(rounds=1)
    episodes = simulate(game, "perfect*3 + silent", episodes=2, condition="punishment")
    assert np.allclose(episodes.produced, [4.0, 4.0, 4.0, 44.0 - 180.0])
