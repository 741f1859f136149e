"""Best response, against equilibria of repeated games by brute force."""

from itertools import product

import numpy as np
import pytest

from mechanisms import Royalty, SharingBonus
from mechlab.agents.population import Population
from mechlab.agents.response import behaviours
from mechlab.flows import Amounts, Flows
from mechlab.games import Commons, PublicGoods
from mechlab.mechanism import parse


def income(game, behaviour, mechanism):
    """Return what each agent earns and is paid in one episode under behaviour (T, N, A)."""
    state = game.start(np.array([7], np.uint64), "baseline")
    now, past = (Amounts.zeros(1, game.agents) for _ in range(2))
    total = np.zeros(game.agents)
    for round in range(game.rounds):
        now.clear()
        game.play(state, round, behaviour[round], now)
        paid = mechanism.payments(Flows.over(now, past, round, game.unit))
        total += (now.produced + paid)[0]
        past.add(now)
    return total


def best_deviation(game, mechanism):
    """Return what agent 0 earns in a selfish group, and the most that any other course earns it."""
    group = Population.of("selfish", game.agents)
    behaviour = np.array(behaviours(game, group, mechanism, "baseline"))
    stays = income(game, behaviour, mechanism)[0]
    most = -np.inf
    for course in product((0.0, 1.0), repeat=game.rounds):
        other = behaviour.copy()
        other[:, 0, 0] = course
        most = max(most, income(game, other, mechanism)[0])
    return stays, most


MECHANISMS = [
    parse("none"),
    *(SharingBonus(rate=rate) for rate in (0.3, 0.59, 0.61, 0.9, 1.1)),
    *(Royalty(share=share) for share in (0.2, 0.8)),
]


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=str)
@pytest.mark.parametrize("game", [Commons(rounds=5), Commons(agents=3, growth=1.5, rounds=4)])
def test_no_course_of_restraint_and_greed_beats_it_in_the_repeated_commons(game, mechanism):
    stays, most = best_deviation(game, mechanism)
    assert stays == pytest.approx(most)


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=str)
def test_no_course_beats_it_in_repeated_public_goods(mechanism):
    stays, most = best_deviation(PublicGoods(rounds=4), mechanism)
    assert stays == pytest.approx(most)
