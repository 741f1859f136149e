"""Our games as PettingZoo environments."""

import warnings

import numpy as np
import pytest
from gymnasium.spaces import unflatten
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test

from mechlab.adapters.pettingzoo import env, parallel_env
from mechlab.errors import UserError
from mechlab.games.base import GAMES
from mechlab.simulation import simulate

SMALL = {
    "sharing": {"agents": 4, "pieces": 8, "hand": 2, "needed": 2, "rounds": 5},
    "grants": {"agents": 4, "family": 3, "needed": 2, "rounds": 5},
}
CASES = [(n, SMALL.get(n, {}), c) for n in GAMES for c in GAMES.get(n).conditions]
CASES.append(("matrix", {"table": "travellers_dilemma", "continuation": 0.7}, "baseline"))
every_case = pytest.mark.parametrize(("name", "settings", "condition"), CASES)


@pytest.fixture(autouse=True)
def _quiet():
    """Advice on spaces that are no vectors of bounded numbers: income has no bounds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


@every_case
def test_it_passes_the_tests_of_pettingzoo(name, settings, condition):
    def made(make):
        return lambda: make(name, "team_share", condition=condition, settings=settings)

    api_test(made(env)(), num_cycles=25)
    seed_test(made(env), num_cycles=10)
    parallel_api_test(made(parallel_env)(), num_cycles=25)
    parallel_seed_test(made(parallel_env), num_cycles=10)


@every_case
def test_everything_seen_lies_in_its_space_with_parts_by_name(name, settings, condition):
    game = parallel_env(name, condition=condition, settings=settings)
    seen, _ = game.reset(seed=1)
    while game.agents:
        for agent, observation in seen.items():
            assert game.observation_space(agent).contains(observation)
            assert set(unflatten(game.parts, observation)) == set(game.parts)
        actions = {agent: game.action_space(agent).sample() for agent in game.agents}
        seen, *_ = game.step(actions)


@pytest.mark.parametrize("name", list(GAMES))
def test_what_is_hidden_is_not_in_the_space(name):
    plain, hidden = (parallel_env(name, m) for m in ("none", "hidden"))
    assert set(plain.parts) - set(hidden.parts) == {"board"}


@pytest.mark.parametrize("name", ["sharing", "grants"])
def test_a_public_record_is_in_the_space(name):
    """Agent 0 is asked and does nothing, agent 1 asks it: so nothing is sent, and some is not."""
    game = parallel_env(name, "reputation", settings=SMALL[name])
    assert "record" not in parallel_env(name, settings=SMALL[name]).parts.spaces
    seen, _ = game.reset(seed=1)
    assert not unflatten(game.parts, seen["agent_2"])["record"].any()
    asks = {agent: np.ones_like(game.action_space(agent).sample()) for agent in game.agents}
    n, pieces = 4, {"sharing": 8, "grants": 3}[name]
    for action in asks.values():
        action[: -(n - 1) * pieces] = 0  # requests come last
    for _ in range(2):
        seen, *_ = game.step(asks)
    records = [unflatten(game.parts, one)["record"] for one in seen.values()]
    assert all((record == records[0]).all() for record in records)
    assert (records[0][:, 0] == 0).all() and (records[0][:, 1] > 0).all()


def test_a_record_that_a_game_does_not_keep_is_refused():
    with pytest.raises(UserError, match="record"):
        env("matrix", "reputation").reset(seed=0)


def test_a_game_without_spaces_is_refused():
    with pytest.raises(UserError, match="PettingZoo spaces of the game"):
        env(_Nameless())


class _Nameless(GAMES.get("matrix")):
    name = "nameless"


def test_a_mechanism_that_does_not_fit_and_an_unknown_condition_are_refused():
    with pytest.raises(UserError, match="needs the flows"):
        env("public_goods", "answer_bonus")
    with pytest.raises(UserError, match="condition"):
        parallel_env("matrix", condition="punishment")


def test_rewards_are_the_games_with_payments():
    # n = 4, m = 1.6: all contribute 20 tokens: 32 each; the bonus is 0.5 a token.
    game = parallel_env("public_goods", "sharing_bonus(rate=0.5)")
    game.reset(seed=0)
    for _ in range(10):
        _, rewards, over, _, _ = game.step(dict.fromkeys(game.agents, 20))
        assert rewards == pytest.approx(dict.fromkeys(rewards, 32 + 10))
    assert all(over.values())


def test_an_episode_of_turns_earns_what_rows_earn_that_do_the_same():
    # Where everybody sends everything on the first turn: the optimum's first round, by its rows.
    match = env("sharing", settings=SMALL["sharing"])
    match.reset(seed=3)
    earned = dict.fromkeys(match.agents, 0.0)
    for agent in match.agent_iter():
        observation, reward, over, cut, _ = match.last()
        earned[agent] += reward
        if over or cut:
            match.step(None)
            continue
        parts = unflatten(match.parts, observation)
        held, bits = parts["pieces"].astype(bool), np.zeros(2 + 2 * 3 * 8, np.int8)
        bits[:2] = [bool(held[task.astype(bool)].all()) for task in parts["tasks"]]
        bits[2 : 2 + 24] = np.tile(held, 3)
        match.step(bits)
    optimum = simulate("sharing", "silent", episodes=20, settings=SMALL["sharing"])["optimum"]
    assert optimum.min() <= sum(earned.values()) <= optimum.max()


def test_actions_that_the_game_refuses_are_told():
    match = env("sharing", settings=SMALL["sharing"])
    match.reset(seed=3)
    agent = match.agent_selection
    match.step(np.ones(2 + 2 * 3 * 8, np.int8))
    assert any("must hold every piece" in reason for reason in match.infos[agent]["refused"])
