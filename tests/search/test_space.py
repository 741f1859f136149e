"""Settings as points of the unit cube, and back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from mechlab.search._space import MAX_COMBINATIONS, Space

SPACE = Space.of(
    {
        "rate": FloatDistribution(0.0, 5000.0),
        "scale": FloatDistribution(0.01, 100.0, log=True),
        "rounds": IntDistribution(1, 30),
        "step": FloatDistribution(0.0, 1.0, step=0.25),
        "rule": CategoricalDistribution(["a", "b", "c"]),
    }
)
SETTINGS = st.fixed_dictionaries(
    {
        "rate": st.floats(0.0, 5000.0),
        "scale": st.floats(0.01, 100.0),
        "rounds": st.integers(1, 30),
        "step": st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]),
        "rule": st.sampled_from(["a", "b", "c"]),
    }
)


@given(SETTINGS)
def test_a_setting_comes_back_from_its_point(setting):
    point = SPACE.encode([setting])[0]
    assert ((point >= 0.0) & (point <= 1.0)).all()
    back = SPACE.decode(point)
    for name in ("rounds", "step", "rule"):
        assert back[name] == setting[name]
    for name in ("rate", "scale"):
        assert math.isclose(back[name], setting[name], rel_tol=1e-9, abs_tol=1e-9)


@given(st.lists(st.floats(-0.5, 1.5), min_size=4, max_size=4), st.integers(0, 2))
def test_a_rounded_point_is_that_of_a_valid_setting(numbers, category):
    point = np.concatenate([numbers, np.eye(3)[category]])[None, :]
    rounded = SPACE.rounded(point)
    assert SPACE.encode([SPACE.decode(rounded[0])]) == pytest.approx(rounded, abs=1e-9)
    assert SPACE.decode(rounded[0]) == SPACE.decode(point[0])


def test_a_category_has_one_coordinate_for_each_choice():
    space = Space.of({"rule": CategoricalDistribution(["a", "b", "c"])})
    assert space.width == 3 and space.n_numeric == 0
    assert space.encode([{"rule": "b"}]).tolist() == [[0.0, 1.0, 0.0]]
    assert space.decode(np.array([0.2, 0.3, 0.9])) == {"rule": "c"}


def test_a_log_range_has_its_geometric_mean_in_the_middle():
    space = Space.of({"scale": FloatDistribution(0.01, 100.0, log=True)})
    assert space.decode(np.array([0.5]))["scale"] == pytest.approx(1.0)


def test_whole_numbers_round_to_the_nearest():
    space = Space.of({"rounds": IntDistribution(0, 10)})
    assert [space.decode(np.array([u]))["rounds"] for u in (0.0, 0.14, 0.16, 1.0)] == [0, 1, 2, 10]


def test_a_range_of_one_value_is_at_zero():
    space = Space.of({"rate": FloatDistribution(3.0, 3.0)})
    assert space.encode([{"rate": 3.0}]).tolist() == [[0.0]]
    assert space.decode(np.array([0.7])) == {"rate": 3.0}


@pytest.mark.parametrize(
    ("distribution", "continuous", "one_dimensional"),
    [
        (FloatDistribution(0.0, 1.0), True, True),
        (FloatDistribution(0.0, 1.0, step=0.5), False, True),
        (IntDistribution(0, 5), False, True),
        (CategoricalDistribution(["a", "b"]), True, False),
    ],
)
def test_what_kind_of_space_it_is(distribution, continuous, one_dimensional):
    space = Space.of({"p": distribution})
    assert space.continuous is continuous
    assert space.one_dimensional is one_dimensional


def test_a_cube_is_cut_into_equal_parts_for_categories():
    space = Space.of({"rate": FloatDistribution(0, 1), "rule": CategoricalDistribution(["a", "b"])})
    points = space.from_cube(np.array([[0.3, 0.49], [0.4, 0.51], [0.5, 1.0]]))
    assert points.tolist() == [[0.3, 1.0, 0.0], [0.4, 0.0, 1.0], [0.5, 0.0, 1.0]]


def test_extremes_are_each_number_alone_and_all_of_them():
    space = Space.of({"a": FloatDistribution(0, 1), "b": FloatDistribution(0, 1)})
    assert space.extremes().tolist() == [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]


def test_of_very_many_combinations_only_those_one_choice_away_are_tried():
    words = {f"w{i}": CategoricalDistribution(["a", "b", "c"]) for i in range(3)}
    assert MAX_COMBINATIONS < 3**3
    extremes = Space.of(words).extremes()
    assert (extremes.reshape(-1, 3, 3)[:, :, 0].sum(axis=1) >= 2).all()
