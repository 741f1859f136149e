"""Beliefs about curves with closed forms, from a few trials at each of some doses."""

import math

import numpy as np
from optuna.distributions import FloatDistribution, IntDistribution

from mechlab.search._replicates import Replicates
from mechlab.search._space import Space
from mechlab.search._threshold import Belief

RATE = Space.of({"rate": FloatDistribution(0.0, 5000.0)})
ANSWER = 600 * math.log(7)  # where 0.2 + 0.7 (1 - exp(-rate / 600)) is 0.8
DOSES = (0, 250, 500, 800, 1000, 1100, 1200, 1300, 1500, 2500, 5000)


def efficiency(rate: float, top: float = 0.9, start: float = 0.2) -> float:
    """Rise from ``start`` to ``top``, 63% of the way at a rate of 600."""
    return top - (top - start) * math.exp(-rate / 600)


def believe(top: float = 0.9, start: float = 0.2, sd: float = 0.03, **more) -> Belief:
    """What is believed after eight replicates at each dose; the target is 0.8."""
    rng = np.random.default_rng(0)
    trials = tuple(
        Replicates(
            (dose / 5000,),
            8 * number,
            tuple(efficiency(dose, top, start) + sd * rng.normal(size=8)),
        )
        for number, dose in enumerate(DOSES)
    )
    return Belief(RATE, 0.8, 0.95, trials, **{"size": lambda p: p["rate"], **more})


def jump(at: float = 12.5, most: int = 20) -> Belief:
    """What is believed of a response without noise that jumps from 0.5 to 0.9, in whole doses."""
    space = Space.of({"dose": IntDistribution(0, most)})
    trials = tuple(
        Replicates((d / most,), 2 * number, (0.9 if d > at else 0.5,) * 2)
        for number, d in enumerate(range(0, most + 1, 5))
    )
    return Belief(space, 0.8, 0.95, trials, size=lambda p: p["dose"])
