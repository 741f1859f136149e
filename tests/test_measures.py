"""Measures on counts made by hand: expected values follow from their definitions."""

import numpy as np
import pytest

from mechlab.measures import MEASURES, ratio
from mechlab.simulation import simulate


class Counts(dict):
    """Episodes that are known by their tallies alone."""

    @property
    def tallies(self):
        return self


def measured(name, episodes):
    return MEASURES.get(name)(episodes)


def of_tasks(*tasks):
    return Counts(tasks=np.array([tasks], float))


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ((3, 3, 3, 3), 0.0),
        ((0, 0, 0, 5), 0.75),  # one has all: (n - 1) / n
        ((1, 3), 0.25),
    ],
)
def test_gini(tasks, expected):
    assert measured("gini", of_tasks(*tasks)) == pytest.approx([expected])


def test_gini_of_nothing_is_undefined():
    assert np.isnan(measured("gini", of_tasks(0, 0, 0))).all()


def test_ratios_of_counts():
    counts = Counts(
        tasks=np.array([[1.0, 3.0]]),
        messages=np.array([10.0]),
        requested=np.array([8.0]),
        sent=np.array([10.0]),
        feasible=np.array([5.0]),
    )
    assert measured("messages_per_task", counts) == [2.5]
    assert measured("response_rate", counts) == [1.25]
    assert measured("pipeline_efficiency", counts) == [0.8]


def test_a_ratio_to_nothing_is_undefined():
    assert np.isnan(ratio(np.array([0.0, 1.0]), np.zeros(2))).all()


def test_burnt_money_is_a_cost_and_no_gain():
    fined = simulate("sharing", "silent", "withholding_fine(rate=100, rebate=0)", episodes=3)
    burnt = -fined["subsidy"]
    assert (burnt > 0).all()
    assert (fined["spend"] == 0).all() and (fined["outlay"] == 0).all()
    assert np.allclose(fined["burden"], burnt) and np.allclose(fined["deadweight"], burnt)
    assert np.allclose(fined["cost"], 2 * burnt)
    assert np.allclose(fined["net_revenue"], fined["group_revenue"])
    moved = simulate("sharing", "perfect", "royalty(share=0.2)", episodes=3)
    assert np.allclose(moved["cost"], moved["spend"]) and np.allclose(
        moved["burden"], moved["spend"]
    )
    paid = simulate("sharing", "perfect", "sharing_bonus(rate=100)", episodes=3)
    assert np.allclose([paid["cost"], paid["outlay"]], paid["spend"])
