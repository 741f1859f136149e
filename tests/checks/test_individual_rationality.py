"""Individual rationality: a bonus never costs, a royalty moves money."""

import pytest

from mechanisms import Royalty, SharingBonus
from tests.checks.games import SMALL, one


def test_a_bonus_never_costs_the_honest_and_a_royalty_can():
    assert one("individual_rationality", SharingBonus(rate=1), SMALL).holds
    verdict = one("individual_rationality", Royalty(share=0.5), SMALL)
    assert not verdict.holds
    # Replayed, the episode shows the very loss.
    again = verdict.play.replay()
    assert again.payments[0, verdict.play.agent] == pytest.approx(verdict.values["worst_payment"])
    assert verdict.values["mean_among_honest"] == pytest.approx(0)  # it moves money among them
