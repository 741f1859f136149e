"""Means with their 95% intervals, and counts in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Summary:
    """Mean, standard deviation and 95% interval of the defined values; nan where undefined.

    The interval is Student's, for the mean; it needs two values.
    """

    mean: float
    sd: float
    ci95: tuple[float, float]
    n: int

    def as_json(self) -> dict[str, Any]:
        """Return it as ``{"mean", "sd", "ci95", "n"}``."""
        return {"mean": self.mean, "sd": self.sd, "ci95": list(self.ci95), "n": self.n}

    def columns(self, name: str) -> dict[str, float]:
        """Return mean and ends of the interval as ``name``, ``name_lower`` and ``name_upper``."""
        return {name: self.mean, f"{name}_lower": self.ci95[0], f"{name}_upper": self.ci95[1]}


def summarise(values: Array, level: float = 0.95) -> Summary:
    """Summarise the values that are not nan.

    >>> summarise(np.array([1.0, 2.0, 3.0, np.nan])).n
    3
    """
    from scipy.special import stdtrit  # Student's quantile; scipy.stats takes 0.6 s to import

    defined = values[~np.isnan(values)]
    n = len(defined)
    mean = float(defined.mean()) if n else float("nan")
    if n < 2:
        return Summary(mean, float("nan"), (float("nan"), float("nan")), n)
    sd = float(defined.std(ddof=1))
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * sd / n**0.5
    return Summary(mean, sd, (mean - half, mean + half), n)


def difference(values: Array, others: Array, level: float = 0.95) -> Summary | None:
    """Return the mean of some values less that of others, with Welch's interval.

    None where either has fewer than two.

    >>> difference(np.array([2.0, 4.0]), np.array([1.0, 1.0])).mean
    2.0
    """
    from scipy.special import stdtrit

    if min(len(values), len(others)) < 2:
        return None
    parts = np.array([x.var(ddof=1) / len(x) for x in (values, others)])
    freedom = np.array([len(values), len(others)]) - 1
    error, mean = float(parts.sum() ** 0.5), float(values.mean() - others.mean())
    degrees = error**4 / float((parts**2 / freedom).sum()) if error else float(freedom.sum())
    half = float(stdtrit(degrees, 0.5 + level / 2)) * error
    return Summary(mean, error, (mean - half, mean + half), len(values) + len(others))


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, whose plural ends in s where no other one is given.

    >>> counted(1, "episode"), counted(1200, "episode"), counted(0, "study", "studies")
    ('1 episode', '1,200 episodes', '0 studies')
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
