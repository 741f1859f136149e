"""Repeated two-player games against their closed forms."""

import numpy as np
import pytest
from scipy.optimize import brentq

from mechanisms import SharingBonus
from mechlab.agents.population import Population
from mechlab.agents.response import behaviours
from mechlab.errors import UserError
from mechlab.games import Matrix
from mechlab.games.payoffs import TABLES, payoffs
from mechlab.mechanism import parse
from mechlab.simulation import simulate
from tests.games.thresholds import smallest


def bonus(rate):
    return SharingBonus(rate=rate)


@pytest.mark.parametrize("trps", [(5, 3, 1, 0), (3.5, 3, 1, -2), (6, 4, 3, 2.5), (10, 6, 1, -3)])
def test_prisoners_dilemma_the_smallest_bonus_that_makes_cooperation_dominant(trps):
    t, r, p, s = trps
    game = Matrix(table=f"{r},{r} {s},{t}; {t},{s} {p},{p}")
    assert smallest(game, bonus, high=20.0) == pytest.approx(max(t - r, p - s), rel=0.01)


def test_stag_hunt_the_smallest_bonus_that_makes_the_stag_dominant():
    r, s, t, p = 4, 0, 3, 3
    found = smallest(Matrix(table="stag_hunt"), bonus, high=20.0)
    assert found == pytest.approx(max(t - r, p - s), rel=0.01)


def test_stag_hunt_needs_no_bonus_between_players_that_begin_with_trust():
    # Both stags is an equilibrium: who saw the other hunt a stag hunts one.
    game = Matrix(table="stag_hunt")
    assert (simulate(game, "conditional", episodes=2)["efficiency"] == 1).all()


def test_travellers_dilemma_unravels_to_its_only_equilibrium():
    # Basu: both claim 2, of the 100 that both could have.
    game = Matrix(table="travellers_dilemma")
    assert np.allclose(simulate(game, "selfish", episodes=2)["efficiency"], 0.02)
    assert np.allclose(simulate(game, "perfect", episodes=2)["group_revenue"], 20 * 200)


@pytest.mark.parametrize("continuation", [0.5, 0.9])
def test_a_match_ends_by_lot(continuation):
    game = Matrix(continuation=continuation, rounds=40)
    episodes = simulate(game, "perfect", episodes=4000)
    length = (1 - continuation**40) / (1 - continuation)
    spread = continuation**0.5 / (1 - continuation) / 4000**0.5
    assert episodes["group_revenue"].mean() / 6 == pytest.approx(length, abs=4 * spread)


def test_logit_players_rest_in_the_quantal_response_equilibrium():
    # In this table cooperation costs 1 whatever the other does: p = 1 / (1 + exp(lambda / 4)).
    game = Matrix(table="3,3 0,4; 4,0 1,1")
    p = 1 / (1 + np.exp(3 / 4))
    gave = simulate(game, "logit(lambda=3)", episodes=2000).given.sum(axis=2) / 20
    assert gave.mean() == pytest.approx(p, abs=4 * (p * (1 - p) / 80000) ** 0.5)


@pytest.mark.parametrize(
    ("precision", "table", "trps"),
    [
        (2, "3,3 0,5; 5,0 1,1", (5, 3, 1, 0)),
        (3, "4,4 0,3; 3,0 3,3", (3, 4, 3, 0)),
        (8, "4,4 0,3; 3,0 3,3", (3, 4, 3, 0)),
    ],
)
def test_logit_players_come_to_rest_where_their_chances_answer_each_other(precision, table, trps):
    # McKelvey and Palfrey (1995): p = 1 / (1 + exp(-lambda g(p) / u)), with the gain of cooperating
    # g(p) = p (R - T) + (1 - p) (S - P), reached from where nobody cooperates.
    t, r, p, s = trps
    unit = max(trps) - min(trps)

    def off(chance):
        gain = chance * (r - t) + (1 - chance) * (s - p)
        return 1 / (1 + np.exp(-precision * gain / unit)) - chance

    at = brentq(off, 0.0, min(c for c in np.linspace(0, 1, 1001) if off(c) < 0))
    game = Matrix(table=table, rounds=60)
    group = Population.of(f"logit(lambda={precision})", 2)
    last = behaviours(game, group, parse("none"), "baseline")[-1, :, 0]
    assert np.allclose(last, at, atol=1e-3)


def test_logit_players_make_each_of_many_choices_as_often_as_they_should():
    game = Matrix(table="1,1 1,1 1,1; 1,1 1,1 1,1; 1,1 1,1 1,1", rounds=1)
    gave = simulate(game, "logit(lambda=0)", episodes=3000).given.sum(axis=2).ravel()
    for amount in (0.0, 0.5, 1.0):
        assert (gave == amount).mean() == pytest.approx(1 / 3, abs=0.025)  # 4 SD


def test_trust_who_is_betrayed_rests_on_nobody():
    game = Matrix(table="trust", rounds=1)
    episodes = simulate(game, "perfect + silent", episodes=1)
    assert np.allclose(episodes.produced, [[-5, 15]])


@pytest.mark.parametrize("table", TABLES)
def test_supplied_tables_are_the_published_games(table):
    row, column = payoffs(table)
    if table != "trust":
        assert np.array_equal(row, column.T)
    if table == "prisoners_dilemma":
        assert row[1, 0] > row[0, 0] > row[1, 1] > row[0, 1]
    if table == "stag_hunt":
        assert row[0, 0] > row[1, 0] >= row[1, 1] > row[0, 1]
    if table == "chicken":
        assert row[1, 0] > row[0, 0] > row[0, 1] > row[1, 1]


@pytest.mark.parametrize("table", ["stag_hunts", "1,1", "1,1 2,2", "1 2; 3 4", "a,b c,d; e,f g,h"])
def test_a_table_that_is_none_is_refused(table):
    with pytest.raises(UserError, match="payoff table"):
        Matrix(table=table)
