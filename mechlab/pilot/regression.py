"""Least squares of what episodes measured, with bounds of the mean they stand for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mechlab.flows import Array
from mechlab.search.sequences import Sample, bounds


@dataclass(frozen=True)
class Regression:
    """A linear regression of n values on C columns.

    Attributes:
        slopes: (C,) coefficients; the shortest ones where the columns do not tell them all.
        inverse: (C, C) pseudo-inverse of the columns' products.
        residuals: moments of what is left, with as many values as degrees of freedom and one.
    """

    slopes: Array
    inverse: Array
    residuals: Sample

    @classmethod
    def of(cls, columns: Array, values: Array) -> Regression:
        """Fit values (n,) to columns (n, C).

        >>> line = Regression.of(np.array([[1.0, 0], [1, 1], [1, 2]]), np.array([0.0, 1, 2]))
        >>> line.slopes.round(9).tolist()
        [0.0, 1.0]
        """
        inverse: Array = np.asarray(np.linalg.pinv(columns.T @ columns, hermitian=True))
        slopes: Array = inverse @ columns.T @ values
        off = values - columns @ slopes
        n, freedom = len(values), len(values) - int(np.linalg.matrix_rank(columns))
        if np.ptp(values) == 0.0 or freedom < 2:
            moments = (0.0, 0.0) if freedom >= 2 else (math.nan, math.nan)
        else:
            moments = float(off @ off) / freedom, float((off**3).sum()) / n
        return cls(slopes, inverse, Sample(freedom + 1, 0.0, *moments))

    def mean(self, columns: Array) -> Array:
        """Return the mean at some columns (m, C), (m,)."""
        return np.asarray(columns @ self.slopes)

    def bounds(self, columns: Array, alpha: float) -> Array:
        """Return lower and upper bounds of the mean at some columns (m, C), as (m, 2).

        Each is wrong with probability ``alpha``, where means are nearly normal (see
        ``mechlab.search.sequences``).
        """
        share = np.einsum("mc,cd,md->m", columns, self.inverse, columns)  # of a value's variance
        weights = np.sqrt(self.residuals.n * share)
        _, below, above = bounds([self.residuals], [1.0], alpha)
        found: Array = self.mean(columns)[:, None] + np.outer(weights, [below, above])
        return found
