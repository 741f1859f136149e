"""A stake for honest giving."""

import pytest

from mechanisms import Deposit
from mechlab.flows import Flows
from mechlab.mechanism.incentives import Act, marginal
from mechlab.simulation import simulate


def test_a_stake_makes_the_selfish_answer_all():
    # Any positive stake: an answer averts a loss and costs nothing.
    episodes = simulate("grants", "selfish", Deposit(stake=1), episodes=5)
    assert episodes["efficiency"].mean() > 0.5


def test_an_answer_saves_its_part_of_the_stake():
    # Of four requests in due, one answered: the next answer brings back a quarter of the stake.
    seen = Flows.of(answered=[[[0, 1], [0, 0]]], withheld=[[[0, 2], [0, 0]]])
    saved = marginal(Deposit(stake=1000), seen, Act(given=1, answered=1, withheld=-1))
    assert saved[0, 0] == pytest.approx(250)
    assert saved[0, 1] == pytest.approx(1000)  # nobody else asked: all of it rests on this one


def test_no_agent_loses_more_than_its_stakes():
    episodes = simulate("sharing", "silent", Deposit(stake=100), episodes=3)
    assert (episodes.payments >= -100 * 20).all()
    assert (episodes.payments < 0).all()
