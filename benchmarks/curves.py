"""Questions with known answers: mean efficiency as a function of the dose, and episodes' noise.

Their smallest sufficient sizes come from closed forms or root finding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import Trial
from scipy.optimize import brentq, minimize_scalar
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]
RATE = {"rate": FloatDistribution(0.0, 5000.0)}
HELD_OUT = 1_000_000  # first index of the certificate's episodes
BLOCK = 64  # episodes that share an hour, where episodes depend on each other
LUCK = 0.6  # correlation of episodes with the same index at different doses


@dataclass(frozen=True)
class Question:
    """A search with a known answer.

    Attributes:
        name: what the curve is like.
        target: mean efficiency that is enough.
        space: parameters by mechanism ("" where there is only one).
        mean: mean efficiency of a setting (with ``mechanism``).
        size: size of a setting.
        answers: the smallest sufficient size of each mechanism; nan where there is none.
        noise: how an episode deviates, from its luck (standard normal) and the mean.
        shared: part of the variance that blocks of `BLOCK` episodes, one after the other, share.
    """

    name: str
    target: float
    space: Mapping[str, Mapping[str, Any]]
    mean: Callable[[Mapping[str, Any]], float]
    size: Callable[[Mapping[str, Any]], float]
    answers: Mapping[str, float]
    noise: Callable[[Array, float], Array] = lambda luck, mean: 0.05 * luck
    shared: float = 0.0

    @property
    def answer(self) -> float:
        """The smallest sufficient size of all mechanisms; nan where none suffices."""
        known = [size for size in self.answers.values() if not np.isnan(size)]
        return min(known, default=np.nan)

    def named(self, mechanism: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return a setting with its mechanism, where there are several."""
        return {**({"mechanism": mechanism} if mechanism else {}), **params}

    def suggest(self, trial: Trial) -> dict[str, Any]:
        """Suggest a setting."""
        name = ""
        if len(self.space) > 1:
            name = trial.suggest_categorical("mechanism", list(self.space))
        for param, d in self.space[name].items():
            if isinstance(d, CategoricalDistribution):
                trial.suggest_categorical(param, d.choices)
            else:
                trial.suggest_float(param, d.low, d.high)
        return trial.params

    def play(self, params: Mapping[str, Any], first: int, count: int, seed: int) -> Array:
        """Return the efficiency of some episodes; the same index has the same luck."""
        mean = self.mean(params)
        common = _luck(seed, first, count)
        private = np.random.default_rng([seed, first, crc32(repr(sorted(params.items())).encode())])
        luck = LUCK**0.5 * common + (1.0 - LUCK) ** 0.5 * private.normal(size=count)
        if self.shared:
            blocks = np.arange(first, first + count) // BLOCK
            hours = {b: np.random.default_rng([seed, 7, b]).normal() for b in set(blocks.tolist())}
            alike = np.array([hours[b] for b in blocks.tolist()])
            luck = self.shared**0.5 * alike + (1.0 - self.shared) ** 0.5 * luck
        return np.maximum(0.0, mean + self.noise(luck, mean))


