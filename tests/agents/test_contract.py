"""The contract of an agent, for every registered one in every game, unasked."""

import pickle

import numpy as np
import pytest

from mechlab.agents.base import AGENTS, Agent
from mechlab.agents.population import Population
from mechlab.errors import UserError
from mechlab.games.base import GAMES
from mechlab.mechanism.incentives import Incentives
from mechlab.parameters import parameters
from mechlab.simulation import simulate

every_agent = pytest.mark.parametrize("name", list(AGENTS))
every_pair = pytest.mark.parametrize(("name", "game"), [(a, g) for a in AGENTS for g in GAMES])


def plays(name, game):
    """Whether an agent plays a game; one that does not must refuse it as the user's mistake."""
    try:
        AGENTS.get(name).propensities(GAMES.get(game)(), Incentives())
    except UserError as error:
        assert name in str(error)
        assert game in str(error)
        return False
    return True


@every_agent
def test_it_is_written_by_its_name_and_parameters(name):
    agent = AGENTS.get(name)
    assert isinstance(agent, Agent)
    assert agent.name == name
    assert agent.kind in ("scripted", "emulated")
    assert agent.what
    assert Population.of(str(agent), 2).members == (agent, agent)
    assert Population.of(name, 1).members == (agent,)
    assert pickle.loads(pickle.dumps(agent)) == agent


@every_agent
def test_its_parameters_have_units_and_hold_at_both_ends(name):
    agent = AGENTS.get(name)
    for field, declared in parameters(type(agent)).items():
        assert declared.unit
        for end in (declared.low, declared.high):
            assert getattr(agent.tuned({field.rstrip("_"): end}), field) == end


@every_pair
def test_it_plays_or_refuses_each_game(name, game):
    if not plays(name, game):
        with pytest.raises(UserError, match=name):
            simulate(game, name, episodes=1)
        return
    one, two = (simulate(game, name, "sharing_bonus(rate=1)", episodes=3) for _ in range(2))
    assert np.array_equal(one.produced, two.produced)
    assert np.isfinite(one.produced).all()


@every_pair
def test_its_propensities_are_chances_of_the_game(name, game):
    if not plays(name, game):
        return
    made = GAMES.get(game)()
    some = dict.fromkeys(made.acts, 0.3)
    for seen in (
        Incentives(),
        Incentives(dict.fromkeys(made.acts, 0.5 * made.unit), made.unit, others=some),
        Incentives(dict.fromkeys(made.acts, -1e9), made.unit, production=dict.fromkeys(some, 1e9)),
    ):
        behaviour = AGENTS.get(name).propensities(made, seen)
        assert set(behaviour) <= set(made.propensities)
        unbounded = {"chatter"}  # messages a turn
        assert all(0 <= behaviour[act] <= 1 for act in set(behaviour) - unbounded)


@every_pair
def test_an_agent_that_says_so_does_not_respond(name, game):
    agent = AGENTS.get(name)
    if agent.responds or not plays(name, game):
        return
    made = GAMES.get(game)()
    paid = Incentives(dict.fromkeys(made.acts, 1e6), made.unit)
    assert agent.propensities(made, paid) == agent.propensities(made, Incentives())


@pytest.mark.parametrize("game", list(GAMES))
def test_a_selfish_group_gives_nothing_unpaid_where_giving_is_dominated(game):
    made = GAMES.get(game)()
    episodes = simulate(made, "selfish", episodes=2)
    silent = simulate(made, "silent", episodes=2)
    assert episodes["group_revenue"].mean() <= silent["group_revenue"].mean() + 1e-9
