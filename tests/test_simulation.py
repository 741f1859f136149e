"""The table of episodes: seeds, references and money."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from mechlab.calibrate.published import published
from mechlab.checks import Fixed, check
from mechlab.errors import UserError
from mechlab.games.base import Game
from mechlab.mechanism.incentives import Act
from mechlab.parameters import param
from mechlab.simulation import simulate


def test_a_perfect_group_comes_within_two_percent_of_the_published_tasks():
    figure = next(f for f in published() if (f.model, f.metric) == ("perfect", "tasks"))
    played = simulate(population="perfect", episodes=200).summary
    assert played["tasks"].mean == pytest.approx(figure.value, rel=0.02)
    assert played["efficiency"].mean == 1.0
    assert played["response_rate"].mean == 1.0
    assert played["pipeline_efficiency"].mean == 1.0


def test_reference_points_lie_where_the_rules_put_them():
    """turns at 176 to 185 tasks; optimum at 382 to 400, its bound being N T L = 400."""
    played = simulate(population="silent", episodes=200).summary
    assert 176 <= played["sequential"].mean / 10_000 <= 185
    assert 382 <= played["optimum"].mean / 10_000 <= 400


def test_an_episode_does_not_depend_on_how_many_are_played_or_in_what_batch():
    whole = simulate(population="o3", episodes=140, seed=4).frame
    parts = [simulate(population="o3", episodes=n, seed=4, first=m).frame for m, n in
             ((0, 7), (7, 1), (8, 132))]  # fmt: skip
    pd.testing.assert_frame_equal(whole, pd.concat(parts), check_index_type=False)


def test_another_seed_is_another_table():
    one, other = (simulate(population="o3", episodes=5, seed=seed).frame for seed in (1, 2))
    assert not one.equals(other)


def test_money_adds_up():
    played = simulate(population="perfect", mechanism="sharing_bonus(rate=100)", episodes=5)
    given = played.given.sum(axis=(1, 2))
    assert played["spend"] == pytest.approx(100.0 * given)
    assert played["subsidy"] == pytest.approx(100.0 * given)
    assert played["net_revenue"] == pytest.approx(played["group_revenue"] - 100.0 * given)
    assert played.revenue.sum(axis=1) == pytest.approx(played.produced.sum(axis=1))
    assert played["group_revenue"] == pytest.approx(10_000.0 * played["tasks"])


def test_what_a_silent_group_leaves_undefined_is_nan():
    frame = simulate(population="silent", episodes=3).frame
    idle = frame[frame["tasks"] == 0]
    assert idle["messages_per_task"].isna().all()
    assert idle["gini"].isna().all()
    assert (idle["efficiency"] == 0.0).all()


def test_a_bonus_leaves_agents_alone_that_do_not_respond():
    plain, paid = (
        simulate(population="perfect", mechanism=mechanism, episodes=5)
        for mechanism in (None, "sharing_bonus(rate=1000)")
    )
    assert np.array_equal(plain["tasks"], paid["tasks"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"game": "sharin"}, "did you mean 'sharing'"),
        ({"condition": "auto_reqest"}, "did you mean 'auto_request'"),
        ({"population": "o4"}, "unknown agent 'o4'"),
        ({"settings": {"rounds": 0}}, "rounds must be"),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises(UserError, match=message):
        simulate(**{"population": "perfect", "episodes": 2, **arguments})


@dataclass(frozen=True)
class Volunteers(Game):
    """Whoever volunteers pays 40; if anybody does, each of four gains 50: one is best, not all."""

    name = "volunteers"
    fields = frozenset({"given", "produced"})
    propensities = ("volunteer",)
    references: ClassVar = {"perfect": [{"volunteer": 1.0}, {}, {}, {}]}
    unit = 1.0

    agents: int = param(4, low=4, high=4, unit="agents")
    rounds: int = param(1, low=1, high=9, unit="rounds")

    @property
    def acts(self):
        return {"volunteer": Act(given=1, produced=-40.0)}

    def start(self, seeds, condition):
        return None

    def play(self, state, round, behaviour, now):
        done = behaviour[:, 0]
        now.produced[...] = 50.0 * done.max() - 40.0 * done
        now.given[...] = (done / 3)[:, None] * (1 - np.eye(4))


def test_agents_may_differ_at_a_reference_point():
    episodes = simulate(Volunteers(), "selfish", episodes=2)
    assert np.allclose(episodes["perfect"], 4 * 50 - 40)
    everybody = [Fixed.of({"volunteer": 1.0})] * 4
    assert np.allclose(simulate(Volunteers(), everybody, episodes=2)["efficiency"], 40 / 160)
    verdict = check("none", Volunteers(), only=["incentive_compatibility"])[
        "incentive_compatibility"
    ]
    assert not verdict.holds
