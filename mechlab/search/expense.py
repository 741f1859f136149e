"""What the fresh episodes of a look show of a size that they measure, such as spend."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mechlab.search.ray import Dose, Ray
from mechlab.search.sequences import Sample, bounds

Bounded = tuple[float, float, float]  # a mean with its lower and upper bound


def expense(
    ray: Ray, t: float, doses: Sequence[Dose], samples: Sequence[Sample], alpha: float
) -> Bounded:
    """Return the mean size at position t with bounds, each wrong with ``alpha``.

    Between two doses the size has the explored shape, moved and sheared to the fresh means. Its
    bounds err for two reasons: the fresh episodes, and the shape, which is only believed. Both are
    independent, so their lengths are added in quadrature.

    Args:
        ray: the way, with what was believed before these episodes.
        t: a position at a dose or between two of them.
        doses, samples: one or two doses, in order, and the sizes of their episodes.
        alpha: error of each bound.
    """
    if len(doses) == 1:
        return _weighted(samples, [1.0], alpha)
    low, high = doses[0].t, doses[1].t
    share = (t - low) / (high - low) if high > low else 1.0
    mean, lower, upper = _weighted(samples, [1.0 - share, share], alpha)
    bend, drawn = ray.bend(low, t, high)
    least, middle, most = np.quantile(drawn, [alpha, 0.5, 1.0 - alpha])
    centre = mean + bend
    return (
        centre,
        float(centre - math.hypot(mean - lower, middle - least)),
        float(centre + math.hypot(upper - mean, most - middle)),
    )


def _weighted(samples: Sequence[Sample], weights: Sequence[float], alpha: float) -> Bounded:
    """Return a weighted sum of means with its bounds.

    A size that is the same in every episode is fixed by the rules, and exact.
    """
    pairs = list(zip(samples, weights, strict=True))
    fixed = sum(w * s.mean for s, w in pairs if s.variance == 0.0)
    varied = [(s, w) for s, w in pairs if s.variance != 0.0]
    if not varied:
        return fixed, fixed, fixed
    mean, lower, upper = bounds([s for s, _ in varied], [w for _, w in varied], alpha)
    return fixed + mean, fixed + lower, fixed + upper
