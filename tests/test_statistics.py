import numpy as np
import pytest
from scipy import stats

from mechlab.statistics import summarise


def test_the_interval_is_students():
    values = np.array([1.0, 2.0, 4.0, 8.0])
    summary = summarise(values)
    assert (summary.mean, summary.n) == (3.75, 4)
    assert summary.sd == pytest.approx(values.std(ddof=1))
    for level, interval in ((0.95, summary.ci95), (0.5, summarise(values, level=0.5).ci95)):
        expected = stats.t.interval(level, 3, loc=3.75, scale=values.std(ddof=1) / 2)
        assert interval == pytest.approx(expected)


def test_undefined_values_are_left_out():
    assert summarise(np.array([1.0, np.nan, 3.0])) == summarise(np.array([1.0, 3.0]))


@pytest.mark.parametrize("values", [[], [np.nan], [5.0]])
def test_what_too_few_values_leave_undefined_is_nan(values):
    summary = summarise(np.array(values, float))
    assert np.isnan([summary.sd, *summary.ci95]).all()
    assert summary.n == np.isfinite(values).sum()
    assert np.isnan(summary.mean) == (summary.n == 0)


def test_as_plain_values():
    assert summarise(np.array([2.0, 2.0])).as_json() == {
        "mean": 2.0,
        "sd": 0.0,
        "ci95": [2.0, 2.0],
        "n": 2,
    }
