"""Verdicts: findings that can be shown again, and plain data."""

import json
import math

import pytest

from mechlab.checks import Play, check, finding
from mechlab.errors import UserError
from mechlab.games import PublicGoods
from tests.checks.games import SMALL, one

FAILING = [
    ("budget_balance", "sharing_bonus(rate=10)", SMALL, "largest_sum"),
    ("individual_rationality", "royalty(share=0.5)", SMALL, "worst_payment"),
    ("incentive_compatibility", "none", PublicGoods(multiplier=2.0), "margin_among_honest"),
    ("farming_1", "sharing_bonus(rate=10)", SMALL, "price_of_waste"),
    ("farming_2", "answer_bonus(rate=10)", SMALL, "price_of_waste"),
]


@pytest.mark.parametrize(("name", "mechanism", "game", "value"), FAILING)
def test_what_fails_can_be_shown_again_by_its_line_of_python(name, mechanism, game, value):
    verdict = one(name, mechanism, game)
    assert not verdict.holds
    assert finding(verdict.play) == pytest.approx(verdict.values[value])
    again = eval(verdict.play.line, {"Play": Play})
    assert finding(again) == finding(verdict.play)


def test_verdicts_are_json_without_nan_and_words():
    verdicts = check("sharing_bonus(rate=0.7)", "public_goods")
    data = json.loads(json.dumps(verdicts.to_dict(), allow_nan=False))
    assert [v["name"] for v in data["verdicts"]] == [v.name for v in verdicts]
    assert all(v["words"].endswith(".") for v in data["verdicts"])
    assert str(verdicts).startswith("sharing_bonus(rate=0.7) in public_goods")
    assert all(math.isfinite(x) for v in verdicts for x in v.values.values())


def test_what_does_not_fit_the_game_is_refused():
    with pytest.raises(UserError, match="needs the flows"):
        check("falsification_fine", "public_goods")


def test_a_round_that_the_game_does_not_have_is_refused():
    with pytest.raises(ValueError, match="round must be below"):
        finding(Play("public_goods", "none", "honest*4", "incentive_compatibility", round=99))
