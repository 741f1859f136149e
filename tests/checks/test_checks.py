"""Checks of mechanisms, where theory tells what they must find."""

import builtins
import json
import math
import shlex
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from mechanisms import FalsificationFine, NoMechanism, Royalty, SharingBonus
from mechlab.checks import CHECKS, Play, check, finding
from mechlab.checks._budget_balance import exact_payments
from mechlab.checks._equilibria import equilibria, paid_table
from mechlab.checks._plays import members
from mechlab.checks._replicator import advantages, drift
from mechlab.checks._rounds import sampled_groups, strategies
from mechlab.errors import UserError
from mechlab.games import Commons, Grants, Matrix, PublicGoods, Sharing
from mechlab.mechanism import parse

SMALL = Sharing(agents=4, pieces=40, rounds=8)
PD = Matrix(table="5,5 -1,7; 7,-1 1,1")  # T, R, P, S = 7, 5, 1, -1


def one(name, mechanism, game):
    """The verdict of one check."""
    return check(mechanism, game, only=[name])[name]


@pytest.mark.parametrize(("rate", "margin"), [(0.0, -0.6), (0.5, -0.1), (0.7, 0.1)])
def test_margin_of_giving_in_public_goods(rate, margin):
    found = one("incentive_compatibility", SharingBonus(rate=rate), PublicGoods())
    assert found.values["margin"] == pytest.approx(margin)
    assert found.holds == (margin > 0)


@pytest.mark.parametrize(("rate", "among_all", "everywhere"), [(0, -2, -2), (3, 1, 1), (1, -1, -1)])
def test_margin_in_the_prisoners_dilemma(rate, among_all, everywhere):
    # Cooperation costs T - R = 2 against a cooperator, P - S = 2 against a defector.
    found = one("incentive_compatibility", SharingBonus(rate=rate), PD)
    assert found.values["margin_among_honest"] == pytest.approx(among_all)
    assert found.values["margin"] == pytest.approx(everywhere)


def test_the_stag_is_a_best_response_but_not_dominant():
    found = one("incentive_compatibility", NoMechanism(), Matrix(table="stag_hunt"))
    assert not found.holds
    assert found.values["margin_among_honest"] == pytest.approx(1)  # R - T
    assert found.values["margin"] == pytest.approx(-3)  # S - P


@pytest.mark.parametrize("game", [SMALL, PublicGoods(), PD, Commons(), Grants(rounds=5)])
def test_a_royalty_is_balanced_and_a_bonus_is_not(game):
    assert one("budget_balance", Royalty(share=0.3), game).holds
    found = one("budget_balance", SharingBonus(rate=1), game)
    assert not found.holds
    assert found.values["largest_sum"] > 0
    assert one("budget_balance", NoMechanism(), game).holds


def test_a_bonus_never_costs_the_honest_and_a_royalty_can():
    assert one("individual_rationality", SharingBonus(rate=1), SMALL).holds
    found = one("individual_rationality", Royalty(share=0.5), SMALL)
    assert not found.holds
    # Replayed, the episode shows the very loss.
    again = found.play.replay()
    assert again.payments[0, found.play.agent] == pytest.approx(found.values["worst_payment"])
    assert found.values["mean_among_honest"] == pytest.approx(0)  # it moves money among them


def test_a_flat_bonus_is_found_to_be_farmed_and_priced():
    rate = 10.0
    found = one("farming_1", SharingBonus(rate=rate), SMALL)
    assert not found.holds
    assert found.values["price_of_waste"] == pytest.approx(rate)
    # Alone it can give each of its 10 pieces to 3 others, asked or not: at most 40 pieces in all
    # can be given to each, and what it receives it can pass on.
    assert found.values["taken"] >= 10 * 3 * rate > found.values["taken_honestly"]
    pair = one("farming_2", SharingBonus(rate=rate), SMALL)
    assert pair.values["worst_spend"] >= found.values["worst_spend"]


def test_what_the_farm_of_a_flat_bonus_costs_and_produces():
    # Each of 40 pieces reaches each of the 3 agents that lack it, once: 120 pieces at the rate.
    found = one("selfish_group", SharingBonus(rate=10), SMALL)
    assert found.values["given"] == 120
    assert found.values["spend"] == pytest.approx(1200)
    assert found.values["efficiency"] > 1.5  # unasked giving passes perfect play, which asks


