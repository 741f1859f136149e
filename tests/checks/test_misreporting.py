"""Misreporting: what a fine on it takes, and what it escapes."""

import pytest

from mechanisms import FalsificationFine, NoMechanism
from tests.checks.games import PD, SMALL, one


def test_a_fine_on_falsifying_deters_it_and_a_bonus_on_silence_would_not():
    assert one("misreporting", FalsificationFine(rate=5), SMALL).values["gain"] == pytest.approx(-5)
    assert one("misreporting", NoMechanism(), SMALL).values["gain"] == 0
    assert one("misreporting", NoMechanism(), PD).holds is None


@pytest.mark.parametrize("spec", ["deposit(stake=20000)", "withholding_fine(rate=5000)"])
def test_who_answers_falsely_escapes_what_refusing_costs_unless_lies_count(spec):
    verdict = one("misreporting", spec, SMALL)
    assert not verdict.holds
    assert verdict.values["gain_over_honesty"] == 0
    assert verdict.values["gain_over_refusing"] > 0
    assert verdict.play.replay().payments[:, 0].mean() == pytest.approx(0)
    assert one("misreporting", spec.replace(")", ", lies=true)"), SMALL).holds


@pytest.mark.parametrize("spec", ["matching(rate=1000)", "team_share(share=0.5)"])
def test_where_honesty_is_paid_more_false_answers_do_not_pay(spec):
    assert one("misreporting", spec, SMALL).holds
