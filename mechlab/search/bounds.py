"""Bounds for means of held-out episodes, and how the permitted error is spent over the analyses.

A group-sequential design: the data are judged at planned interim analyses only, and each of them,
in every stage, spends a part of the permitted error that was fixed beforehand (Slud & Wei 1982; Lan
& DeMets 1983; Jennison & Turnbull 2000, ch. 7). The parts add up to no more than the whole, so the
union bound holds whatever the dependence between analyses, and whoever watches in between changes
nothing. An anytime-valid confidence sequence (Howard, Ramdas, McAuliffe & Sekhon 2021;
Waudby-Smith & Ramdas 2024) may be judged after every episode, and pays for that with two to three
times the episodes; for bounded data with a small spread, several times more.

A bound is Student's with Hall's (1992, "On the removal of skewness by transformation", JRSS B 54)
correction for skewness, which makes each tail right to second order. Assumption: means of at least
`MIN_EPISODES` episodes are that close to normal. What happens in a few of a hundred episodes and in
none of those played cannot be seen in their spread. Only where all of them are equal, and so have
none, is the bound the exact one for a share of episodes that differ (Clopper & Pearson 1934).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

MIN_EPISODES = 16  # of a dose before its mean is judged: tests hold the bounds to it for six laws
FIRST_SHARE = 0.6  # of the error, at the first analysis, by which a stage is designed to be decided
ROUNDING = 1e-9  # of the amounts added up: sums of thousands of floats err by a thousandth of that
RATIO = 0.375  # of the shares of successive analyses: with 0.6 they add up to 0.6 / 0.625 = 0.96


def alpha_spent(analysis: int) -> float:
    """Return the share of the permitted error that an analysis, counted from 0, may spend.

    The shares add up to 0.96. The rest is never spent: it stands for what the assumptions of
    normal means, and of the curve's shape between two doses, leave out.

    >>> [round(alpha_spent(k), 6) for k in range(3)]
    [0.6, 0.225, 0.084375]
    >>> round(sum(alpha_spent(k) for k in range(60)), 9)
    0.96
    """
    return FIRST_SHARE * RATIO**analysis


@dataclass(frozen=True)
class Sample:
    """Moments of independent values; nan where there are too few of them.

    Attributes:
        n: how many there are.
        mean: their mean.
        variance, third: unbiased estimates of the second and third central moments.

    >>> Sample.of([1.0, 2.0, 3.0]).mean
    2.0
    """

    n: int
    mean: float
    variance: float
    third: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Sample:
        """Return the moments of some values; variance and third moment need three."""
        x = np.asarray(values, dtype=float)
        n = len(x)
        if n < 3:
            return cls(n, float(x.mean()) if n else np.nan, np.nan, np.nan)
        if np.ptp(x) <= ROUNDING * np.abs(x).max():
            return cls(n, float(x[0]), 0.0, 0.0)  # rounding would leave a trace of spread
        off = x - x.mean()
        third = n / ((n - 1) * (n - 2)) * float((off**3).sum())
        return cls(n, float(x.mean()), float(off @ off / (n - 1)), third)


def mean_bounds(
    samples: Sequence[Sample], weights: Sequence[float], alpha: float
) -> tuple[float, float, float]:
    """Return a weighted sum of means with its lower and upper bound, each wrong with ``alpha``.

    The degrees of freedom are Welch's; the skewness is that of the weighted sum. Bounds are nan
    where a sample has fewer than three values.

    Args:
        samples: independent ones.
        weights: of their means.
        alpha: probability that the true value lies below the lower bound, and above the upper one.

    >>> mean, lower, upper = mean_bounds([Sample(25, 0.8, 0.01, 0.0)], [1.0], 0.025)
    >>> round(mean, 3), round(lower, 3), round(upper, 3)  # 0.8 -+ 2.064 * 0.02
    (0.8, 0.759, 0.841)
    """
    shares = [w**2 * p.variance / p.n for p, w in zip(samples, weights, strict=True)]
    mean = sum(w * p.mean for p, w in zip(samples, weights, strict=True))
    unseen = sum(w * _unseen(p, alpha) for p, w in zip(samples, weights, strict=True))
    variance = sum(shares)
    if not variance > 0.0:
        return mean, mean - unseen, mean + unseen  # nan stays nan
    degrees = variance**2 / sum(s**2 / (p.n - 1) for p, s in zip(samples, shares, strict=True))
    third = sum(w**3 * p.third / p.n**2 for p, w in zip(samples, weights, strict=True))
    skew, error = third / variance**1.5, variance**0.5
    z = float(stdtrit(degrees, 1.0 - alpha))
    below, above = _unskewed(z, skew), _unskewed(-z, skew)
    return mean, mean - error * below - unseen, mean - error * above + unseen


def _unseen(sample: Sample, alpha: float) -> float:
    """Return how far episodes that differ may move the mean of a sample of equal ones.

    With none of n observed, a share of 1 - alpha^(1/n) is the largest that ``alpha`` permits. Each
    of them is taken to differ by 1, the scale of efficiency, or by the mean where that is larger.
    """
    if sample.variance != 0.0:
        return 0.0 * sample.variance  # 0, or nan where the variance is
    return float((1.0 - alpha ** (1.0 / sample.n)) * max(1.0, abs(sample.mean)))


def _unskewed(z: float, skew: float) -> float:
    """Return the quantile of the studentised mean at a normal quantile z (Hall 1992).

    It inverts g(x) = x + u x^2 + u^2 x^3 / 3 + u / 2 at z, with u = skew / 3 and skew that of the
    mean: the third central moment of the values over sd^3 sqrt(n).
    """
    if abs(skew) < 1e-6:
        return z  # the limit; the formula would divide by 0
    u = skew / 3.0
    return float((np.cbrt(1.0 + 3.0 * u * (z - skew / 6.0)) - 1.0) / u)
