"""Agents by their parameters, and scripted roles."""

import pytest

from mechlab.agents.base import AGENTS, Scripted
from mechlab.errors import UserError
from mechlab.games.base import make_game
from mechlab.mechanism.incentives import Incentives


def test_tuning_makes_another_agent_and_leaves_the_registered_one():
    logit = AGENTS.get("logit")
    tuned = logit.tuned({"lambda": 3})
    assert (str(tuned), str(logit)) == ("logit(lambda=3)", "logit(lambda=1)")
    with pytest.raises(UserError, match="did you mean 'lambda'"):
        logit.tuned({"lamda": 3})


@pytest.mark.parametrize("role", ["perfect", "silent", "saboteur"])
def test_a_scripted_agent_plays_its_role_whatever_it_is_paid(role):
    game = make_game("sharing")
    paid = Incentives({"answer": -1e9}, game.unit)
    assert AGENTS.get(role).propensities(game, paid) == game.roles[role]
    assert not AGENTS.get(role).responds


def test_a_role_that_the_game_lacks_is_named_with_those_that_it_has():
    with pytest.raises(UserError, match=r"has no role 'jester' \(it has: perfect, "):
        Scripted("jester").propensities(make_game("sharing"), Incentives())
