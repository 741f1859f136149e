"""The deal, the tasks, the order of turns and single steps, read from the state of a batch."""

import numpy as np
import pytest

from mechlab.flows import Amounts
from mechlab.games._bitset import bit, count, first, has, include, item, lowest
from mechlab.games.base import make_game
from mechlab.games.sharing._table import Reader
from mechlab.simulation import episode_seeds

EPISODES = 200


def dealt(**settings):
    game = make_game("sharing", settings)
    state, _ = game.start(episode_seeds(5, 0, EPISODES), "baseline")
    return game, state


def reading(state, b):
    """Episode b, read as a batch of one."""
    shared = {"sizes", "wanted", "due", "parcels"}
    one = {k: v[b : b + 1] for k, v in state._asdict().items() if k not in shared}
    return Reader(state._replace(**one))


def test_sets_of_bits_are_sets():
    items = [0, 5, 63, 64, 127]
    words = np.zeros(3, np.uint64)
    for member in items:
        include(words, 1, member)
    assert [k for k in range(128) if has(words, 1, k)] == items
    assert words[0] == 0
    assert count(words[1]) == 3
    assert lowest(words[2]) == 0
    assert item(1, words[2]) == 64
    assert first(words[1]) == bit(0)


def test_each_piece_has_one_first_holder_and_hands_are_full():
    _, state = dealt()
    for b in range(20):
        hands = [reading(state, b).held(i) for i in range(10)]
        assert [len(hand) for hand in hands] == [10] * 10
        assert sorted(k for hand in hands for k in hand) == list(range(100))


def test_short_hands_are_topped_up_with_at_most_two_more_copies_of_a_piece():
    _, state = dealt(pieces=40)  # 4 pieces an agent from the deck, 6 from a pool of 80
    for b in range(20):
        hands = [reading(state, b).held(i) for i in range(10)]
        assert [len(hand) for hand in hands] == [10] * 10
        copies = np.bincount([k for hand in hands for k in hand], minlength=40)
        assert copies.min() >= 1
        assert copies.max() <= 3


def test_a_deck_that_does_not_divide_goes_round_robin():
    _, state = dealt(pieces=103, hand=10)
    hands = [reading(state, 0).held(i) for i in range(10)]
    assert [len(hand) for hand in hands] == [11] * 3 + [10] * 7


def test_values_follow_the_four_bands():
    _, state = dealt()
    truth = state.truth.ravel()
    shares = np.histogram(truth, bins=[0, 20, 60, 80, 101])[0] / truth.size
    assert truth.min() >= 0
    assert truth.max() <= 100
    # 20,000 draws: three standard errors of a share are at most 0.011.
    assert np.allclose(shares, [0.05, 0.15, 0.60, 0.20], atol=0.011)


def test_tasks_need_distinct_pieces_drawn_evenly_from_all():
    _, state = dealt()
    tasks = [t for b in range(EPISODES) for i in range(10) for t in reading(state, b).tasks(i)]
    assert len(tasks) == EPISODES * 10 * 2
    assert all(len(set(task)) == 4 for task in tasks)
    drawn = np.bincount(np.concatenate(tasks), minlength=100)  # 160 expected of each piece
    chi2 = ((drawn - 160) ** 2 / 160).sum()
    assert chi2 < 149  # the 99.9% point of chi square with 99 degrees of freedom


def test_the_order_of_turns_is_shuffled_anew_each_round():
    game = make_game("sharing")
    state = game.start(episode_seeds(2, 0, EPISODES), "baseline")
    idle, now, orders = game.behaviour([{}] * 10), Amounts.zeros(EPISODES, 10), []
    for round in range(4):
        game.play(state, round, idle, now)
        orders.append(state[0].order.copy())
    for order in orders:
        assert (np.sort(order, axis=1) == np.arange(10)).all()
        led = np.bincount(order[:, 0], minlength=10)
        assert ((led - 20) ** 2 / 20).sum() < 28  # the 99.9% point with 9 degrees of freedom
    assert (orders[0] != orders[1]).any(axis=1).mean() > 0.99


def test_a_completed_task_is_replaced_at_once():
    game = make_game("sharing", {"pieces": 8, "hand": 8, "agents": 2, "needed": 2})
    state = game.start(episode_seeds(2, 0, 3), "baseline")
    game.play(state, 0, game.behaviour([{"submit": 1.0}] * 2), Amounts.zeros(3, 2))
    assert (state[0].done == 2).all()
    assert (state[0].drawn == 4).all()
    assert all(len(task) == 2 for i in range(2) for task in reading(state[0], 0).tasks(i))


@pytest.mark.parametrize("settings", [{}, {"pieces": 200, "hand": 20}, {"agents": 70, "hand": 1}])
def test_a_round_of_large_sets_is_like_one_of_small_sets(settings):
    """Perfect agents waste nothing, however many words a set takes."""
    game = make_game("sharing", settings)
    state = game.start(episode_seeds(2, 0, 3), "baseline")
    behaviour = game.behaviour([game.references["perfect"]] * game.agents)
    given = answered = 0.0
    for round in range(4):
        now = Amounts.zeros(3, game.agents)
        game.play(state, round, behaviour, now)
        given, answered = given + now.given.sum(), answered + now.answered.sum()
        assert not now.withheld.any()
    tallies = game.tallies(state)
    assert given == answered > 0
    assert tallies["tasks"].sum() == tallies["feasible"].sum() > 0
    assert (tallies["sent"] == tallies["requested"]).all()


def test_pieces_are_neither_lost_nor_made():
    game = make_game("sharing")
    state = game.start(episode_seeds(2, 0, 5), "baseline")
    row = {"ask": 0.7, "answer": 0.6, "submit": 0.8, "falsify": 0.3, "volunteer": 0.01}
    gained = np.zeros(5)
    for round in range(game.rounds):
        now = Amounts.zeros(5, 10)
        game.play(state, round, game.behaviour([row] * 10), now)
        gained += (now.given + now.falsified).sum(axis=(1, 2))
        held = [sum(len(reading(state[0], b).held(i)) for i in range(10)) for b in range(5)]
        assert (held == 100 + gained).all()
    directory = reading(state[0], 0).directory()
    assert all(len(set(holders)) == len(holders) for holders in directory.values())
