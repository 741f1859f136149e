"""An interim analysis: what each dose shows by its own episodes."""

import numpy as np
import pytest

from mechlab.search._analysis import judge
from mechlab.search._direction import Dose
from mechlab.search.bounds import Sample, Serial, mean_bounds

LEVEL = 0.02


def sample(mean: float, sd: float = 0.03, n: int = 200) -> Sample:
    return Sample(n, mean, sd**2, 0.0)


def shown(purpose: str, efficiency: Sample, size: Sample | float = 900.0):
    dose = Dose(0.2, {"rate": 1000.0}, purpose)
    return judge(dose, 0.8, efficiency, size, LEVEL, LEVEL, Serial())


@pytest.mark.parametrize(
    ("purpose", "mean", "conclusion"),
    [
        ("upper", 0.82, "sufficient"),
        ("lower", 0.78, "insufficient"),
        ("upper", 0.801, "neither"),
        ("lower", 0.799, "neither"),
        ("upper", 0.7, "neither"),  # only what the dose was played for can be shown
        ("lower", 0.9, "neither"),
    ],
)
def test_a_dose_shows_only_what_it_was_played_for(purpose, mean, conclusion):
    assert shown(purpose, sample(mean)).conclusion == conclusion


def test_it_is_judged_by_its_own_bounds_and_keeps_its_place():
    one = shown("upper", sample(0.82))
    assert (one.lower, one.upper) == mean_bounds(sample(0.82), LEVEL, LEVEL)
    assert (one.t, one.params, one.n) == (0.2, {"rate": 1000.0}, 200)


@pytest.mark.parametrize("sd", [0.0, 1e-9, 1e-4])
def test_equal_and_nearly_equal_episodes_lead_to_the_same_conclusion(sd):
    """To exclude collapses in one episode of ten, 16 episodes are too few and 60 enough."""
    few = shown("upper", sample(0.88, sd, 16))
    many = shown("upper", sample(0.88, sd, 60))
    assert (few.conclusion, many.conclusion) == ("neither", "sufficient")


def test_the_p_value_reaches_the_level_where_the_bound_reaches_the_target():
    means = np.linspace(0.79, 0.82, 301)
    judged = [shown("upper", sample(mean, 0.05)) for mean in means]
    assert [e.lower >= 0.8 for e in judged] == [e.p <= LEVEL for e in judged]


def test_an_observed_size_has_bounds_that_hold_its_mean_and_none_below_nothing():
    size = Sample.of([0.0] * 39 + [100.0])
    one = shown("upper", sample(0.82), size)
    assert one.least == 0.0 <= one.size == 2.5 < one.most


def test_a_size_that_the_rules_fix_is_exact():
    one = shown("upper", sample(0.82), 900.0)
    assert (one.least, one.size, one.most) == (900.0,) * 3
    same = shown("upper", sample(0.82), Sample.of([0.0] * 40))
    assert (same.least, same.size, same.most) == (0.0,) * 3
