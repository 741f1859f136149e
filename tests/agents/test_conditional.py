"""Conditional cooperation."""

import numpy as np
import pytest

from mechlab.simulation import simulate


def test_giving_decays_geometrically_in_a_group_that_follows_in_part():
    episodes = simulate("public_goods", "conditional(follow=0.8)", episodes=3000)
    shares = 0.8 ** np.arange(10)
    expected = 4 * 20 * (1 + 0.6 * shares)
    assert np.allclose(episodes.revenue.mean(axis=0), expected, atol=0.2)


def test_tit_for_tat_is_exploited_once():
    episodes = simulate("matrix", "conditional + silent", episodes=2)
    assert np.allclose(episodes.produced, [0 + 19 * 1, 5 + 19 * 1])


def test_it_gives_where_giving_pays_whoever_else_does():
    plain = simulate("public_goods", "conditional*3 + silent", episodes=20)
    paid = simulate("public_goods", "conditional*3 + silent", "sharing_bonus(rate=1)", episodes=20)
    assert np.allclose(paid.given[:, :3].sum(axis=(1, 2)), 3 * 20 * 10)
    assert plain["group_revenue"].mean() < paid["group_revenue"].mean()


@pytest.mark.parametrize("start", [0.0, 0.5])
def test_it_begins_with_its_own_share(start):
    episodes = simulate("public_goods", f"conditional(start={start})", episodes=2000)
    given = episodes.given.sum(axis=2).mean() / 200
    assert given == pytest.approx(start, abs=0.01)
