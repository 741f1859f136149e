"""The posterior of an emulated agent's parameters, given a pilot and surrogates of its runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares
from scipy.special import logsumexp
from scipy.stats import chi2

from mechlab.calibrate._conditions import Run
from mechlab.calibrate._scales import Scale
from mechlab.calibrate._surrogate import Surrogate
from mechlab.flows import Array

_STEP = 1e-3  # of central differences: surrogates are smooth, so their error is of its square
_PROPOSED = 8000  # places that are proposed: eight for each of a fit's draws, so few come up twice
_SURE = 0.01  # p-value of overdispersion: one fit in a hundred widens its intervals without need
_WIDER = 1.3  # SD of proposals over the normal approximation's: longer tails keep weights bounded


@dataclass(frozen=True)
class Posterior:
    """A normal prior and the normal likelihood of each run's mean statistics.

    Attributes:
        scales: the P parameters. prior: (P, 2) mean and standard deviation of their places.
        runs, surrogates: of each condition.
        dispersion: variance of the episodes over that of emulated agents'; at least 1.
    """

    scales: Sequence[Scale]
    prior: Array
    runs: Sequence[Run]
    surrogates: Sequence[Surrogate]
    dispersion: float = 1.0

    def dispersed(self) -> Posterior:
        """Return the posterior with the pilot's dispersion, if that is significantly above 1.

        It is the chi-squared statistic of the episodes' deviations from the means of their runs,
        with the surrogates' covariances, over its degrees of freedom.
        """
        total, freedom = 0.0, 0
        for run, surrogate in zip(self.runs, self.surrogates, strict=True):
            off = run.counts - run.counts.mean(axis=0)
            total += float((off @ np.linalg.inv(surrogate.noise) * off).sum())
            freedom += (len(off) - 1) * off.shape[1]
        surely = freedom > 0 and chi2.sf(total, freedom) < _SURE
        return replace(self, dispersion=total / freedom) if surely else self

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper bounds of the places, (P,) each."""
        low = np.array([s.inward(s.low) for s in self.scales])
        return low, np.array([s.inward(s.high) for s in self.scales])

    def residuals(self, places: Array) -> Array:
        """Return independent standard normal residuals of places (D, P), as (D, R)."""
        parts = [(places - self.prior[:, 0]) / self.prior[:, 1]]
        for run, surrogate in zip(self.runs, self.surrogates, strict=True):
            expected = surrogate.means(run.behaviour(self.scales, places))
            spread = np.linalg.cholesky(surrogate.noise * self.dispersion / len(run.counts))
            off = run.counts.mean(axis=0) - expected
            parts.append(np.linalg.solve(spread, off.T).T)
        return np.concatenate(parts, axis=1)

    def mode(self, start: Array, box: tuple[Array, Array]) -> Array:
        """Return the most likely place within a box, from a start (P,)."""
        inside = np.clip(start, box[0] + 1e-6, box[1] - 1e-6)
        fit = least_squares(self._residuals, inside, jac=self._jacobian, bounds=box)
        return np.asarray(fit.x)

    def covariance(self, place: Array) -> Array:
        """Return the covariance (P, P) of the normal approximation at a place (P,)."""
        slopes = self._jacobian(place)
        return np.asarray(np.linalg.inv(slopes.T @ slopes))

    def draws(self, place: Array, count: int, rng: np.random.Generator) -> Array:
        """Draw places (count, P) by importance resampling around the mode.

        Proposals are normal and cut off at the bounds; weights correct for the true density
        (Gelman et al. 2013, "Bayesian Data Analysis", section 10.4).
        """
        low, high = self.bounds
        spread = np.linalg.cholesky(self.covariance(place)) * _WIDER
        normal = rng.standard_normal((_PROPOSED, len(place)))
        proposed = place + normal @ spread.T
        inside = ((proposed >= low) & (proposed <= high)).all(axis=1)
        normal, proposed = normal[inside], proposed[inside]
        weight = (normal**2).sum(axis=1) / 2 - (self.residuals(proposed) ** 2).sum(axis=1) / 2
        chance = np.exp(weight - logsumexp(weight))
        return np.asarray(proposed[rng.choice(len(proposed), count, p=chance / chance.sum())])

    def _residuals(self, place: Array) -> Array:
        return np.asarray(self.residuals(place[None])[0])

    def _jacobian(self, place: Array) -> Array:
        steps = _STEP * np.eye(len(place))
        around = self.residuals(np.concatenate([place + steps, place - steps]))
        ahead, behind = np.split(around, 2)
        return np.asarray((ahead - behind).T / (2 * _STEP))