def test_a_royalty_on_use_resists_farming_by_one_and_by_two():
    for colluders in (1, 2):
        found = one(f"farming_{colluders}", Royalty(share=0.1), SMALL)
        assert found.holds
        assert found.values["price_of_waste"] == 0


def test_a_colluding_pair_farms_a_bonus_on_answers_that_one_cannot():
    from mechanisms import AnswerBonus

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
        found = one(f"farming_{colluders}", parse("contract(price=10, quota=100)"), SMALL)
        assert not found.holds
        assert found.values["taken"] > found.values["taken_honestly"]


def test_grants_that_expire_are_farmed_again_and_again():
    from mechanisms import AnswerBonus

    # A grant of 3 rounds is worth asking for anew when it will not last: every 2 rounds.
    game = Grants(agents=4, needed=2, rounds=12, lifetime=3)
    pair = one("farming_2", AnswerBonus(rate=10), game)
    assert pair.values["taken"] >= 2 * 10 * 10 * (12 // 3)


FAILING = [
    ("budget_balance", "sharing_bonus(rate=10)", SMALL, "largest_sum"),
    ("individual_rationality", "royalty(share=0.5)", SMALL, "worst_payment"),
    ("incentive_compatibility", "none", PublicGoods(multiplier=2.0), "margin_among_honest"),
    ("farming_1", "sharing_bonus(rate=10)", SMALL, "price_of_waste"),
    ("farming_2", "answer_bonus(rate=10)", SMALL, "price_of_waste"),
]


@pytest.mark.parametrize(("name", "mechanism", "game", "value"), FAILING)
def test_what_fails_can_be_shown_again_by_its_line_of_python(name, mechanism, game, value):
    found = one(name, mechanism, game)
    assert not found.holds
    assert finding(found.play) == pytest.approx(found.values[value])
    again = eval(found.play.line, {"Play": Play})
    assert finding(again) == finding(found.play)


@pytest.mark.parametrize("name", ["farming_1", "farming_2"])
def test_an_attack_can_be_played_again(name):
    found = one(name, "sharing_bonus(rate=10)", SMALL)
    assert finding(found.attack) == pytest.approx(found.values["taken"])
    assert found.attack.group in found.words
    assert one(name, "none", SMALL).attack is None


@pytest.mark.slow
def test_what_fails_can_be_shown_again_by_its_command():
    found = one("budget_balance", "sharing_bonus(rate=10)", PublicGoods())
    python, *rest = shlex.split(found.play.command)
    assert python == "python"
    ran = subprocess.run([sys.executable, *rest], capture_output=True, text=True, check=True)
    assert float(ran.stdout) == found.values["largest_sum"] == 4 * 20 * 10


def test_a_selfish_group_is_played_again_by_a_run():
    play = one("selfish_group", "sharing_bonus(rate=0.7)", PublicGoods(rounds=3)).play
    assert play.command == (
        "mechlab run --game public_goods --population selfish "
        "--mechanism 'sharing_bonus(rate=0.7)' --episodes 4 --set rounds=3"
    )


@pytest.mark.parametrize("spec", ["royalty(share=0.1)", "team_share(share=0.3) + royalty"])
def test_balance_is_exact_in_rational_arithmetic(spec):
    rules = parse(spec)
    assert [sum(paid) for paid in exact_payments(rules, 5, 1.0)] == [0] * 20
    assert "exactly" in one("budget_balance", rules, SMALL).words
    # A share that moves a trillionth more than it takes is caught.
    assert any(sum(paid) for paid in exact_payments(Leaky(), 5, 1.0))
    assert not one("budget_balance", Leaky(), PublicGoods()).holds


@dataclass(frozen=True)
class Leaky(Royalty):
    """A royalty that pays out a little more than was paid in, far below rounding."""

    def payments(self, flows):
        received = flows.credit.sum(axis=1)
        return super().payments(flows) + received / 10**15


def test_groups_are_written_like_populations_and_wrong_names_are_refused():
    assert members(SMALL, "ask&submit*2 + honest*2")[0].row["ask"] == 1.0
    assert members(SMALL, "erratic1*4")[0] != members(SMALL, "erratic1*4")[1]
    assert members(SMALL, "erratic1*4") == members(SMALL, "erratic1*4")
    with pytest.raises(UserError, match="did you mean 'ask'"):
        members(SMALL, "aks*4")
    for group in sampled_groups(SMALL):
        assert len(members(SMALL, group)) == 4


def test_a_fine_on_falsifying_deters_it_and_a_bonus_on_silence_would_not():
    assert one("misreporting", FalsificationFine(rate=5), SMALL).values["gain"] == pytest.approx(-5)
    assert one("misreporting", NoMechanism(), SMALL).values["gain"] == 0
    assert one("misreporting", NoMechanism(), PD).holds is None


def test_equilibria_of_the_dilemma_before_and_after():
    pytest.importorskip("pygambit")
    assert equilibria(PD.payoffs) == [((0, 1), (0, 1))]
    assert equilibria(paid_table(SharingBonus(rate=2.1), PD)) == [((1, 0), (1, 0))]


def test_equilibria_of_the_stag_hunt_are_both_and_the_mixed_one():
    pytest.importorskip("pygambit")
    found = equilibria(Matrix(table="stag_hunt").payoffs)
    # Indifferent where 4 p = 3.
    expected = [((1, 0), (1, 0)), ((0.75, 0.25), (0.75, 0.25)), ((0, 1), (0, 1))]
    assert np.allclose(sorted(found), sorted(expected))


def test_the_travellers_dilemma_has_one_equilibrium():
    pytest.importorskip("pygambit")
    (row, column), *others = equilibria(Matrix(table="travellers_dilemma").payoffs)
    assert not others
    assert row[-1] == column[-1] == 1


def test_without_gambit_one_line_says_what_to_install(monkeypatch):
    plain = builtins.__import__

    def missing(name, *rest):
        if name == "pygambit":
            raise ImportError(name)
        return plain(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UserError, match=r"pip install 'mechlab\[gambit\]'"):
        equilibria(PD.payoffs)


def test_drift_of_a_group_game_is_its_binomial_mean():
    # In public goods a giver loses 1 - m/n a token whoever else gives.
    lost = advantages(NoMechanism(), PublicGoods(rounds=1))
    assert np.allclose(lost, -0.6 * 20)
    assert np.allclose(drift(lost, np.linspace(0, 1, 5)), -12)


def test_replicator_of_the_stag_hunt_turns_at_the_mixed_equilibrium():
    found = check("none", Matrix(table="stag_hunt"))["replicator"]
    assert not found.holds
    assert found.values["rest_point_1"] == pytest.approx(0.75, abs=1e-5)
    assert "above 75%" in found.words


def test_replicator_of_chicken_settles_in_the_mixed_equilibrium():
    # Swerve p: 3 p + 1 (1 - p) = 5 p, so p = 1/3.
    found = check("none", Matrix(table="chicken"))["replicator"]
    assert found.values["rest_point_1"] == pytest.approx(1 / 3, abs=1e-5)
    assert "move towards it" in found.words


def test_verdicts_are_json_without_nan_and_words():
    found = check("sharing_bonus(rate=0.7)", "public_goods")
    data = json.loads(found.to_json())
    assert [v["name"] for v in data["verdicts"]] == [v.name for v in found]
    assert all(v["words"].endswith(".") for v in data["verdicts"])
    assert str(found).startswith("sharing_bonus(rate=0.7) in public_goods")
    assert all(math.isfinite(x) for v in found for x in v.values.values())


def test_what_does_not_fit_the_game_is_refused():
    with pytest.raises(UserError, match="needs the flows"):
        check("falsification_fine", "public_goods")


def test_pure_strategies_are_every_choice_of_every_group_of_acts():
    # ask, submit, volunteer: 2 each; answer, falsify or neither: 3.
    assert len(strategies(Sharing())) == 24
    assert set(check("none", "matrix", only=CHECKS).to_dict()) > {"verdicts"}
    assert len(strategies(PublicGoods())) == 2
