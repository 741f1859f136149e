"""An interim analysis: what each dose shows, and where the ends of the interval lie between two."""

import numpy as np
import pytest

from mechlab.search._analysis import InterimAnalysis
from mechlab.search._direction import Direction
from mechlab.search._replicates import Replicates
from mechlab.search.bounds import Sample, mean_bounds
from tests.search.beliefs import ANSWER, DOSES, believe, efficiency

RNG = np.random.default_rng(0)
LOW, HIGH = 1050.0, 1300.0  # rates on both sides of the threshold


def sample(mean: float, sd: float = 0.03, n: int = 200) -> Sample:
    return Sample(n, mean, sd**2, 0.0)


def analysis(samples=None, belief=None, sizes=(), sd=0.03):
    way = Direction(belief or believe(), {"rate": 1.0})
    doses = (way.dose(LOW / 5000, "lower"), way.dose(HIGH / 5000, "upper"))
    shown = samples or tuple(sample(efficiency(rate), sd) for rate in (LOW, HIGH))
    return InterimAnalysis(way, doses, shown, sizes, alpha=0.03)


def test_each_dose_is_judged_by_its_own_bounds():
    low, high = analysis().evidence()
    assert (low.conclusion, high.conclusion) == ("insufficient", "sufficient")
    share = 0.03 / 2  # two doses share the error
    assert (low.mean, low.lower, low.upper) == mean_bounds(
        [sample(efficiency(1050.0))], [1.0], share
    )


def test_the_ends_lie_between_the_doses_and_hold_the_threshold():
    shown = analysis()
    assert LOW <= shown.lower().size < ANSWER < shown.upper().size <= HIGH
    assert shown.upper().size - shown.lower().size < 0.3 * (HIGH - LOW)


def test_more_noise_leaves_wider_ends():
    exact, noisy = analysis(sd=0.03), analysis(sd=0.1)
    assert noisy.upper().size > exact.upper().size
    assert noisy.lower().size < exact.lower().size


def test_nothing_is_shown_where_the_doses_show_nothing():
    shown = analysis(samples=(sample(0.8, 0.3), sample(0.81, 0.3)))
    assert shown.upper() is None and shown.lower() is None
    assert {one.conclusion for one in shown.evidence()} == {"neither"}


@pytest.mark.parametrize(
    ("means", "promising"), [((0.7, 0.9), True), ((0.799, 0.9), False), ((0.85, 0.9), False)]
)
def test_more_episodes_are_promising_where_the_target_lies_well_inside(means, promising):
    shown = analysis(samples=tuple(sample(mean, 0.2) for mean in means))
    assert shown.promising() is promising


def test_nothing_in_between_is_judged_where_the_mean_may_jump():
    """A rise of forty standard deviations: the ends are the doses themselves."""
    shown = analysis(samples=(sample(0.5, 0.01), sample(0.9, 0.01)))
    assert shown.lower().size == pytest.approx(LOW)
    assert shown.upper().size == pytest.approx(HIGH)


def test_an_observed_size_has_bounds_that_hold_its_mean():
    spend = tuple(
        Replicates((dose / 5000,), 8 * number, tuple(100.0 * dose + RNG.normal(0, 900, 8)))
        for number, dose in enumerate(DOSES)
    )
    belief = believe(size=None, observed_sizes=spend)
    sizes = sample(105_000.0, 900.0), sample(130_000.0, 900.0)
    upper = analysis(belief=belief, sizes=sizes).upper()
    assert upper.least < upper.size < upper.most
    assert upper.least < 100 * upper.params["rate"] < upper.most


def test_a_size_without_noise_is_practically_exact_at_a_dose():
    belief = believe(
        size=None,
        observed_sizes=tuple(
            Replicates((dose / 5000,), 8 * number, (100.0 * dose,) * 8)
            for number, dose in enumerate(DOSES)
        ),
    )
    sizes = sample(105_000.0, 0.0), sample(130_000.0, 0.0)
    jumping = (sample(0.5, 0.01), sample(0.9, 0.01))
    upper = analysis(belief=belief, sizes=sizes, samples=jumping).upper()
    assert upper.least == pytest.approx(130_000, rel=1e-3)
    assert upper.most == pytest.approx(130_000, rel=1e-3)
