"""What an uncertain fit adds to an interval."""

import math

import numpy as np
import pytest

from mechlab.population import Population
from mechlab.search.offline import thresholds
from mechlab.search.widen import combined, widen
from tests.search.studies import a_study


def test_draws_that_agree_add_nothing():
    found = combined((90.0, 104.0), 97.0, [97.0] * 30, 0.95)
    assert found.interval == pytest.approx((90.0, 104.0))
    assert found.episodes == 1.0 and found.fit == 0.0


def test_normal_errors_of_both_kinds_add_up_to_their_own_interval():
    # Episodes err by 3, the fit by 4: together by 5, and 1.96 of that is the 95% interval.
    drawn = np.random.default_rng(0).normal(100.0, 4.0, 4000)
    found = combined((100.0 - 1.96 * 3, 100.0 + 1.96 * 3), 100.0, list(drawn), 0.95)
    assert found.interval == pytest.approx((100.0 - 1.96 * 5, 100.0 + 1.96 * 5), abs=0.5)
    assert found.fit == pytest.approx(16 / 25, abs=0.02)


def test_draws_that_never_reach_the_target_leave_the_upper_end_open():
    found = combined((90.0, 104.0), 97.0, [97.0] * 15 + [math.inf] * 5, 0.95)
    assert found.interval[0] == pytest.approx(90.0) and math.isinf(found.interval[1])
    assert found.fit == 1.0 and found.episodes == 0.0


def test_groups_that_differ_widen_a_study():
    study = a_study()
    own = thresholds(study)["sharing_bonus"]
    certified = (0.97 * own.mid, 1.03 * own.mid)
    alike = widen(study, "sharing_bonus", certified, [study.group])
    assert alike.interval == pytest.approx(certified, rel=1e-6) and alike.fit == 0.0
    groups = [Population.of("gpt-5-mini*9 + perfect", 10), study.group]
    mixed = widen(study, "sharing_bonus", certified, groups)
    assert mixed.interval[0] < certified[0]  # a perfect agent leaves less to pay for
    assert mixed.draws[0] < mixed.draws[1] == pytest.approx(own.mid)
