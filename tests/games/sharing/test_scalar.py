"""The compiled sharing game beside a version in plain Python, written from the rules alone."""

import numpy as np
import pytest

from benchmarks.scalar_sharing import PAIRS, Episode
from mechlab.flows import FIELDS, Amounts
from mechlab.games.base import make_game
from mechlab.simulation import episode_seeds

ROWS = {
    "asks one holder": {"ask": 0.95, "answer": 0.3, "submit": 0.9},
    "asks again and talks": {
        "ask": 0.6,
        "repeat": 0.5,
        "answer": 0.7,
        "submit": 0.7,
        "chatter": 1.4,
    },
    "asks several holders": {
        "ask": 0.8,
        "breadth": 0.5,
        "repeat": 0.2,
        "answer": 0.6,
        "submit": 0.9,
    },
    "gives unasked": {"ask": 0.9, "answer": 0.9, "submit": 0.95, "volunteer": 0.01},
    "lies": {"ask": 0.9, "answer": 0.8, "submit": 0.9, "falsify": 0.3},
}


def scalar(row, episodes):
    """Sums over all rounds of each flow, and counts, of each episode."""
    table = []
    for seed in range(episodes):
        episode = Episode(row, 0.0, seed, kept=PAIRS)
        done, _ = episode.play()
        flows = [sum(map(sum, episode.total[name])) for name in PAIRS]
        table.append([*flows, sum(episode.produced), done, episode.messages])
    return np.array(table)


def compiled(row, episodes):
    game = make_game("sharing")
    state = game.start(episode_seeds(0, 0, episodes), "baseline")
    behaviour = game.behaviour([row] * game.agents)
    now, total = (Amounts.zeros(episodes, game.agents) for _ in range(2))
    for round in range(game.rounds):
        now.clear()
        game.play(state, round, behaviour, now)
        total.add(now)
    tallies = game.tallies(state)
    flows = [
        getattr(total, name).reshape(episodes, -1).sum(axis=1) for name in (*PAIRS, "produced")
    ]
    return np.stack([*flows, tallies["tasks"].sum(axis=1), tallies["messages"]], axis=1)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_both_agree_on_every_flow_and_count(row):
    assert {*PAIRS, "produced"} == set(FIELDS)
    theirs, ours = scalar(row, 60), compiled(row, 1000)
    error = np.sqrt(theirs.var(axis=0) / len(theirs) + ours.var(axis=0) / len(ours))
    # 4 standard errors: a false alarm in one of 40 comparisons in some 400 runs of other seeds.
    assert (abs(theirs.mean(axis=0) - ours.mean(axis=0)) <= 4 * error).all()