def _luck(seed: int, first: int, count: int) -> Array:
    block = 64  # luck comes in blocks, so that any run of indices is quick to make
    blocks = range(first // block, (first + count - 1) // block + 1)
    whole = np.concatenate([np.random.default_rng([seed, b]).normal(size=block) for b in blocks])
    return whole[first - blocks.start * block :][:count]


def _one(name: str, curve: Callable[[float], float], target: float, sd: float) -> Question:
    grid = np.linspace(0.0, 5000.0, 5001)
    enough = np.flatnonzero(np.array([curve(x) for x in grid]) >= target)
    answer = np.nan
    if len(enough):
        first = grid[enough[0]]
        answer = brentq(lambda x: curve(x) - target, first - 1.0, first) if first > 0 else 0.0
    return Question(
        name,
        target,
        {"": RATE},
        lambda p: curve(p["rate"]),
        lambda p: p["rate"],
        {"": answer},
        lambda luck, mean: sd * luck,
    )


def _two() -> Question:
    """Two incentives that add up inside a saturating curve; the second is dearer and stronger."""
    space = {"": {"a": FloatDistribution(0.0, 10.0), "b": FloatDistribution(0.0, 10.0)}}

    def mean(p: Mapping[str, Any]) -> float:
        return 0.2 + 0.4 * (1 - np.exp(-p["a"] / 2.0)) + 0.35 * (1 - np.exp(-p["b"] / 3.0))

    def dear(a: float) -> float:  # size of the point of the boundary with this a
        rest = 1.0 - (0.8 - 0.2 - 0.4 * (1 - np.exp(-a / 2.0))) / 0.35
        return a - 3.0 * np.log(rest) if rest > 0 else 1e3

    answer = minimize_scalar(dear, bounds=(1.5, 10.0), method="bounded").fun
    return Question("two", 0.8, space, mean, lambda p: p["a"] + p["b"], {"": float(answer)})


def _three() -> Question:
    """Three mechanisms with curves of their own; one never suffices."""
    scale = {"bonus": 900.0, "royalty": 1400.0, "fine": 700.0}
    top = {"bonus": 0.7, "royalty": 0.75, "fine": 0.5}
    space = {m: {f"{m}.rate": FloatDistribution(0.0, 5000.0)} for m in scale}

    def mean(p: Mapping[str, Any]) -> float:
        m = p["mechanism"]
        return float(0.2 + top[m] * (1 - np.exp(-p[f"{m}.rate"] / scale[m])))

    answers = {
        m: float(-scale[m] * np.log(1 - 0.6 / top[m])) if top[m] > 0.6 else np.nan for m in scale
    }
    return Question("three", 0.8, space, mean, lambda p: p[f"{p['mechanism']}.rate"], answers)


def _logistic(x: float, middle: float, width: float) -> float:
    return float(1.0 / (1.0 + np.exp(-(x - middle) / width)))


def synthetic() -> dict[str, Question]:
    """Return the synthetic questions by name."""
    ones = {
        "saturating": (lambda x: 0.2 + 0.7 * (1 - np.exp(-x / 600.0)), 0.8, 0.05),
        "steep": (lambda x: 0.15 + 0.8 * _logistic(x, 1500.0, 120.0), 0.8, 0.05),
        "shallow": (lambda x: 0.3 + 0.65 * x / (x + 700.0), 0.8, 0.05),
        "hump": (lambda x: 0.2 + 0.75 * (x / 1800.0) * np.exp(1 - x / 1800.0), 0.8, 0.05),
        "plateau": (lambda x: 0.2 + 0.52 * (1 - np.exp(-x / 500.0)), 0.8, 0.05),
        "zero": (lambda x: 0.85 + 0.05 * x / 5000.0, 0.8, 0.05),
        "step": (lambda x: 0.3 + 0.6 * (x >= 1234.5), 0.8, 0.05),
        "kinked": (lambda x: float(np.interp(x, *KINKS)), 0.8, 0.05),
        "cliff": (lambda x: 0.3 + 0.6 * (x >= 4750.0), 0.8, 0.05),
        "tiny": (lambda x: 0.3 + 0.6 * (1 - np.exp(-x / 3.0)), 0.8, 0.05),
        "end": (lambda x: 0.3 + 0.505 * x / 5000.0, 0.8, 0.05),
        "sawtooth": (
            lambda x: 0.3 + 0.5 * x / 2500.0 + 0.25 * (x % 500.0 / 500.0 - 0.5),
            0.8,
            0.05,
        ),
        "window": (lambda x: 0.5 + 0.4 * (2000.0 <= x < 2200.0), 0.8, 0.05),
    }
    curves = {name: _one(name, *rest) for name, rest in ones.items()}
    steep = curves["steep"]
    curves["all-or-nothing"] = replace(steep, name="all-or-nothing", noise=_all_or_nothing)
    curves["collapses"] = _with_collapses(steep)
    curves["blocks"] = replace(curves["saturating"], name="blocks", shared=0.1)
    return {**curves, "two": _two(), "three": _three()}


KINKS = [0.0, 800.0, 1800.0, 2200.0, 5000.0], [0.2, 0.785, 0.795, 0.9, 0.92]
COLLAPSE = 0.03  # share of episodes that come to nothing


def _all_or_nothing(luck: Array, mean: float) -> Array:
    """Turn an episode's luck into all (1) or nothing, with the mean as its chance."""
    return np.where(ndtr(luck) < mean, 1.0, 0.0) - mean


def _with_collapses(question: Question) -> Question:
    """Return the question with some episodes in a hundred that come to nothing, its target where
    the curve without them would have had it."""

    def noise(luck: Array, mean: float) -> Array:
        whole = mean / (1.0 - COLLAPSE)
        share = ndtr(luck)
        good = whole + 0.05 * ndtri(np.clip((share - COLLAPSE) / (1.0 - COLLAPSE), 1e-9, 1 - 1e-9))
        return np.where(share < COLLAPSE, 0.0, good) - mean

    def mean(params: Mapping[str, Any]) -> float:
        return (1.0 - COLLAPSE) * question.mean(params)

    target = (1.0 - COLLAPSE) * question.target
    return replace(question, name="collapses", target=target, mean=mean, noise=noise)
