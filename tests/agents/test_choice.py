"""Best response (against equilibria by brute force), quantal response and reciprocity."""

import math
from itertools import product

import numpy as np
import pytest

from mechanisms import Royalty, SharingBonus
from mechlab.agents.base import AGENTS
from mechlab.agents.population import Population
from mechlab.agents.response import behaviours
from mechlab.errors import UserError
from mechlab.flows import Amounts, Flows
from mechlab.games import Commons, PublicGoods
from mechlab.games.base import make_game
from mechlab.mechanism import parse
from mechlab.mechanism.incentives import Incentives
from mechlab.simulation import simulate


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


def test_chances_are_logit_in_the_gain_over_the_unit():
    agent, game = AGENTS.get("logit").tuned({"lambda": 3}), make_game("public_goods")
    gain = Incentives({"give": 0.5}, production={"give": -0.6})
    assert agent.propensities(game, gain)["give"] == pytest.approx(1 / (1 + math.exp(0.3)))


def test_acts_that_exclude_each_other_share_the_chances():
    agent, game = AGENTS.get("logit"), make_game("sharing")
    seen = agent.propensities(game, Incentives())  # nothing, answer, falsify: a third each
    assert seen["answer"] == pytest.approx(2 / 3)
    assert seen["falsify"] == pytest.approx(1 / 2)


def test_a_large_precision_is_best_response():
    game, seen = make_game("sharing"), Incentives({"answer": 10.0, "volunteer": -1.0}, unit=1e4)
    exact = AGENTS.get("selfish").propensities(game, seen)
    sharp = AGENTS.get("logit").tuned({"lambda": 1e6}).propensities(game, seen)
    assert {n: sharp[n] for n in ("answer", "volunteer")} == pytest.approx(
        {n: exact[n] for n in ("answer", "volunteer")}
    )


def test_it_is_written_in_populations_with_its_parameter():
    group = Population.of("logit(lambda=2)*3 + conditional(start=0.5, follow=0.8) + perfect", 5)
    assert [m.params for m in group.members[:3]] == [{"lambda_": 2.0}] * 3
    assert group.members[3].params == {"start": 0.5, "follow": 0.8}
    assert Population.of(str(group), 5) == group


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("logit(lamda=2)", "did you mean 'lambda'"),
        ("logit(lambda=-1)", r"must be in \[0, "),
        ("logit(lambda=high)", "got 'high'"),
        ("selfish(lambda=1)", r"valid: none"),
        ("logit(2)", "is written like .* goes wrong at character 7"),
        ("logit(lambda=2", "is written like"),
    ],
)
def test_wrong_parameters_are_refused(spec, message):
    with pytest.raises(UserError, match=message):
        Population.of(spec, 4)


def test_giving_decays_geometrically_in_a_group_that_follows_in_part():
    episodes = simulate("public_goods", "conditional(follow=0.8)", episodes=3000)
    shares = 0.8 ** np.arange(10)
    expected = 4 * 20 * (1 + 0.6 * shares)
    assert np.allclose(episodes.revenue.mean(axis=0), expected, atol=0.2)


def test_tit_for_tat_is_exploited_once():
    episodes = simulate("matrix", "conditional + silent", episodes=2)
    assert np.allclose(episodes.produced, [0 + 19 * 1, 5 + 19 * 1])


def test_it_gives_where_giving_pays_whoever_else_does():
    plain = simulate("public_goods", "conditional*3 + silent", episodes=20)
    paid = simulate("public_goods", "conditional*3 + silent", "sharing_bonus(rate=1)", episodes=20)
    assert np.allclose(paid.given[:, :3].sum(axis=(1, 2)), 3 * 20 * 10)
    assert plain["group_revenue"].mean() < paid["group_revenue"].mean()


@pytest.mark.parametrize("start", [0.0, 0.5])
def test_it_begins_with_its_own_share(start):
    episodes = simulate("public_goods", f"conditional(start={start})", episodes=2000)
    given = episodes.given.sum(axis=2).mean() / 200
    assert given == pytest.approx(start, abs=0.01)
