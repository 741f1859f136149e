"""Bounds for means of held-out episodes, and how the permitted error is spent over the looks at
them.

A group-sequential design: a dose is judged at looks that were planned before it was played, and
each spends a part of the error that was fixed beforehand (Lan & DeMets 1983, Biometrika 70;
Jennison & Turnbull 2000, "Group Sequential Methods", ch. 7 and 19). An anytime-valid confidence
sequence for bounded means (Waudby-Smith & Ramdas 2024, JRSS B 86) may be judged after every
episode and assumes nothing else; where episodes differ little, it takes several times as many.

A mean may be wrong in two ways, and a bound is the worse of two:
- By the spread that was seen: Student's bound with Hall's (1992, JRSS B 54) correction for
  skewness, which makes each tail right to second order. It rests on means of `MIN_EPISODES`
  episodes and more being that close to normal.
- By what was not seen: episodes that collapse to nothing (or, for an upper bound, reach all there
  is) and of which n episodes happen to hold none. A share of them as large as 1 - alpha^(1/n),
  about 3/n at 95%, would have gone unseen with probability alpha (Clopper & Pearson 1934).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy.special import fdtrc, ndtr, ndtri, stdtr, stdtrit

from mechlab.flows import Array

MIN_EPISODES = 16  # of a dose before its mean is judged: tests hold the bounds to it for six laws
SUSPICION = 0.1  # p-value of alike blocks below which their likeness counts
ROUNDING = 1e-9  # of the amounts added up: sums of thousands of floats err by a thousandth of that
LOOKS = (0.1, 0.2, 0.3, 0.4, 0.55, 0.75, 1.0)  # at so much of the episodes planned; early looks pay
# where a dose turns out better than believed, or has to be given up
GRID = np.linspace(-8.0, 8.0, 641)  # of Brownian motion up to time 1, in steps of a fortieth


@dataclass(frozen=True)
class Sample:
    """Moments of values; nan where there are too few of them.

    Attributes:
        n: how many there are.
        mean: their mean.
        variance, third: unbiased estimates of the second and third central moments.
        least, most: the extremes.

    >>> Sample.of([1.0, 2.0, 3.0]).mean
    2.0
    """

    n: int
    mean: float
    variance: float
    third: float
    least: float = 0.0
    most: float = 1.0

    @classmethod
    def of(cls, values: Sequence[float]) -> Sample:
        """Return the moments of some values; variance and third moment need three."""
        x = np.asarray(values, dtype=float)
        n = len(x)
        if n < 3:
            return cls(n, float(x.mean()) if n else np.nan, np.nan, np.nan)
        ends = float(x.min()), float(x.max())
        if np.ptp(x) <= ROUNDING * np.abs(x).max():
            return cls(n, float(x[0]), 0.0, 0.0, *ends)  # rounding would leave a trace of spread
        off = x - x.mean()
        third = n / ((n - 1) * (n - 2)) * float((off**3).sum())
        return cls(n, float(x.mean()), float(off @ off / (n - 1)), third, *ends)


@dataclass(frozen=True)
class Serial:
    """How far the episodes of neighbouring indices are alike; see `serial_correlation`.

    Attributes:
        inflation: factor on the variance of a mean.
        degrees: of freedom of that factor; inf where none was needed.
        p: that independent episodes look as much alike, nan where too few blocks were played.
    """

    inflation: float = 1.0
    degrees: float = np.inf
    p: float = np.nan


def mean_bounds(
    sample: Sample, alpha: float, unseen: float = 0.0, serial: Serial = Serial()
) -> tuple[float, float]:
    """Return the lower and the upper bound of a mean, each wrong with probability ``alpha``.

    Bounds are nan where there are fewer than three values.

    Args:
        sample: of the values.
        alpha: error of each bound where it rests on the spread that was seen.
        unseen: error of each where it rests on what was not seen; 0 leaves that out.
        serial: how much the values depend on each other.

    >>> lower, upper = mean_bounds(Sample(25, 0.8, 0.01, 0.0), 0.025)
    >>> round(lower, 3), round(upper, 3)  # 0.8 -+ 2.064 * 0.02
    (0.759, 0.841)
    """
    error = (sample.variance * serial.inflation / sample.n) ** 0.5 if sample.n else np.nan
    z = float(stdtrit(min(sample.n - 1, serial.degrees), 1.0 - alpha)) if sample.n > 1 else np.nan
    skew = _skewness(sample)
    lower = sample.mean - error * _unskewed(z, skew)
    upper = sample.mean - error * _unskewed(-z, skew)
    if unseen:
        share = unseen_share(sample.n, unseen)
        lower = min(lower, sample.mean - share * _room(sample, -1.0))
        upper = max(upper, sample.mean + share * _room(sample, 1.0))
    return lower, upper


def unseen_share(n: int, alpha: float) -> float:
    """Return the largest share of episodes of which n hold none with probability ``alpha``.

    >>> round(unseen_share(100, 0.05), 4)  # about 3 / n
    0.0295
    """
    return float(1.0 - alpha ** (1.0 / max(n, 1)))


def p_value(sample: Sample, target: float, sign: float, serial: Serial = Serial()) -> float:
    """Return the probability of a mean so far above (``sign`` 1) or below (-1) the target, were
    the true one at it: the larger one of the two ways in which the mean may be wrong.

    >>> round(p_value(Sample(400, 0.8, 0.16, 0.0), 0.76, 1.0), 3)  # 2 standard errors
    0.023
    """
    gap = sign * (sample.mean - target)
    if not gap > 0.0:
        return 1.0 if gap <= 0.0 else np.nan
    p = (1.0 - min(1.0, gap / _room(sample, -sign))) ** sample.n
    if sample.variance > 0.0:
        t = gap / (sample.variance * serial.inflation / sample.n) ** 0.5
        u = sign * _skewness(sample) / 3.0
        t = t + u * t**2 + u**2 * t**3 / 3.0 + u / 2.0  # Hall's transformation
        p = max(p, float(stdtr(min(sample.n - 1, serial.degrees), -t)))
    return p


def serial_correlation(sequences: Sequence[Sequence[float]], block: int) -> Serial:
    """Return how far blocks of episodes that were played one after the other are alike.

    Compares the variance between the means of blocks with that within them (the F test of a
    one-way layout), over some doses together. Where they differ more than independent episodes do
    in one case of ten, the variance of a mean is taken from the blocks instead.

    Args:
        sequences: the values of each dose, in the order in which they were played.
        block: values in a block.
    """
    between = within = 0.0
    blocks = episodes = doses = 0
    for values in map(np.asarray, sequences):
        whole = values[: len(values) // block * block].reshape(-1, block)
        if len(whole) < 2:
            continue
        means = whole.mean(axis=1)
        between += block * float(((means - means.mean()) ** 2).sum())
        within += float(((whole - means[:, None]) ** 2).sum())
        blocks, episodes, doses = blocks + len(whole), episodes + whole.size, doses + 1
    if blocks <= doses or not within > 0.0:
        return Serial()
    degrees = blocks - doses
    ratio = between / degrees / (within / (episodes - blocks))
    p = float(fdtrc(degrees, episodes - blocks, ratio))
    return Serial(ratio, degrees, p) if p < SUSPICION else Serial(p=p)


@lru_cache
def levels(fractions: tuple[float, ...], alpha: float) -> tuple[float, ...]:
    """Return the level of each look at which a claim is made, all of them wrong with ``alpha``.

    By a look at a fraction of the episodes, that fraction of the error is spent. The levels follow
    from the joint distribution of the looks, that of Brownian motion at the fractions as times.

    >>> [round(level, 4) for level in levels((0.5, 1.0), 0.05)]
    [0.025, 0.0354]
    """
    found: list[float] = []
    density, step = np.array([]), GRID[1] - GRID[0]
    for before, now in pairwise((0.0, *fractions)):
        if not before:
            crossing = -float(ndtri(alpha * now)) * now**0.5
            density = _normal(GRID / now**0.5) / now**0.5
        else:
            gap = (now - before) ** 0.5
            density = _normal((GRID[:, None] - GRID) / gap) / gap @ density * step
            tail = np.cumsum(density[::-1])[::-1] * step - 0.5 * density * step
            crossing = float(np.interp(-alpha * (now - before), -tail, GRID))
        found.append(float(ndtr(-crossing / now**0.5)))
        density = density * np.clip((crossing - GRID) / step + 0.5, 0.0, 1.0)
    return tuple(found)


def _normal(x: Array) -> Array:
    return np.asarray(np.exp(-0.5 * x**2) / (2.0 * np.pi) ** 0.5)


def _skewness(sample: Sample) -> float:
    """Return the skewness of the mean."""
    if not sample.variance > 0.0:
        return 0.0
    return float(sample.third / sample.variance**1.5 / sample.n**0.5)


def _room(sample: Sample, sign: float) -> float:
    """Return how far an episode that was not seen may lie below (``sign`` -1) or above (1) the
    mean: down to nothing, up to the reference point, or as far as those that were seen."""
    if sign < 0.0:
        return max(sample.mean - min(0.0, sample.least), 1e-9)
    return max(max(1.0, sample.most) - sample.mean, 1e-9)


def _unskewed(z: float, skew: float) -> float:
    """Return the quantile of the studentised mean at a normal quantile z (Hall 1992).

    It inverts g(x) = x + u x^2 + u^2 x^3 / 3 + u / 2 at z, with u = skew / 3 and skew that of the
    mean: the third central moment of the values over sd^3 sqrt(n).
    """
    if abs(skew) < 1e-6:
        return z  # the limit; the formula would divide by 0
    u = skew / 3.0
    return float((np.cbrt(1.0 + 3.0 * u * (z - skew / 6.0)) - 1.0) / u)
