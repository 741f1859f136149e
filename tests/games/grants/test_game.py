"""The grants game against what can be told of it beforehand."""

from math import comb

import numpy as np
import pytest

from mechlab.errors import UserError
from mechlab.flows import Amounts
from mechlab.games import Grants
from mechlab.games.grants._table import Reader
from mechlab.simulation import simulate


@pytest.mark.parametrize("rounds", [1, 5, 20])
def test_perfect_agents_take_two_turns_a_task(rounds):
    game = Grants(lifetime=2, rounds=rounds)
    assert (simulate(game, "perfect", episodes=10)["tasks"] == 10 * 2 * (rounds // 2)).all()


def test_giving_all_unasked_completes_every_task_from_the_second_round():
    tasks = simulate("grants", "silent", episodes=400)["optimum"] / 10000
    first = 2 * comb(10, 5) / comb(9, 4)  # those whose owners acted before, in the first round
    spread = tasks.std() / 400**0.5
    assert tasks.mean() == pytest.approx(10 * 2 * 19 + first, abs=4 * spread)


def test_who_waits_for_turns_gets_less_and_the_silent_get_nothing():
    episodes = simulate("grants", "silent", episodes=10)
    assert (episodes["tasks"] == 0).all()
    assert (episodes["sequential"] < episodes["perfect"]).all()


def test_a_grant_of_one_round_is_too_short_to_be_used_after_asking():
    # Asked for in one turn, needed when the next one begins.
    game = Grants(lifetime=1)
    assert (simulate(game, "perfect", episodes=5)["tasks"] == 0).all()


def test_tasks_that_expire_before_they_can_be_completed_are_lost():
    game = Grants(deadline=1)
    assert (simulate(game, "perfect", episodes=5)["tasks"] == 0).all()


def test_each_piece_used_is_credited_with_its_part_of_the_reward():
    episodes = simulate("grants", "perfect", "royalty(share=1)", episodes=4)
    # A royalty of all that rests on others leaves each agent what rests on it.
    assert np.allclose(episodes.payments.sum(axis=1), 0)
    used = episodes.spend.sum() > 0
    assert used


def test_a_flat_bonus_is_earned_again_each_time_a_grant_expires():
    # All of a family to all others, every 2 rounds from the first: given when it would not last.
    game = Grants(lifetime=3)
    episodes = simulate(game, "selfish", "sharing_bonus(rate=1)", episodes=3)
    assert np.allclose(episodes.given.sum(axis=(1, 2)), 10 * 9 * 10 * 10)
    once = simulate("sharing", "selfish", "sharing_bonus(rate=1)", episodes=3)
    assert np.allclose(once.given.sum(axis=(1, 2)), 900)


@pytest.mark.parametrize("settings", [{}, {"family": 70}, {"agents": 70, "needed": 60}])
def test_the_owners_of_a_task_are_others_and_distinct(settings):
    game = Grants(**{"agents": 5, "needed": 4, **settings})
    row = game.behaviour([game.references["perfect"]] * game.agents)
    for seed in range(5):
        state = game.start(np.array([seed], np.uint64), "baseline")
        game.play(state, 0, row, Amounts.zeros(1, game.agents))
        for i in range(game.agents):
            for task in Reader(state[0]).tasks(i):
                owners = {owner for owner, _ in task.pieces}
                assert len(owners) == len(task.pieces) == game.needed
                assert i not in owners
                assert task.due == game.deadline - 1


@pytest.mark.parametrize("lifetime", [1, 2, 3, 9])
def test_a_grant_lasts_its_lifetime_and_is_renewed_when_it_would_lapse(lifetime):
    game = Grants(lifetime=lifetime, rounds=8)
    row = game.behaviour([{"volunteer": 1.0}] * 10)
    state, now = game.start(np.array([1], np.uint64), "baseline"), Amounts.zeros(1, 10)
    for round in range(8):
        now.clear()
        game.play(state, round, row, now)
        # In round 0, and then whenever the last grant would not outlast the round.
        renewed = round % max(1, lifetime - 1) == 0
        assert now.given.sum() == (10 * 9 * 10 if renewed else 0)
        granted = round - round % max(1, lifetime - 1)
        last = Reader(state[0]).until(round, lifetime)
        others = np.arange(100) // 10 != np.arange(10)[:, None]
        assert (last[others] == granted + lifetime - 1).all()


def test_more_owners_than_there_are_others_are_refused():
    with pytest.raises(UserError, match=r"needed must be at most agents - 1 \(3\)"):
        Grants(agents=4, needed=4)


def test_more_pieces_than_can_be_numbered_are_refused():
    with pytest.raises(UserError, match="agents \\* family must be at most 30000"):
        Grants(agents=1000, family=31)
