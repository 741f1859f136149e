"""The states of a sequential test: certified, unreachable, exhausted, and gone on with."""

import numpy as np
import pytest

from mechlab.search._sequential import GROWTH, MAX_ANALYSES, SequentialTest
from mechlab.search.bounds import MIN_EPISODES
from tests.search.beliefs import ANSWER, believe, efficiency, jump


def begun(belief, budget=5000, alpha=0.05, batch=64) -> SequentialTest:
    return SequentialTest(belief, alpha=alpha, tolerance=0.05, budget=budget, batch=batch)


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
    assert test.upper.size - test.lower.size < 0.1 * ANSWER
    assert test.best is None
    assert test.episodes <= test.budget


def test_a_curve_below_the_target_is_unreachable_by_its_best_setting():
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
    test = begun(believe(sd=0.15), budget=40)
    play(test, bonus, sd=0.15)
    assert test.exhausted and not test.decided and test.episodes <= 40
    assert not test.resume(MIN_EPISODES - 1)
    before = test.episodes
    assert test.resume(20_000)
    assert test.open() and test.episodes == before
    play(test, bonus, sd=0.15)
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
    batches = stage.batches(10)
    assert all(0 < count <= 10 for _, _, count in batches)
    covered = [i for _, first, count in batches for i in range(first, first + count)]
    assert len(set(covered)) == len(covered) == 2 * stage.design.n


def test_later_analyses_add_episodes_and_never_meet_the_next_doses_indices():
    stage = begun(believe()).stages[0]
    per_dose = [stage.episodes_by(k) for k in range(MAX_ANALYSES)]
    assert per_dose == sorted(per_dose)
    assert per_dose[-1] == int(stage.design.n * GROWTH ** (MAX_ANALYSES - 1)) == stage.reserved
    assert stage.end == stage.first + 2 * stage.reserved


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
