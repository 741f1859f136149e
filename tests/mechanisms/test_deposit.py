"""A stake for honest giving."""

from mechanisms import Deposit
from mechlab.simulate import simulate


def test_a_stake_makes_the_selfish_answer_all():
    # Any positive stake: an answer averts a loss and costs nothing.
    episodes = simulate("grants", "selfish", Deposit(stake=1), episodes=5)
    assert episodes["efficiency"].mean() > 0.5


def test_no_agent_loses_more_than_its_stakes():
    episodes = simulate("sharing", "silent", Deposit(stake=100), episodes=3)
    assert (episodes.payments >= -100 * 20).all()
    assert (episodes.payments < 0).all()
