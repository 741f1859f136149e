"""The states of a sequential test: certified, not reached, exhausted, and gone on with."""

from itertools import pairwise

import numpy as np
import pytest

from mechlab.search._sequential import SequentialTest
from mechlab.search.bounds import MIN_EPISODES
from tests.search.beliefs import ANSWER, believe, efficiency, jump


def begun(belief, budget=5000, alpha=0.05, batch=64) -> SequentialTest:
    return SequentialTest(belief, alpha=alpha, tolerance=0.07, budget=budget, batch=batch)


def play(test: SequentialTest, response, sd=0.03, seed=0, size=None) -> None:
    """Play all that is open until nothing is; each episode has luck of its own."""
    while batches := test.open():
        for dose, first, count in batches:
            rng = np.random.default_rng([seed, first])
            values = response(dose.params) + sd * rng.normal(size=count)
            test.tell(first, values, size(dose.params) + rng.normal(size=count) if size else None)


def bonus(params) -> float:
    return efficiency(params["rate"])


def test_a_known_curve_is_certified_on_both_sides_of_its_threshold():
    test = begun(believe())
    play(test, bonus)
    assert test.decided and not test.exhausted
    assert test.lower.t * 5000 < ANSWER < test.upper.t * 5000
    assert test.upper.size - test.lower.size <= 0.07 * test.upper.size
    assert test.best is None
    assert test.episodes <= test.budget


def test_of_a_curve_below_the_target_the_best_setting_is_shown_to_be_too_little():
    test = begun(believe(top=0.7))
    play(test, lambda p: efficiency(p["rate"], top=0.7))
    assert test.decided
    assert test.best.upper < 0.8 and test.best.params["rate"] > 2500
    assert test.upper is None


def test_no_incentive_that_is_enough_is_the_answer_at_once():
    test = begun(believe(start=0.88))
    play(test, lambda p: efficiency(p["rate"], start=0.88))
    assert test.upper.t == 0.0 and test.upper.size == 0.0
    assert len(test.stages) == 1


def test_a_budget_below_the_fewest_episodes_is_exhausted_before_it_begins():
    test = begun(believe(), budget=MIN_EPISODES - 1)
    assert test.exhausted and not test.stages and test.open() == []
    assert not test.decided


def test_an_exhausted_test_goes_on_with_a_larger_budget_and_keeps_what_it_played():
    test = begun(believe(sd=0.08), budget=40)
    play(test, bonus, sd=0.08)
    assert test.exhausted and not test.decided and test.episodes <= 40
    assert not test.resume(MIN_EPISODES - 1)
    before = test.episodes
    assert test.resume(20_000)
    assert test.open() and test.episodes == before
    play(test, bonus, sd=0.08)
    assert test.decided
    assert test.lower.t * 5000 < ANSWER < test.upper.t * 5000


def test_a_test_that_is_not_exhausted_is_not_resumed():
    assert not begun(believe()).resume(1000)


def test_a_batch_told_twice_counts_once():
    test = begun(believe())
    _, first, count = test.open()[0]
    test.tell(first, [0.8] * count)
    test.tell(first, [0.1] * count)
    assert test.episodes == count
    assert test.stages[0].values[first][0] == (0.8,) * count


def test_batches_cover_each_doses_indices_once_and_no_larger_than_asked():
    stage = begun(believe(), batch=10).stages[0]
    batches = stage.batches()
    assert all(0 < count <= 10 for _, _, count in batches)
    covered = [i for _, first, count in batches for i in range(first, first + count)]
    assert len(set(covered)) == len(covered) == 2 * stage.design.looks[0]


def test_doses_are_played_in_turns_of_a_block():
    stage = begun(believe(sd=0.2), batch=10).stages[0]
    batches = stage.batches()
    assert [dose.purpose for dose, _, _ in batches[:4]] == ["lower", "upper"] * 2
    firsts = [first for _, first, _ in batches]
    assert firsts == sorted(firsts)


def test_later_looks_never_meet_the_next_stages_indices():
    test = begun(believe(), budget=20_000)
    play(test, lambda p: efficiency(p["rate"] / 1.2))
    assert len(test.stages) > 1
    spans = [(s.first, s.end, sorted(s.values)) for s in test.stages]
    assert all(first <= i < end for first, end, indices in spans for i in indices)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_the_error_spent_never_exceeds_what_there_is():
    test = begun(believe(), budget=3000)
    play(test, lambda p: 0.8)  # nothing is ever to be shown
    assert len(test.stages) > 2
    assert sum(stage.spent for stage in test.stages) <= 0.05


def test_the_ends_are_doses_that_were_played_and_shown():
    test = begun(believe())
    play(test, bonus)
    by_dose = {(e.t, e.conclusion) for s in test.stages for e in s.evidence.values()}
    assert (test.upper.t, "sufficient") in by_dose and (test.lower.t, "insufficient") in by_dose
    assert test.upper.lower >= 0.8 > test.lower.upper


def test_what_was_too_little_beyond_the_answer_bounds_nothing_and_is_kept():
    """Enough from a rate of 1000 to 1250 and from 3000 on: the belief asks for 1400 first."""

    def windows(params) -> float:
        return 0.9 if 1000 < params["rate"] < 1190 or params["rate"] > 3000 else 0.7

    test = begun(believe(), budget=20_000)
    play(test, windows)
    if test.upper and test.lower:
        assert test.lower.t < test.upper.t
    assert all(e.t >= test.upper.t for e in test.contrary)


def test_a_wrong_belief_is_corrected_by_the_next_stage():
    """Held-out episodes find the threshold a fifth higher than exploring did."""
    test = begun(believe(), budget=20_000)
    play(test, lambda p: efficiency(p["rate"] / 1.2))
    assert test.decided and len(test.stages) > 1
    assert test.lower.t * 5000 < 1.2 * ANSWER < test.upper.t * 5000
    assert len(test.belief.efficiencies) > len(believe().efficiencies)


def test_without_noise_a_jump_is_found_to_the_unit():
    test = begun(jump(), budget=20_000)
    play(test, lambda p: 0.9 if p["dose"] > 12 else 0.5, sd=0.0)
    assert (test.lower.params["dose"], test.upper.params["dose"]) == (12, 13)


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_less_error_to_spend_takes_more_episodes(alpha):
    assert begun(believe(), alpha=alpha).stages[0].design.n > (
        begun(believe(), alpha=2 * alpha).stages[0].design.n
    )
