"""Farming: what one agent, a pair and everybody can take, counted by hand."""

import pytest

from mechanisms import AnswerBonus, Royalty, SharingBonus
from mechlab.checks import finding
from mechlab.checks._plays import members
from mechlab.games import Grants, Matrix, Sharing
from mechlab.mechanism import parse
from mechlab.simulation import simulate
from tests.checks.games import SMALL, one


def test_a_flat_bonus_is_farmed_and_priced():
    rate = 10.0
    verdict = one("farming_1", SharingBonus(rate=rate), SMALL)
    assert not verdict.holds
    assert verdict.values["price_of_waste"] == pytest.approx(rate)
    # Alone it can give each of its 10 pieces to 3 others, asked or not: at most 40 pieces in all
    # can be given to each, and what it receives it can pass on.
    assert verdict.values["taken"] >= 10 * 3 * rate > verdict.values["taken_honestly"]
    pair = one("farming_2", SharingBonus(rate=rate), SMALL)
    assert pair.values["worst_spend"] >= verdict.values["worst_spend"]


def test_what_the_farm_of_a_flat_bonus_costs_and_produces():
    # Each of 40 pieces reaches each of the 3 agents that lack it, once: 120 pieces at the rate.
    verdict = one("selfish_group", SharingBonus(rate=10), SMALL)
    assert verdict.values["given"] == 120
    assert verdict.values["spend"] == pytest.approx(1200)
    assert verdict.values["efficiency"] > 1.5  # unasked giving passes perfect play, which asks


def test_a_royalty_on_use_resists_farming_by_one_and_by_two():
    for colluders in (1, 2):
        verdict = one(f"farming_{colluders}", Royalty(share=0.1), SMALL)
        assert verdict.holds
        assert verdict.values["price_of_waste"] == 0


def test_a_colluding_pair_farms_a_bonus_on_answers_that_one_cannot():
    assert one("farming_1", AnswerBonus(rate=10), SMALL).holds
    pair = one("farming_2", AnswerBonus(rate=10), SMALL)
    assert not pair.holds
    # Each of the two has 10 pieces that the other lacks, and is asked for all of them.
    assert pair.values["taken"] >= 2 * 10 * 10
    assert pair.values["taken"] > pair.values["taken_honestly"]
    assert "colluder*2" in pair.words


def test_a_contract_that_others_must_pay_is_farmed_by_one_and_by_two():
    # Whoever is given something pays for it, wanted or not.
    for colluders in (1, 2):
        verdict = one(f"farming_{colluders}", parse("contract(price=10, quota=100)"), SMALL)
        assert not verdict.holds
        assert verdict.values["taken"] > verdict.values["taken_honestly"]


def test_grants_that_expire_are_farmed_again_and_again():
    # A grant of 3 rounds is worth asking for anew when it will not last: every 2 rounds.
    game = Grants(agents=4, needed=2, rounds=12, lifetime=3)
    pair = one("farming_2", AnswerBonus(rate=10), game)
    assert pair.values["taken"] >= 2 * 10 * 10 * (12 // 3)


@pytest.mark.parametrize("name", ["farming_1", "farming_2"])
def test_an_attack_can_be_played_again(name):
    verdict = one(name, "sharing_bonus(rate=10)", SMALL)
    assert finding(verdict.attack) == pytest.approx(verdict.values["taken"])
    assert verdict.attack.group in verdict.words
    assert one(name, "none", SMALL).attack is None


def test_a_broker_from_whom_all_have_their_copies_is_paid_for_every_later_use():
    verdict = one("farming_1", "royalty(share=0.2)", SMALL)
    assert verdict.holds  # for each use something was produced
    assert verdict.attack.group == "broker + honest*3"
    assert finding(verdict.attack) == pytest.approx(verdict.values["taken"])
    assert verdict.values["taken"] > 10 * abs(verdict.values["taken_honestly"])


def test_a_selfish_group_that_goes_round_in_circles_is_flagged():
    chicken = one("selfish_group", "none", Matrix(table="chicken"))
    assert chicken.values["period"] == 2
    assert "circles of 2 rounds" in chicken.words
    assert one("selfish_group", "none", Matrix()).values["period"] == 0


def test_where_copies_are_traced_a_broker_earns_no_more_than_what_was_its_own():
    game = Sharing(agents=4, pieces=40, rounds=8, traced=True)
    for spec in ("royalty(share=0.2)", "use_bonus(rate=1000)", "externality_subsidy(share=1)"):
        known, traced = (
            simulate(g, members(g, "broker + honest*3"), spec, episodes=4).payments[:, 0].mean()
            for g in (SMALL, game)
        )
        assert traced < 0.5 * known
