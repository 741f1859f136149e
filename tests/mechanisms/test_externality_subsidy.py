"""Payment of what giving added to the others."""

import numpy as np
import pytest

from mechanisms import ExternalitySubsidy
from mechlab.flows import Flows
from mechlab.games import PublicGoods
from mechlab.games.base import GAMES
from mechlab.mechanism.incentives import marginal
from tests.games.thresholds import smallest


@pytest.mark.parametrize("name", list(GAMES))
def test_with_a_share_of_one_an_act_brings_its_agent_all_that_it_brings_the_group(name):
    game = GAMES.get(name)()
    idle = Flows.of(given=np.zeros((1, game.agents, game.agents)), unit=game.unit)
    for act in game.acts.values():
        returned = np.asarray(act.returned)
        if (returned >= 0).all():  # what takes from the others is not charged
            paid = marginal(ExternalitySubsidy(share=1), idle, act)
            assert np.allclose(act.produced + paid, act.produced + returned)


def test_the_smallest_share_that_makes_giving_pay_in_public_goods():
    # A token brings its giver m/n, and the share of the (n - 1) m/n that the others have of it.
    m, n = 1.6, 4
    found = smallest(PublicGoods(), lambda share: ExternalitySubsidy(share=share), high=1.0)
    assert found == pytest.approx((1 - m / n) / ((n - 1) * m / n), rel=0.01)
