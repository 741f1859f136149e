"""An interim analysis: what the held-out episodes of a stage show."""

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

STEEPEST = 3.5  # standard deviations of an episode: a mean that rises by more from one dose to the
# next may hide a jump, so nothing in between is judged
SHARES = 201  # of the rise between two doses at which bounds are judged: steps of half a percent
INSIDE = 0.1, 0.9  # shares of the rise between which the target should lie for doses to be kept


@dataclass(frozen=True)
class Evidence:
    """What held-out episodes showed at one dose.

    Attributes:
        params: the dose.
        purpose: what it was hoped to show (see ``Dose``).
        n: episodes.
        mean, lower, upper: efficiency with one-sided bounds, at the error spent.
        conclusion: whether it was shown to be sufficient or insufficient.
        stage: number of the stage in its test, from 1; 0 where it belongs to none.
    """

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
    """An end of the interval for the smallest sufficient size.

    Attributes:
        t, params: its position and setting.
        size: size there. least, most: its bounds where it is observed, otherwise the size itself.
        mean, lower, upper: efficiency there with its bounds, from all doses of the stage.
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
    """All that one analysis judges.

    Attributes:
        direction: the direction, with what was believed before these episodes.
        doses: one or two, in order of size.
        samples, sizes: efficiency and, where it is observed, size of the episodes of each dose.
        alpha: error of all claims of this analysis together.
    """

    direction: Direction
    doses: Sequence[Dose]
    samples: Sequence[Sample]
    sizes: Sequence[Sample]
    alpha: float

    def evidence(self) -> tuple[Evidence, ...]:
        """Return what each dose shows by itself; no shape of the curve enters."""
        return tuple(self._evidence(d, s) for d, s in zip(self.doses, self.samples, strict=True))

    def upper(self) -> Endpoint | None:
        """Return the smallest position shown to be enough; None unless the upper dose is."""
        if self.doses[-1].purpose != "upper":
            return None
        shares, _, lower, _ = self._efficiency_between()
        if not lower[-1] >= self._target:
            return None
        first_enough = np.flatnonzero(lower < self._target).max(initial=-1) + 1
        return self._endpoint(float(shares[first_enough]), up=True)

    def enough(self) -> Endpoint | None:
        """Return the upper dose itself, which was played; None unless it is shown to be enough."""
        dose = self.doses[-1]
        shown = dose.purpose == "upper" and self._efficiency(1.0)[1] >= self._target
        return self._end(dose.t, dose.params, 1.0) if shown else None

    def lower(self) -> Endpoint | None:
        """Return the largest position shown not to be enough; None unless the lower dose is."""
        if self.doses[0].purpose != "lower":
            return None
        shares, _, _, upper = self._efficiency_between()
        if not upper[0] < self._target:
            return None
        last_too_little = np.flatnonzero(upper >= self._target).min(initial=len(shares)) - 1
        return self._endpoint(float(shares[last_too_little]), up=False)

    def promising(self) -> bool:
        """Return whether more episodes at the same doses are likely to show more."""
        if len(self.doses) == 1:
            sign = 1.0 if self.doses[0].purpose == "upper" else -1.0
            return sign * (self.samples[0].mean - self._target) > 0.0
        low, high = self.samples[0].mean, self.samples[1].mean
        if not low < self._target < high:
            return False
        if self._gentle:
            return INSIDE[0] < (self._target - low) / (high - low) < INSIDE[1]
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
    def _alpha_per_claim(self) -> float:
        """Error of one claim: one for each dose, and each for efficiency and an observed size."""
        return self.alpha / len(self.doses) / self.direction.belief.claims_per_end

    def _evidence(self, dose: Dose, sample: Sample) -> Evidence:
        mean, lower, upper = mean_bounds([sample], [1.0], self._alpha_per_claim)
        enough = "sufficient" if lower >= self._target else "neither"
        conclusion: Any = "insufficient" if upper < self._target else enough
        return Evidence(dose.params, dose.purpose, sample.n, mean, lower, upper, conclusion)

    def _efficiency_between(self) -> tuple[Array, ...]:
        """Return shares (n,) of the rise between the doses, with the mean and both bounds of
        efficiency where that much of it is made (n,)."""
        shares = np.linspace(0.0, 1.0, SHARES if self._gentle else 2)
        shares = shares if len(self.doses) == 2 else np.ones(1)
        return shares, *np.array([self._efficiency(share) for share in shares]).T

    def _efficiency(self, share: float) -> Estimate:
        """Return efficiency where the curve has made a share of its rise between the doses."""
        weights = [1.0 - share, share] if len(self.doses) == 2 else [1.0]
        return mean_bounds(self.samples, weights, self._alpha_per_claim)

    def _endpoint(self, share: float, up: bool) -> Endpoint:
        if len(self.doses) == 1:
            return self._end(self.doses[0].t, self.doses[0].params, share)
        towards = self.doses[-1].t if up else self.doses[0].t
        t = self.direction.next_valid(self._position(share, up), towards)
        return self._end(t, self.direction.params(t), share)

    def _end(self, t: float, params: dict[str, Any], share: float) -> Endpoint:
        n = sum(sample.n for sample in self.samples)
        return Endpoint(t, params, *self._size(t, params), *self._efficiency(share), n)

    def _position(self, share: float, up: bool) -> float:
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
        tail = 1.0 - self._alpha_per_claim if up else self._alpha_per_claim
        shape = float(np.quantile(drawn[:, 1], tail) - np.median(drawn[:, 1]))
        way = math.hypot(t - centre, shape)
        return float(min(high, centre + way) if up else max(low, centre - way))

    def _size(self, t: float, params: dict[str, Any]) -> Estimate:
        """Return the size of a setting at position t; without doubt where it is known."""
        size = self.direction.belief.size
        if size is None:
            return self._observed_size(t)
        return (float(size(params)),) * 3

    def _observed_size(self, t: float) -> Estimate:
        """Return the mean observed size at position t, at a dose or between two of them.

        Between two doses the size has the explored shape, moved and sheared to the means at the
        doses. Its bounds err for two reasons: the episodes, and the shape, which is only believed.
        Both are independent, so their lengths are added in quadrature.
        """
        alpha = self._alpha_per_claim
        if len(self.doses) == 1:
            return _mean_size(self.sizes, [1.0], alpha)
        low, high = self.doses[0].t, self.doses[1].t
        share = (t - low) / (high - low) if high > low else 1.0
        mean, lower, upper = _mean_size(self.sizes, [1.0 - share, share], alpha)
        bend, drawn = self.direction.bend(low, t, high)
        least, middle, most = np.quantile(drawn, [alpha, 0.5, 1.0 - alpha])
        centre = mean + bend
        return (
            centre,
            float(centre - math.hypot(mean - lower, middle - least)),
            float(centre + math.hypot(upper - mean, most - middle)),
        )


def _mean_size(samples: Sequence[Sample], weights: Sequence[float], alpha: float) -> Estimate:
    """Return a weighted sum of mean sizes with its bounds.

    A size that is the same in every episode is fixed by the rules, and exact.
    """
    pairs = list(zip(samples, weights, strict=True))
    fixed = sum(w * s.mean for s, w in pairs if s.variance == 0.0)
    varied = [(s, w) for s, w in pairs if s.variance != 0.0]
    if not varied:
        return fixed, fixed, fixed
    mean, lower, upper = mean_bounds([s for s, _ in varied], [w for _, w in varied], alpha)
    return fixed + mean, fixed + lower, fixed + upper
