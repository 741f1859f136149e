import numpy as np

from mechanisms import UseBonus
from mechlab.flows import Amounts, Flows
from mechlab.games.base import make_game


def test_pays_the_giver_for_each_use_by_whoever_received():
    flows = Flows.of(used=[[[0, 1, 0], [0, 0, 0], [2, 3, 0]]])  # row: user, column: giver
    assert UseBonus(rate=100).payments(flows).tolist() == [[200.0, 400.0, 0.0]]


def test_giving_that_nobody_uses_earns_nothing():
    assert not UseBonus().payments(Flows.of(given=np.ones((1, 2, 2)))).any()


def test_among_honest_agents_uses_are_counted_as_their_part_of_the_reward():
    """Each of the n pieces of an unspoilt task stands for r / n of its reward."""
    game = make_game("sharing")
    state = game.start(np.arange(8, dtype=np.uint64), "baseline")
    behaviour = game.behaviour([game.references["perfect"]] * game.agents)
    now, total = (Amounts.zeros(8, game.agents) for _ in range(2))
    for round in range(5):
        now.clear()
        game.play(state, round, behaviour, now)
        total.add(now)
    paid = UseBonus(rate=game.reward / game.needed).payments(
        Flows.over(total, Amounts.zeros(8, game.agents), 0, game.unit)
    )
    assert np.allclose(paid, total.credit.sum(axis=1))
    assert paid.sum() > 0
