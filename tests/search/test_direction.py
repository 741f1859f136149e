"""A direction through the parameters: positions, valid settings, crossings."""

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from mechlab.search._direction import Direction
from mechlab.search._directions import covering_directions, directions_through, refined
from mechlab.search._replicates import Replicates
from mechlab.search._space import Space
from mechlab.search._threshold import Belief
from tests.search.beliefs import ANSWER, believe, jump

BONUS = Space.of({"a": FloatDistribution(0, 10), "b": FloatDistribution(0, 10)})


def two() -> Direction:
    """Efficiency grows with the sum of two numbers; the aim lies at (0.2, 0.4) of the unit cube."""
    points = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.5, 0.5), (0.2, 0.4)]
    trials = [Replicates(x, 2 * i, (0.3 + 0.3 * sum(x),) * 2) for i, x in enumerate(points)]
    belief = Belief(BONUS, 0.6, 0.95, tuple(trials), size=lambda p: p["a"] + p["b"])
    return Direction(belief, {"a": 2.0, "b": 4.0})


def test_a_direction_runs_from_nothing_through_its_aim_to_the_end_of_the_range():
    way = two()
    assert way.params(0.0) == {"a": 0.0, "b": 0.0}
    assert way.params(0.4) == pytest.approx({"a": 2.0, "b": 4.0})
    assert way.params(1.0) == pytest.approx({"a": 5.0, "b": 10.0})


def test_a_position_is_that_of_the_nearest_point():
    way = two()
    assert way.position({"a": 2.0, "b": 4.0}) == pytest.approx(0.4)


def test_the_sizes_along_it_are_those_of_its_settings():
    assert two().sizes(np.array([0.0, 0.4, 1.0])) == pytest.approx([0.0, 6.0, 15.0])


def test_the_crossing_is_where_the_curve_reaches_the_target():
    median, spread = Direction(believe(), {"rate": 1.0}).crossing
    assert median * 5000 == pytest.approx(ANSWER, rel=0.05)
    assert 0.0 < spread < 0.05


def test_whole_doses_have_whole_positions_between_them():
    way = Direction(jump(), {"dose": 1})
    between = way.positions_between(0.25, 0.5)
    assert between == pytest.approx([0.3, 0.35, 0.4, 0.45])  # 6, 7, 8, 9 of 20
    assert way.next_valid(0.26, 0.5) * 20 == pytest.approx(6)
    assert way.next_valid(0.49, 0.25) * 20 == pytest.approx(9)
    assert way.dose(0.51, "upper").params == {"dose": 10}


def test_a_direction_through_nothing_is_the_diagonal():
    directions = directions_through(BONUS, np.zeros((1, 2)), np.array([0.0, 1.0]))
    assert directions.points.tolist() == [[0.0, 0.0], [1.0, 1.0]]


def test_directions_cover_each_number_and_each_category():
    space = Space.of({"a": FloatDistribution(0, 1), "w": CategoricalDistribution(["x", "y"])})
    ends = covering_directions(space).end
    assert {tuple(end) for end in ends[:, 1:]} == {(1.0, 0.0), (0.0, 1.0)}
    assert (ends[:, 0] == 1.0).all()


def test_positions_are_refined_where_it_matters_and_keep_both_ends():
    t = np.linspace(0.0, 1.0, 11)
    fine = refined(t, 0.42, 0.58)
    assert fine[0] == 0.0 and fine[-1] == 1.0
    inside = (fine >= 0.4) & (fine <= 0.6)
    assert inside.sum() >= 25 and (np.diff(fine) > 0.0).all()
