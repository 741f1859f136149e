"""Quantal response."""

import math

import pytest

from mechlab.agents.base import AGENTS
from mechlab.agents.population import Population
from mechlab.errors import UserError
from mechlab.games.base import make_game
from mechlab.mechanism.incentives import Incentives


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
