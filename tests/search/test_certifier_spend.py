"""A size that is measured: spend, on curves with closed forms.

Efficiency is 0.2 + 0.7 (1 - exp(-rate / 600)), which is 0.8 at 600 ln 7. Spend there follows from
the curve of each test; one episode's spend errs by a tenth of its mean, and more where efficiency
is less, as it does where withholders pay.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import optuna
import pytest
from scipy.stats import binom

from mechlab.search.certifier import Certificate, Certifier
from mechlab.search.sampler import MinimumIncentiveSampler, report, wanted_replicates
from mechlab.search.worker import calm

ENOUGH = 600 * math.log(7)
HELD_OUT = 10**6
BUDGET = 4000


def bent(rate: float) -> float:
    """Spend that grows ever more slowly: a straight line between two doses lies below it."""
    return 1e5 * (1 - math.exp(-rate / 900))


def hump(rate: float) -> float:
    """Spend like that of a fine: from a rate of 1500 on, ever fewer have to pay it."""
    return 40 * rate * math.exp(-rate / 1500)


@dataclass(frozen=True)
class Curve:
    spend: Callable[[float], float]
    seed: int

    def play(self, rate: float, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng([self.seed, first, round(rate * 1000)])
        luck, other = rng.normal(size=(2, count))
        efficiency = 0.2 + 0.7 * (1 - math.exp(-rate / 600)) + 0.05 * luck
        return efficiency, self.spend(rate) * (1 + 0.1 * (0.8 * other - 0.6 * luck))


def certified(curve: Curve) -> Certificate:
    sampler = MinimumIncentiveSampler(target=0.8, seed=curve.seed)
    study = optuna.create_study(sampler=sampler)
    played = 0
    with calm():
        while played < BUDGET // 2 and not sampler.explored(study.trials):
            trial = study.ask()
            rate = trial.suggest_float("rate", 0, 5000)
            wanted = wanted_replicates(trial)
            report(trial, *curve.play(rate, wanted.start, len(wanted)))
            study.tell(trial, rate)
            played += len(wanted)
        certifier = Certifier(sampler.beliefs(study.trials), budget=BUDGET)
        while not certifier.done:
            for batch in certifier.open():
                found = curve.play(batch.params["rate"], HELD_OUT + batch.first, batch.count)
                certifier.tell(batch, *found)
    return certifier.verdict()


def check(found: list[Certificate], least: float) -> None:
    """Intervals hold the truth, answers suffice and spend no more than the upper end says."""
    sure = [one for one in found if one.status == "certified"]
    assert len(sure) >= 0.9 * len(found)
    holding = binom.ppf(0.01, len(sure), 0.95)
    assert sum(one.interval[0] <= least <= one.interval[1] for one in sure) >= holding
    assert sum(one.params["rate"] >= ENOUGH for one in sure) >= holding
    spent = [bent(one.params["rate"]) for one in sure]
    assert sum(s <= one.interval[1] for s, one in zip(spent, sure, strict=True)) >= holding
    assert all(one.interval[0] <= one.size <= one.interval[1] for one in sure)


def test_the_interval_holds_the_spend_of_the_answer():
    check([certified(Curve(bent, seed)) for seed in range(4)], bent(ENOUGH))


@pytest.mark.slow
def test_it_does_so_as_often_as_it_says():
    check([certified(Curve(bent, seed)) for seed in range(25)], bent(ENOUGH))


@pytest.mark.parametrize("seed", range(4))
def test_a_larger_incentive_that_costs_less_is_the_answer(seed):
    """From the smallest sufficient rate spend rises, then falls to a third of it at the end."""
    found = certified(Curve(hump, seed))
    assert found.status == "certified"
    assert found.params["rate"] > 4500
    assert found.interval[0] <= found.size <= found.interval[1]
    assert found.interval[0] <= hump(5000) <= found.interval[1]


def test_a_size_that_is_zero_throughout_is_exactly_zero():
    """All doses cost nothing, so the first that is shown to be enough is the answer."""
    found = certified(Curve(lambda rate: 0.0, 0))
    assert found.status == "certified"
    assert (found.size, found.interval) == (0.0, (0.0, 0.0))
    assert found.episodes < 400
