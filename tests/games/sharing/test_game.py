"""The sharing game in compiled rounds: rules, conditions and reference points.

Expected figures: arXiv 2604.07821, table 1, and a scalar port of the released rules (see
docs/sharing_game.md for both).
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechlab.errors import UserError
from mechlab.flows import Amounts
from mechlab.games.base import make_game
from mechlab.simulation import episode_seeds, simulate

CHANCES = st.floats(0, 1)


def played(rows, condition="baseline", seeds=8, **options):
    """Play a batch; returns the game, its tallies and the flows of each round."""
    game = make_game("sharing", options)
    state = game.start(episode_seeds(3, 0, seeds), condition)
    behaviour = game.behaviour(rows)
    flows = []
    for round in range(game.rounds):
        now = Amounts.zeros(seeds, game.agents)
        game.play(state, round, behaviour, now)
        flows.append(now)
    return game, game.tallies(state), flows


def test_the_reference_points_are_the_published_ones():
    summary = simulate(population="perfect", episodes=200, seed=0).summary
    assert 200 <= summary["tasks"].mean <= 206  # 204.0 +- 2.3 published, 201.6 in the port
    assert 7.3 <= summary["messages_per_task"].mean <= 8.1  # 7.7 published, 7.67 in the port
    assert summary["gini"].mean < 0.017 + 0.01  # 0.017 published, 0.006 in the port
    assert summary["response_rate"].mean == summary["pipeline_efficiency"].mean == 1.0
    assert 176 <= summary["sequential"].mean / 10_000 <= 185  # 180.4 in the port
    assert 382 <= summary["optimum"].mean / 10_000 <= 400  # 385.1 in the port, bound 400


def test_an_episode_does_not_depend_on_its_batch():
    many = simulate(population="o3", episodes=300, seed=4).frame
    few = simulate(population="o3", episodes=3, seed=4, first=200).frame
    assert many.loc[200:202].equals(few)


def test_the_optimum_is_bounded_by_turns_and_slots():
    _, tallies, _ = played([{"volunteer": 1.0, "submit": 1.0}] * 10)
    assert (tallies["tasks"] <= 20 * 2).all()  # an agent's turns times its open tasks


def test_silent_agents_complete_only_what_they_were_dealt():
    _, tallies, flows = played([{"ask": 1.0, "submit": 1.0}] * 10)
    assert not any(now.given.any() for now in flows)
    assert tallies["sent"].sum() == 0
    assert (
        tallies["tasks"].sum(axis=1) <= 2
    ).all()  # a hand of 10 of 100 holds 4 given ones rarely


@pytest.mark.parametrize("falsified", [1, 2])
def test_each_falsified_piece_halves_the_revenue(falsified):
    liars = [{"ask": 1.0, "answer": 1.0, "submit": 1.0, "falsify": 1.0, "immediate": 1.0}] * 2
    options = {"agents": 2, "pieces": 2 * falsified, "hand": falsified, "needed": 2 * falsified}
    _, tallies, flows = played(liars, **options, tasks=1, reward=64.0)
    earned = sum(now.produced for now in flows)
    # Each agent holds one half of every task; the other half, once sent, is falsified for good.
    assert (earned == 64.0 / 2**falsified * tallies["tasks"]).all()
    assert tallies["tasks"].sum() > 0


def test_the_system_answers_at_once_where_nobody_else_would():
    asks = [{"ask": 1.0, "submit": 1.0, "thorough": 1.0}] * 10
    _, tallies, _ = played(asks, "auto_fulfill")
    _, perfect, _ = played([{**asks[0], "answer": 1.0, "immediate": 1.0}] * 10)
    assert (tallies["tasks"] == perfect["tasks"]).all()


def test_where_the_system_asks_agents_need_not():
    _, tallies, flows = played([{"answer_system": 1.0, "submit": 1.0}] * 10, "auto_request")
    assert tallies["messages"].sum() == 0
    assert flows[0].asked.any()
    assert not flows[0].given.any()  # it asks after the round
    assert (tallies["tasks"].sum(axis=1) > 100).all()


def test_with_both_automated_only_submitting_is_left():
    _, tallies, _ = played([{"submit": 1.0}] * 10, "auto_both")
    assert (tallies["tasks"].sum(axis=1) > 200).all()


def test_a_limit_of_actions_binds():
    one = [{"ask": 1.0, "answer": 1.0, "submit": 1.0}] * 10
    _, limited, _ = played(one, action_limit=1)
    _, free, _ = played(one)
    assert (limited["messages"] <= 10 * 20).all()
    assert (limited["tasks"].sum(axis=1) < free["tasks"].sum(axis=1)).all()


def test_hands_are_topped_up_and_unique_insists():
    _, tallies, _ = played([{"submit": 1.0}] * 3, agents=3, pieces=8, hand=8, needed=2)
    assert (tallies["tasks"] == 20 * 2).all()  # everybody holds all 8 pieces from the deal on
    make_game("sharing", {"unique": True})
    with pytest.raises(UserError, match="unique needs pieces = agents \\* hand = 100, got 90"):
        make_game("sharing", {"unique": True, "pieces": 90})


@settings(max_examples=25)
@given(
    row=st.fixed_dictionaries(
        dict.fromkeys(("ask", "answer", "submit", "falsify", "repeat", "volunteer"), CHANCES)
    ),
    condition=st.sampled_from(["baseline", "auto_request", "auto_fulfill", "auto_both"]),
)
def test_the_flows_add_up(row, condition):
    game, tallies, flows = played([row] * 10, condition, seeds=2, rounds=6)
    for now in flows:
        assert (now.answered <= now.given).all()
        assert (now.used <= 2 * 4).all()
        assert (now.credit.sum(axis=2) <= now.produced + 1e-9).all()
        for name in ("asked", "given", "falsified", "withheld", "used"):
            assert (np.diagonal(getattr(now, name), axis1=1, axis2=2) == 0).all()
    gained = sum(now.given + now.falsified for now in flows).sum(axis=(1, 2))
    assert (gained <= game.agents * game.pieces - game.pieces).all()  # all copies but the first
    assert (sum(now.produced for now in flows) <= game.reward * tallies["tasks"]).all()


def test_an_altered_copy_that_is_passed_on_is_no_gift_where_copies_are_traced():
    # The saboteur alters what it is asked for; who has such a copy passes it on when asked.
    plain, traced = (
        simulate("sharing", "saboteur*2 + perfect*8", episodes=4, settings={"traced": on})
        for on in (False, True)
    )
    assert np.allclose(plain.produced, traced.produced)  # only what is counted differs
    assert traced.given.sum() < plain.given.sum()
