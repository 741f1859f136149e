"""A contract between every two agents, against theory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanisms import Contract
from mechlab.games import Matrix, PublicGoods
from mechlab.simulation import simulate
from tests.draws import flows
from tests.games.thresholds import smallest


def priced(price):
    return Contract(price=price)


@pytest.mark.parametrize("trps", [(5, 3, 1, 0), (6, 4, 3, 2.5)])
def test_it_makes_cooperation_dominant_at_the_price_of_a_bonus_without_outside_money(trps):
    # Against a cooperator, to defect saves R - T and costs the price of what one was given; against
    # a defector, to cooperate earns the price.
    t, r, p, s = trps
    game = Matrix(table=f"{r},{r} {s},{t}; {t},{s} {p},{p}")
    found = smallest(game, priced, high=20.0)
    assert found == pytest.approx(max(t - r, p - s), rel=0.01)
    episodes = simulate(game, "selfish", priced(1.01 * found), episodes=3)
    assert np.allclose(episodes.payments.sum(axis=1), 0.0)


def test_public_goods_need_no_outside_money_either():
    # Falkinger (1996): rewarding deviations from the others' mean leaves the threshold as it is.
    found = smallest(PublicGoods(agents=4, multiplier=1.6), priced, high=2.0)
    assert found == pytest.approx(1 - 1.6 / 4, rel=0.01)


@given(flows(), st.floats(0, 5000), st.floats(0, 1000))
def test_every_two_agents_are_even_and_nobody_owes_more_than_the_quota(seen, price, quota):
    paid = Contract(price=price, quota=quota).payments(seen)
    scale = price * max(1.0, seen.given.sum())
    assert np.allclose(paid.sum(axis=1), 0.0, atol=1e-9 * scale)
    most = price * quota * (seen.agents - 1)
    assert (np.abs(paid) <= most + 1e-9 * scale).all()


def test_beyond_the_quota_nothing_is_earned():
    flood = simulate("sharing", "selfish*9 + silent", Contract(price=1, quota=2), episodes=2)
    # Nine agents send everything unasked; the tenth gives nothing, and owes two pieces a round to
    # each of nine at most, in however many rounds it is sent any.
    assert (flood.payments[:, 9] >= -2 * 9 * 20).all()
    assert (flood.payments[:, 9] < 0).all()
