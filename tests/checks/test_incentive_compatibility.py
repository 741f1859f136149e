"""Incentive compatibility, where theory gives the margin, and against tables paid by hand."""

from itertools import product

import numpy as np
import pytest

from mechanisms import NoMechanism, SharingBonus
from mechlab.checks import check, finding
from mechlab.games import Commons, Matrix, PublicGoods, Sharing
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


def test_a_small_prize_does_not_keep_the_others_giving():
    # All give: each earns 32 and half a dollar; who gives nothing earns 44, on 20 tokens.
    verdict = one("incentive_compatibility", "tournament(prize=2)", PublicGoods())
    assert verdict.values["margin_among_honest"] == pytest.approx(-11.5 / 20)
    assert verdict.play.deviation == "idle"
    assert finding(verdict.play) == pytest.approx(-11.5 / 20)


def test_restraint_is_not_dominant_where_harvesting_nothing_is_paid_more():
    # An episode: 252 for 20 units left in each of 12 rounds, 246 for 10 harvested and 10 left.
    verdict = one("incentive_compatibility", SharingBonus(rate=1.05), Commons())
    assert not verdict.holds
    assert (verdict.play.deviation, verdict.play.group) == ("leave_100", "honest + honest*4")
    assert finding(verdict.play) == pytest.approx((246 - 252) / 12)


def test_who_answers_and_gives_more_besides_is_honest():
    game = Sharing(agents=4, pieces=40, rounds=8)
    assert one("incentive_compatibility", SharingBonus(rate=1000), game).holds
    assert not one("incentive_compatibility", "royalty(share=0.2)", game).holds  # among the silent


TABLES = {  # what the row and the column player earn, by their moves
    "prisoners_dilemma": (((3, 3), (0, 5)), ((5, 0), (1, 1))),
    "stag_hunt": (((4, 4), (0, 3)), ((3, 0), (3, 3))),
    "chicken": (((3, 3), (1, 5)), ((5, 1), (0, 0))),
    "trust": (((10, 10), (-5, 15)), ((0, 0), (0, 0))),
}
DOSES = (0.25, 0.6, 1.0, 2.5, 6.0)


def credits(table, moves):
    """What each player's earnings rest on the other's move: above those had it moved second."""
    row, column = moves
    return (
        max(0.0, table[row][column][0] - table[row][1][0]),
        max(0.0, table[row][column][1] - table[1][column][1]),
    )


def paid_by_hand(rule, dose, table, moves):  # noqa: PLR0911 - a case a rule
    """What a rule pays both players of one round, worked out from its published formula."""
    gave = [1 - move for move in moves]
    mine, yours = credits(table, moves)
    earned = table[moves[0]][moves[1]]
    match rule:
        case "sharing_bonus(rate={})":
            return [dose * units for units in gave]
        case "capped(sharing_bonus(rate={}), limit=0.5)":
            return [min(0.5, dose * units) for units in gave]
        case "contract(price={}, quota=1)":
            return [dose * (gave[0] - gave[1]), dose * (gave[1] - gave[0])]
        case "contract(price={}, quota=0.5)":
            return [dose * 0.5 * (gave[0] - gave[1]), dose * 0.5 * (gave[1] - gave[0])]
        case "royalty(share={})":
            return [dose * (yours - mine), dose * (mine - yours)]
        case "externality_subsidy(share={})":
            return [dose * yours, dose * mine]
        case "tournament(prize={})":
            winners = sum(gave)
            return [dose / winners if units else 0.0 for units in gave]
        case "matching(rate={})":
            return [dose * sum(gave) / 2] * 2
        case "team_share(share={})":
            mean = sum(earned) / 2
            return [dose * (mean - own) for own in earned]
    raise AssertionError(rule)


RULES = (
    *("sharing_bonus(rate={})", "capped(sharing_bonus(rate={}), limit=0.5)"),
    *("contract(price={}, quota=1)", "contract(price={}, quota=0.5)"),
    *("royalty(share={})", "externality_subsidy(share={})", "tournament(prize={})"),
    *("matching(rate={})", "team_share(share={})"),
)


def cases():
    for rule, dose, table in product(RULES, DOSES, TABLES):
        if "share=" not in rule or dose <= 1:
            yield rule, dose, table


def payoffs(rule, dose, name):
    """The payoffs with payments, (2, 2, 2), as the tables write them."""
    table, paid = TABLES[name], np.zeros((2, 2, 2))
    for moves in product((0, 1), repeat=2):
        earned = table[moves[0]][moves[1]]
        paid[moves] = np.add(earned, paid_by_hand(rule, dose, table, moves))
    return paid


def pure_equilibria(paid):
    return {
        (row, column)
        for row, column in product((0, 1), repeat=2)
        if paid[row, column, 0] >= paid[1 - row, column, 0] - 1e-9
        and paid[row, column, 1] >= paid[row, 1 - column, 1] - 1e-9
    }


def test_dominance_is_right_in_every_two_by_two_case_paid_by_hand():
    wrong = []
    for rule, dose, name in cases():
        paid = payoffs(rule, dose, name)
        margin = min(
            *(paid[0, column, 0] - paid[1, column, 0] for column in (0, 1)),
            *(paid[row, 0, 1] - paid[row, 1, 1] for row in (0, 1)),
        )
        verdict = one("incentive_compatibility", rule.format(dose), Matrix(table=name, rounds=3))
        right = verdict.holds == (margin > 1e-9)
        if not right or verdict.values["margin"] != pytest.approx(margin, abs=1e-9):
            wrong.append((rule, dose, name, margin, verdict.values["margin"]))
    assert not wrong


def test_pure_equilibria_are_right_in_every_two_by_two_case_paid_by_hand():
    pytest.importorskip("pygambit")
    from mechlab.agents.deviations import paid_table
    from mechlab.checks._equilibria import equilibria
    from mechlab.mechanism import parse

    for rule, dose, name in cases():
        table = paid_table(parse(rule.format(dose)), Matrix(table=name))
        pure = {
            (row.index(1.0), column.index(1.0))
            for row, column in equilibria(table)
            if 1.0 in row and 1.0 in column
        }
        assert pure == pure_equilibria(payoffs(rule, dose, name)), (rule, dose, name)


def test_a_verdict_on_all_checks_carries_the_deviation_that_decides_it():
    verdict = check("contract(price=2.5, quota=1)", "matrix")["incentive_compatibility"]
    assert verdict.holds
    assert verdict.values["margin"] == pytest.approx(0.5)
    assert finding(verdict.play) == pytest.approx(0.5)
