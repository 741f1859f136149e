"""What the fresh episodes of a look show of a size that they measure, such as spend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mechlab.flows import Array
from mechlab.search._direction import Direction, Dose, Purpose
from mechlab.search.bounds import Sample, mean_bounds

Estimate = tuple[float, float, float]  # a mean with its lower and upper bound


def mean_size(
    direction: Direction, t: float, doses: Sequence[Dose], samples: Sequence[Sample], alpha: float
) -> Estimate:
    """Return the mean size at position t with bounds, each wrong with ``alpha``.

    Between two doses the size has the explored shape, moved and sheared to the fresh means. Its
    bounds err for two reasons: the fresh episodes, and the shape, which is only believed. Both are
    independent, so their lengths are added in quadrature.

    Args:
        direction: the way, with what was believed before these episodes.
        t: a position at a dose or between two of them.
        doses, samples: one or two doses, in order, and the sizes of their episodes.
        alpha: error of each bound.
    """
    if len(doses) == 1:
        return _weighted(samples, [1.0], alpha)
    low, high = doses[0].t, doses[1].t
    share = (t - low) / (high - low) if high > low else 1.0
    mean, lower, upper = _weighted(samples, [1.0 - share, share], alpha)
    bend, drawn = direction.bend(low, t, high)
    least, middle, most = np.quantile(drawn, [alpha, 0.5, 1.0 - alpha])
    centre = mean + bend
    return (
        centre,
        float(centre - math.hypot(mean - lower, middle - least)),
        float(centre + math.hypot(upper - mean, most - middle)),
    )


def _weighted(samples: Sequence[Sample], weights: Sequence[float], alpha: float) -> Estimate:
    """Return a weighted sum of means with its bounds.

    A size that is the same in every episode is fixed by the rules, and exact.
    """
    pairs = list(zip(samples, weights, strict=True))
    fixed = sum(w * s.mean for s, w in pairs if s.variance == 0.0)
    varied = [(s, w) for s, w in pairs if s.variance != 0.0]
    if not varied:
        return fixed, fixed, fixed
    mean, lower, upper = mean_bounds([s for s, _ in varied], [w for _, w in varied], alpha)
    return fixed + mean, fixed + lower, fixed + upper


STEEPEST = 3.5  # a mean that rises more than this many standard deviations of an episode from
# one dose to the next may hide a jump: nothing in between is judged


@dataclass(frozen=True)
class Evidence:
    """What fresh episodes showed at one dose; the bounds are one-sided, at the error spent."""

    params: dict[str, Any]
    purpose: Purpose
    n: int
    mean: float
    lower: float
    upper: float
    conclusion: Literal["sufficient", "insufficient", "neither"]
    stage: int = 0


@dataclass(frozen=True)
class Endpoint:
    """An end of the interval: a position, and what an analysis shows of efficiency there.

    Attributes:
        t, params: where.
        size: size there. least, most: its bounds, where it is observed; else the same.
        mean, lower, upper: efficiency there with its bounds, from all doses of the attempt.
        n: episodes behind it.
    """

    t: float
    params: dict[str, Any]
    size: float
    least: float
    most: float
    mean: float
    lower: float
    upper: float
    n: int


@dataclass(frozen=True)
class InterimAnalysis:
    """All that one look judges: doses in order, with their efficiencies, and observed sizes."""

    direction: Direction
    doses: Sequence[Dose]
    samples: Sequence[Sample]
    sizes: Sequence[Sample]
    alpha: float

    def evidence(self) -> tuple[Evidence, ...]:
        """Return what each dose shows by itself; no shape of the curve enters."""
        return tuple(self._dose(d, s) for d, s in zip(self.doses, self.samples, strict=True))

    def upper(self) -> Endpoint | None:
        """Return the smallest position shown to be enough; the upper dose itself must be."""
        if self.doses[-1].purpose != "upper":
            return None
        shares, _, lower, _ = self._along()
        if not lower[-1] >= self._target:
            return None
        last = np.flatnonzero(lower < self._target).max(initial=-1) + 1
        return self._end(float(shares[last]), up=True)

    def lower(self) -> Endpoint | None:
        """Return the largest position shown not to be enough; the lower dose itself must be."""
        if self.doses[0].purpose != "lower":
            return None
        shares, _, _, upper = self._along()
        if not upper[0] < self._target:
            return None
        first = np.flatnonzero(upper >= self._target).min(initial=len(shares)) - 1
        return self._end(float(shares[first]), up=False)

    def promising(self) -> bool:
        """Whether more episodes at the same doses are likely to tell more."""
        if len(self.doses) == 1:
            wanted = 1.0 if self.doses[0].purpose == "upper" else -1.0
            return wanted * (self.samples[0].mean - self._target) > 0.0
        low, high = self.samples[0].mean, self.samples[1].mean
        if not low < self._target < high:
            return False
        if self._gentle:
            return 0.1 < (self._target - low) / (high - low) < 0.9
        return "neither" in {dose.conclusion for dose in self.evidence()}

    @property
    def _gentle(self) -> bool:
        """Whether the mean rises little enough from dose to dose to be judged in between."""
        low, high = self.samples[0], self.samples[-1]
        return bool(high.mean - low.mean <= STEEPEST * ((low.variance + high.variance) / 2) ** 0.5)

    @property
    def _target(self) -> float:
        return self.direction.belief.target

    @property
    def _side(self) -> float:
        """Error of one claim: both sides are judged where there are two doses."""
        return self.alpha / len(self.doses) / self.direction.belief.claims_per_end

    def _dose(self, dose: Dose, sample: Sample) -> Evidence:
        mean, lower, upper = mean_bounds([sample], [1.0], self._side)
        enough = "sufficient" if lower >= self._target else "neither"
        shown: Any = "insufficient" if upper < self._target else enough
        return Evidence(dose.params, dose.purpose, sample.n, mean, lower, upper, shown)

    def _along(self) -> tuple[Array, ...]:
        """Return shares of the rise between the doses, with mean and bounds of efficiency."""
        shares = np.linspace(0.0, 1.0, 201 if self._gentle else 2)
        shares = shares if len(self.doses) == 2 else np.ones(1)
        return shares, *np.array([self._mean(share) for share in shares]).T

    def _mean(self, share: float) -> tuple[float, float, float]:
        weights = [1.0 - share, share] if len(self.doses) == 2 else [1.0]
        return mean_bounds(self.samples, weights, self._side)

    def _end(self, share: float, up: bool) -> Endpoint:
        n = sum(sample.n for sample in self.samples)
        if len(self.doses) == 1:
            dose = self.doses[0]
            size = self._size(dose.t, dose.params)
            return Endpoint(dose.t, dose.params, *size, *self._mean(share), n)
        low, high = self.doses[0].t, self.doses[1].t
        t = self.direction.next_valid(self._placed(share, up), high if up else low)
        params = self.direction.params(t)
        return Endpoint(t, params, *self._size(t, params), *self._mean(share), n)

    def _size(self, t: float, params: dict[str, Any]) -> Estimate:
        if self.direction.belief.size is None:
            return mean_size(self.direction, t, self.doses, self.sizes, self._side)
        known = float(self.direction.belief.size(params))
        return known, known, known

    def _placed(self, share: float, up: bool) -> float:
        """Return the position of an end at a share of the rise.

        It errs for two reasons: the episodes, which put the target at this share instead of that
        of the means, and the shape in between, which is only believed. Both are independent, so
        their lengths are added in quadrature.
        """
        low, high = self.doses[0].t, self.doses[1].t
        means = self.samples[0].mean, self.samples[1].mean
        if not self._gentle or means[0] == means[1]:  # judged at the doses, which no shape moves
            return high if share == 1.0 or (up and share > 0.0) else low
        middle = float(np.clip((self._target - means[0]) / (means[1] - means[0]), 0.0, 1.0))
        (centre, t), drawn = self.direction.rise_positions(low, high, np.array([middle, share]))
        tail = 1.0 - self._side if up else self._side
        shape = float(np.quantile(drawn[:, 1], tail) - np.median(drawn[:, 1]))
        way = math.hypot(t - centre, shape)
        return float(min(high, centre + way) if up else max(low, centre - way))
