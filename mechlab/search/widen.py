"""What an uncertain fit of the agents adds to the interval of an answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mechlab.population import Population
from mechlab.search.offline import thresholds
from mechlab.study import Study

Interval = tuple[float, float]


@dataclass(frozen=True)
class Widened:
    """An interval for the smallest sufficient size of agents that are known from a fit only.

    Attributes:
        interval: its ends; infinite above where too many draws never reach the target.
        certified: the interval for the fitted agents themselves, from episodes alone.
        episodes, fit: shares of the squared width that come from either; they add up to 1.
        draws: smallest sufficient size of each draw, inf where there is none.
    """

    interval: Interval
    certified: Interval
    episodes: float
    fit: float
    draws: tuple[float, ...]


def widen(
    study: Study, candidate: str, certified: Interval, groups: Sequence[Population]
) -> Widened:
    """Widen a certified interval by what draws of the fitted agents do to the smallest size.

    Each draw's smallest size is explored with the luck of the study's own group, so that the
    differences come from the fit alone. Both errors are independent, so on each side their lengths
    are added in quadrature (JCGM 100:2008, "Guide to the expression of uncertainty in
    measurement", 5.1).

    Args:
        study: the study; its population is the point estimate.
        candidate: name of the mechanism.
        certified: interval for the point estimate.
        groups: the agents of each draw; some 20 to 50 of them.
    """
    middle = _smallest(study, candidate, study.group)
    drawn = [_smallest(study, candidate, group) for group in groups]
    return combined(certified, middle, drawn, study.target.confidence)


def combined(
    certified: Interval, middle: float, drawn: Sequence[float], confidence: float
) -> Widened:
    """Return the widened interval.

    Args:
        certified: interval for the point estimate.
        middle: its smallest size as explored like the draws.
        drawn: smallest size of each draw.
        confidence: of the interval.

    >>> combined((95.0, 105.0), 100.0, [88.0, 100.0, 112.0], 0.9).interval  # 5 beside 12
    (87.0, 113.0)
    """
    tails = (1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0
    # An observed quantile, for there is nothing between a size and none at all.
    ends = np.quantile(np.asarray(drawn), tails, method="nearest")
    below, above = max(0.0, middle - ends[0]), max(0.0, ends[1] - middle)
    low = certified[0] - (math.hypot(middle - certified[0], below) - (middle - certified[0]))
    high = certified[1] + (math.hypot(certified[1] - middle, above) - (certified[1] - middle))
    widths = (certified[1] - certified[0]) ** 2, (below + above) ** 2
    fit = 1.0 if math.isinf(widths[1]) else widths[1] / (sum(widths) or math.nan)
    return Widened((low, high), certified, 1.0 - fit, fit, tuple(map(float, drawn)))


def _smallest(study: Study, candidate: str, group: Population) -> float:
    threshold = thresholds(study, group)[candidate]
    return threshold.mid if threshold.reachable >= 0.5 else math.inf
