"""The certificate on a curve with a closed form: 0.2 + 0.7 (1 - exp(-rate / 600)) is 0.8 at
600 ln 7."""

import math
from dataclasses import dataclass

import numpy as np
import optuna
import pytest
from scipy.stats import binom

from mechlab.search.bounds import MIN_EPISODES
from mechlab.search.certifier import Certificate, Certifier
from mechlab.search.sampler import MinimumIncentiveSampler, report, wanted_replicates
from mechlab.search.worker import calm

ANSWER = 600 * math.log(7)
HELD_OUT = 10**6


@dataclass(frozen=True)
class Curve:
    seed: int
    sd: float = 0.05
    rise: float = 0.7

    def play(self, rate: float, first: int, count: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, first, round(rate * 1000)])
        return 0.2 + self.rise * (1 - math.exp(-rate / 600)) + rng.normal(0, self.sd, count)


def explored(curve: Curve, most: int) -> tuple[dict, int]:
    """Explore with at most so many episodes; return beliefs and the episodes played."""
    sampler = MinimumIncentiveSampler(target=0.8, size=lambda p: p["rate"], seed=curve.seed)
    study, played = optuna.create_study(sampler=sampler), 0
    while played < most and not sampler.explored(study.trials):
        trial = study.ask()
        rate = trial.suggest_float("rate", 0, 5000)
        wanted = wanted_replicates(trial)
        report(trial, curve.play(rate, wanted.start, len(wanted)))
        study.tell(trial, rate)
        played += len(wanted)
    return sampler.beliefs(study.trials), played


def play_on(certifier: Certifier, curve: Curve) -> Certificate:
    while not certifier.done:
        for batch in certifier.open():
            rate = batch.params["rate"]
            certifier.tell(batch, curve.play(rate, HELD_OUT + batch.first, batch.count))
    found = certifier.verdict()
    assert found is not None
    return found


def certified(curve: Curve, budget: int) -> Certificate:
    with calm():
        beliefs, played = explored(curve, budget // 2)
        return play_on(Certifier(beliefs, budget=budget - played), curve)


def holds(found: Certificate) -> bool:
    return found.interval[0] <= ANSWER <= found.interval[1]


def test_little_money_buys_a_wide_interval_rather_than_none():
    found = [certified(Curve(seed), budget=120) for seed in range(10)]
    assert sum(one.status == "certified" for one in found) >= 7
    assert sum(map(holds, found)) >= 8  # fewer have a chance of 1.2% where 95% hold


def test_a_larger_budget_goes_on_where_the_smaller_one_ended():
    curve = Curve(0, sd=0.6)
    with calm():
        beliefs, _ = explored(curve, 60)
        certifier = Certifier(beliefs, budget=30)
        first = play_on(certifier, curve)
        assert first.status == "out_of_budget" and certifier.episodes <= 30
        certifier.extend(20_000)
        second = play_on(certifier, curve)
    assert second.status == "certified" and holds(second)
    assert second.evidence[: len(first.evidence)] == first.evidence


def test_a_mechanism_that_hardly_suffices_takes_little_of_the_others_error():
    def planned(**beliefs):
        """Return the episodes of the first look: the less error it may spend, the more."""
        return sum(batch.count for batch in Certifier(beliefs).open())

    with calm():
        (it,), (never,) = (explored(Curve(0, rise=r), 200)[0].values() for r in (0.7, 0.3))
        assert never.threshold.reachable < 0.05  # it ends at 0.5
        alone, beside, shared = planned(it=it), planned(it=it, never=never), planned(it=it, twin=it)
    assert alone < beside < shared
    assert beside - alone < 0.3 * (shared - alone)


@dataclass(frozen=True)
class Kinked(Curve):
    """A curve that runs almost level just under the target, then rises: no smooth shape fits it."""

    def play(self, rate: float, first: int, count: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, first, round(rate * 1000)])
        return np.interp(rate, *KINKS) + rng.normal(0, self.sd, count)


KINKS = [0.0, 800.0, 1800.0, 2200.0, 5000.0], [0.2, 0.785, 0.795, 0.9, 0.92]


@pytest.mark.slow
def test_an_answer_suffices_whatever_shape_was_believed():
    found = [certified(Kinked(seed), budget=8000) for seed in range(40)]
    sure = [one for one in found if one.status == "certified"]
    short = sum(np.interp(one.size, *KINKS) < 0.8 for one in sure)
    assert len(sure) >= 20 and short <= binom.ppf(0.99, 40, 0.05)
    assert all(one.answer.upper >= one.answer.lower >= 0.8 for one in sure)
    assert all(not one.interval[0] > one.interval[1] for one in sure)


@pytest.mark.slow
def test_intervals_hold_as_often_as_they_say_and_answers_suffice():
    found = [certified(Curve(seed), budget=4000) for seed in range(100)]
    sure = [one for one in found if one.status == "certified"]
    assert len(sure) >= 95
    assert sum(map(holds, found)) >= binom.ppf(0.01, 100, 0.95)
    assert sum(one.size < ANSWER for one in sure) <= binom.ppf(0.99, 100, 0.05)
    assert all(one.answer.lower >= 0.8 and one.answer.n >= MIN_EPISODES for one in sure)
    assert all(one.interval[0] < one.interval[1] == one.size for one in sure if one.interval[0] > 0)
