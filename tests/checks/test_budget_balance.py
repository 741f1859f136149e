"""Budget balance, in plays and in rational arithmetic."""

from dataclasses import dataclass

import pytest

from mechanisms import NoMechanism, Royalty, SharingBonus
from mechlab.checks._budget_balance import exact_payments
from mechlab.games import Commons, Grants, PublicGoods
from mechlab.mechanism import parse
from tests.checks.games import PD, SMALL, one


@dataclass(frozen=True)
class Leaky(Royalty):
    """A royalty that pays out a little more than was paid in, far below rounding."""

    def payments(self, flows):
        received = flows.credit.sum(axis=1)
        return super().payments(flows) + received / 10**15


@pytest.mark.parametrize("game", [SMALL, PublicGoods(), PD, Commons(), Grants(rounds=5)])
def test_a_royalty_is_balanced_and_a_bonus_is_not(game):
    assert one("budget_balance", Royalty(share=0.3), game).holds
    verdict = one("budget_balance", SharingBonus(rate=1), game)
    assert not verdict.holds
    assert verdict.values["largest_sum"] > 0
    assert one("budget_balance", NoMechanism(), game).holds


@pytest.mark.parametrize("spec", ["royalty(share=0.1)", "team_share(share=0.3) + royalty"])
def test_balance_is_exact_in_rational_arithmetic(spec):
    rules = parse(spec)
    assert [sum(paid) for paid in exact_payments(rules, 5, 1.0)] == [0] * 20
    assert "exactly" in one("budget_balance", rules, SMALL).words
    # A share that moves a trillionth more than it takes is caught.
    assert any(sum(paid) for paid in exact_payments(Leaky(), 5, 1.0))
    assert not one("budget_balance", Leaky(), PublicGoods()).holds
