"""Realised deviations, and the replies of agents that weigh them, against tables paid by hand."""

import numpy as np
import pytest

from mechlab.agents.deviations import Setting, paid_table, period
from mechlab.agents.population import Population
from mechlab.agents.response import behaviours
from mechlab.agents.strategies import strategies, strategy_rows
from mechlab.games import Commons, Grants, Matrix, PublicGoods, Sharing
from mechlab.mechanism import parse
from mechlab.simulation import simulate
from tests.games.thresholds import smallest


def deviation(game, spec, row="perfect", agent=0, **options):
    """Return the best deviation of one agent in a group that plays a reference."""
    rows = game.behaviour([game.reference(row)] * game.agents)
    behaviour = np.broadcast_to(rows, (game.rounds, *rows.shape))
    setting = Setting(game, parse(spec), game.conditions[0], np.arange(3, dtype=np.uint64))
    return setting.best_deviation(behaviour, agent, strategy_rows(game, **options))


@pytest.mark.parametrize("prize", [0.8, 47.0, 49.0])
def test_who_leaves_a_race_that_all_are_in_loses_a_quarter_of_the_prize(prize):
    # All give 20: each earns 32 and a quarter of the prize. Who gives nothing earns 20 + 24.
    best = deviation(PublicGoods(), f"tournament(prize={prize})")
    assert (best.agent, best.strategy) == (0, "idle")
    assert best.gain == pytest.approx(44 - 32 - prize / 4)
    assert best.profits(1.0) == (prize < 48)


def test_what_a_cap_pays_is_earned_with_as_little_as_possible():
    # The first 10 tokens are paid 1 each, at a cost of 0.6; each further one costs 0.6.
    best = deviation(PublicGoods(), "capped(sharing_bonus(rate=1), limit=10)")
    assert (best.strategy, best.gain) == ("give(share=0.5)", pytest.approx(6))
    given = simulate("public_goods", "selfish", "capped(sharing_bonus(rate=1), limit=10)").given
    assert np.allclose(given.sum(axis=2), 10 * 10)


def test_who_leaves_all_of_the_stock_is_paid_more_than_who_restrains_itself():
    # 12 rounds of 20 units left at 1.05, against 12 rounds of 10 harvested and 10 left.
    best = deviation(Commons(), "sharing_bonus(rate=1.05)")
    assert best.strategy == "leave_100"
    assert best.gain == pytest.approx((252 - 246) / 12)


@pytest.mark.parametrize("game", [Sharing(agents=3, rounds=3), Grants(agents=5, rounds=3)])
def test_a_strategy_that_is_played_already_is_no_deviation_and_luck_is_the_same(game):
    best = deviation(game, "none", row="sequential")
    assert best.strategy in strategies(game)
    assert best.gain <= 3 * best.error


def test_a_table_is_paid_outcome_by_outcome():
    # A royalty of half: who earns 5 where the other's defection would have left 1 pays 2 of it.
    table = paid_table(parse("royalty(share=0.5)"), Matrix(table="3,3 0,5; 5,0 1,1"))
    assert np.allclose(table[0], [[3, 2], [3, 1]])
    assert np.allclose(table[1], table[0].T)


def test_a_table_of_later_rounds_knows_what_was_given_before():
    game, flows = Matrix(), Matrix().outcomes()
    # One unit was given to the column player, so its first gift makes both a pair.
    past = flows.plus(flows)
    paid = paid_table(parse("reciprocity_bonus(rate=1)"), game, past)[0] - game.payoffs[0]
    assert paid[0, 0] == pytest.approx(1.0)  # a unit of each: one pair more, whatever came before
    assert paid[1, 1] == 0.0


@pytest.mark.parametrize(
    ("game", "spec", "high", "expected"),
    [
        (PublicGoods(), "tournament(prize={})", 100.0, 48.0),  # 12 over a quarter
        (Matrix(), "capped(sharing_bonus(rate={}), limit=2.5)", 5.0, 2.0),  # T - R
        (Matrix(), "contract(price={}, quota=1)", 5.0, 2.0),  # T - R
        (Matrix(), "royalty(share={})", 1.0, 0.5),  # 3 against 5 - 4 of the share
        (Matrix(), "tournament(prize={})", 10.0, 4.0),  # half of the prize against T - R
    ],
)
def test_the_smallest_dose_of_a_rule_with_a_cap_a_quota_a_prize_or_a_share(
    game, spec, high, expected
):
    found = smallest(game, lambda dose: parse(spec.format(dose)), high)
    assert found == pytest.approx(expected, rel=0.01)


def test_play_that_goes_round_in_circles_is_told_from_play_that_rests():
    chicken, dilemma = Matrix(table="chicken"), Matrix()
    selfish = Population.of("selfish", 2)
    assert period(behaviours(chicken, selfish, parse("none"), "baseline")) == 2
    assert period(behaviours(dilemma, selfish, parse("none"), "baseline")) == 0


def test_logit_players_of_chicken_rest_where_their_chances_answer_each_other():
    # p = 1 / (1 + exp(-20 (1 - 3 p) / 5)): p = 0.3755, and both together earn 12 p - 6 p p.
    episodes = simulate("matrix", "logit(lambda=20)", settings={"table": "chicken"}, episodes=4000)
    chance = episodes.given.sum(axis=(1, 2)).mean() / 40
    assert chance == pytest.approx(1 / (1 + np.exp(-4 * (1 - 3 * chance))), abs=0.02)
    assert episodes["group_revenue"].mean() / 20 == pytest.approx(3.66, abs=0.03)
