"""PettingZoo environments under mechanisms."""

import builtins
import sys
import warnings

import numpy as np
import pytest
from mpe2 import simple_spread_v3
from pettingzoo.classic import rps_v2
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test

from mechlab.adapters.pettingzoo import MechanismWrapper, rps, simple_spread, verbs
from mechlab.errors import UserError

ENVIRONMENTS = [(rps_v2, rps), (simple_spread_v3, simple_spread())]
MECHANISMS = ["none", "sharing_bonus(rate=1)", "royalty(share=0.5)", "team_share(share=0.3)"]
every = pytest.mark.parametrize(("module", "flows"), ENVIRONMENTS, ids=["rps", "simple_spread"])


@every
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_it_passes_the_tests_of_pettingzoo(module, flows, mechanism):
    def parallel():
        return MechanismWrapper(module.parallel_env(), mechanism, flows=flows)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        parallel_api_test(parallel(), num_cycles=60)
        parallel_seed_test(parallel, num_cycles=60)
        api_test(MechanismWrapper(module.env(), mechanism, flows=flows), num_cycles=60)


def rounds(env, seed, actions):
    """Play a parallel environment; return rewards and infos of each step."""
    env.reset(seed=seed)
    while env.agents:
        _, rewards, *_, infos = env.step({a: int(actions.integers(3)) for a in env.agents})
        yield rewards, infos


@every
@pytest.mark.parametrize("mechanism", MECHANISMS[1:])
def test_turns_pay_what_the_same_rounds_pay(module, flows, mechanism):
    parallel = MechanismWrapper(module.parallel_env(), mechanism, flows=flows)
    played = list(rounds(parallel, 7, np.random.default_rng(1)))
    turns = MechanismWrapper(module.env(), mechanism, flows=flows)
    turns.reset(seed=7)
    actions = np.random.default_rng(1)
    income, paid = (dict.fromkeys(turns.agents, 0.0) for _ in range(2))
    for agent in turns.agent_iter():
        _, reward, over, cut, info = turns.last()
        assert reward == pytest.approx(info["production"] + info["payment"])
        income[agent] += reward
        paid[agent] += info["payment"]
        turns.step(None if over or cut else int(actions.integers(3)))
    for agent in income:
        assert income[agent] == pytest.approx(sum(rewards[agent] for rewards, _ in played))
        assert paid[agent] == pytest.approx(sum(infos[agent]["payment"] for _, infos in played))


def test_a_point_won_is_the_others_gift():
    env = MechanismWrapper(rps_v2.parallel_env(), "sharing_bonus(rate=0.5)", flows=rps)
    env.reset(seed=0)
    # Paper beats rock: the loser let the other win a point.
    _, rewards, *_, infos = env.step({"player_0": 0, "player_1": 1})
    assert rewards == {"player_0": -0.5, "player_1": 1.0}
    assert infos["player_0"]["payment"] == 0.5
    assert infos["player_0"]["production"] == -1


def test_covering_a_landmark_is_a_gift_of_the_distance_and_leaving_it_takes_it_back():
    # The group's reward is minus the distances that are not covered: what is given is its growth.
    env = simple_spread_v3.parallel_env(local_ratio=0.0)
    wrapped = MechanismWrapper(env, "sharing_bonus(rate=1)", flows=simple_spread(0.0))
    wrapped.reset(seed=2)
    last, steps = None, []
    for step in range(20):
        move = 2 if step % 10 < 5 else 1  # to one side and back
        _, _, *_, infos = wrapped.step(dict.fromkeys(wrapped.agents, move))
        reward = next(iter(infos.values()))["production"]  # the same for all
        given = sum(info["payment"] for info in infos.values())
        if last is not None:
            assert given == pytest.approx(reward - last, abs=1e-6)  # of 32-bit floats
            steps.append(given)
        last = reward
    assert min(steps) < 0 < max(steps)


def test_a_balanced_mechanism_moves_no_money_in_or_out():
    env = MechanismWrapper(
        simple_spread_v3.parallel_env(), "royalty(share=0.5)", flows=simple_spread()
    )
    played = list(rounds(env, 3, np.random.default_rng(0)))
    sums = [sum(info["payment"] for info in infos.values()) for _, infos in played]
    assert np.allclose(sums, 0)
    assert any(info["payment"] for _, infos in played for info in infos.values())


def test_what_a_mechanism_pays_on_must_be_told():
    with pytest.raises(UserError, match=r"answer_bonus.* needs the flows answered.*'rps_v2'"):
        MechanismWrapper(rps_v2.parallel_env(), "answer_bonus", flows=rps)


def test_a_map_that_fills_other_fields_than_it_says_is_refused():
    @verbs("given")
    def wrong(step):
        return {"used": step.pairs()}

    env = MechanismWrapper(rps_v2.parallel_env(), "none", flows=wrong)
    env.reset(seed=0)
    with pytest.raises(UserError, match="the verbs declare given, and fill used"):
        env.step(dict.fromkeys(env.agents, 0))


def test_something_else_than_an_environment_is_refused():
    with pytest.raises(UserError, match="a ParallelEnv or an AECEnv"):
        MechanismWrapper(object(), "none", flows=rps)


def test_without_pettingzoo_one_line_says_what_to_install(monkeypatch):
    plain = builtins.__import__

    def missing(name, *rest):
        if name == "pettingzoo":
            raise ImportError(name)
        return plain(name, *rest)

    monkeypatch.delitem(sys.modules, "mechlab.adapters.pettingzoo")
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UserError, match=r"pip install 'mechlab\[pettingzoo\]'"):
        __import__("mechlab.adapters.pettingzoo")
