"""The plays that mechanisms are judged by."""

import pytest

from mechanisms import SharingBonus
from mechlab.agents.strategies import strategies
from mechlab.checks import CHECKS, check
from mechlab.checks._rounds import rounds
from mechlab.games import PublicGoods, Sharing


def test_pure_strategies_are_every_choice_of_every_group_of_acts():
    # ask, submit, volunteer: 2 each; answer, falsify or neither: 3.
    assert len(strategies(Sharing())) == 24
    assert set(check("none", "matrix", only=CHECKS).to_dict()) > {"verdicts"}
    # Each of 20 tokens, and none.
    assert len(strategies(PublicGoods())) == 21


def test_rounds_stand_as_they_were_paid():
    game = PublicGoods(rounds=3)
    for number, round in enumerate(rounds(game, SharingBonus(rate=0.5), "honest*2 + silent*2")):
        assert round.flows.round == number
        assert round.paid[0] == pytest.approx([10.0, 10.0, 0.0, 0.0])  # 20 tokens at 0.5
        assert round.flows.past.given[0].sum() == number * round.flows.given[0].sum()
    assert number == 2
