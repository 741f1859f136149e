"""The posterior of an emulated agent's parameters, given a pilot and surrogates of its runs.

A surrogate gives a run's expected statistics as a quadratic function of agents' propensities. It is
fitted by least squares to episodes of many agents around a centre, all with independent luck: so
every episode informs the slopes, where a difference between two agents would use only theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares
from scipy.special import logsumexp
from scipy.stats import chi2

from mechlab.calibrate._conditions import Run
from mechlab.calibrate._scales import Scale, bounds
from mechlab.flows import Array

_STEP = 1e-3  # of central differences: surrogates are smooth, so their error is of its square
_PROPOSED = 8000  # places that are proposed: eight for each of a fit's draws, so few come up twice
_SURE = 0.01  # p-value of overdispersion: one fit in a hundred widens its intervals without need
_WIDER = 1.3  # SD of proposals over the normal approximation's: longer tails keep weights bounded


@dataclass(frozen=True)
class Surrogate:
    """The statistics of a run near a centre.

    Attributes:
        middle, width: (F,) of the propensities that it was fitted to.
        slopes: (C, S) coefficients of the terms: 1, each propensity, each product of two.
        noise: (S, S) covariance of an episode's statistics.
    """

    middle: Array
    width: Array
    slopes: Array
    noise: Array

    @classmethod
    def of(cls, behaviour: Array, counts: Array) -> Surrogate:
        """Fit it to agents' propensities (D, F) and their episodes' statistics (D, n, S)."""
        middle, width = behaviour.mean(axis=0), behaviour.std(axis=0) + 1e-9
        terms = _terms((behaviour - middle) / width)
        slopes, *_ = np.linalg.lstsq(terms, counts.mean(axis=1), rcond=None)
        off = counts - counts.mean(axis=1, keepdims=True)
        freedom = counts.shape[0] * (counts.shape[1] - 1)
        noise = np.einsum("dns,dnt->st", off, off) / freedom
        # Counts are whole: no covariance is finer than that, though some statistics coincide.
        return cls(middle, width, slopes, noise + np.eye(noise.shape[0]) / 12.0)

    def means(self, behaviour: Array) -> Array:
        """Return the expected statistics (D, S) of agents with some propensities (D, F)."""
        return np.asarray(_terms((behaviour - self.middle) / self.width) @ self.slopes)


def _terms(z: Array) -> Array:
    left, right = np.triu_indices(z.shape[1])
    return np.concatenate([np.ones((len(z), 1)), z, z[:, left] * z[:, right]], axis=1)


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

    def residuals(self, places: Array) -> Array:
        """Return independent standard normal residuals of places (D, P), as (D, R)."""
        parts = [(places - self.prior[:, 0]) / self.prior[:, 1]]
        for run, surrogate in zip(self.runs, self.surrogates, strict=True):
            expected = surrogate.means(run.behaviour(self.scales, places))
            spread = np.linalg.cholesky(surrogate.noise * self.dispersion / len(run.counts))
            off = run.counts.mean(axis=0) - expected
            parts.append(np.linalg.solve(spread, off.T).T)
        return np.concatenate(parts, axis=1)

    def mode(self, start: Array, box: tuple[Array, Array] | None = None) -> Array:
        """Return the most likely place, from a start (P,), within a box or else the bounds."""
        low, high = box or bounds(self.scales)
        inside = np.clip(start, low + 1e-6, high - 1e-6)

        def residuals(place: Array) -> Array:
            return np.asarray(self.residuals(place[None])[0])

        fit = least_squares(residuals, inside, jac=self._jacobian, bounds=(low, high))
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
        low, high = bounds(self.scales)
        spread = np.linalg.cholesky(self.covariance(place)) * _WIDER
        normal = rng.standard_normal((_PROPOSED, len(place)))
        proposed = place + normal @ spread.T
        inside = ((proposed >= low) & (proposed <= high)).all(axis=1)
        normal, proposed = normal[inside], proposed[inside]
        weight = (normal**2).sum(axis=1) / 2 - (self.residuals(proposed) ** 2).sum(axis=1) / 2
        chance = np.exp(weight - logsumexp(weight))
        return np.asarray(proposed[rng.choice(len(proposed), count, p=chance / chance.sum())])

    def _jacobian(self, place: Array) -> Array:
        steps = _STEP * np.eye(len(place))
        around = self.residuals(np.concatenate([place + steps, place - steps]))
        ahead, behind = np.split(around, 2)
        return np.asarray((ahead - behind).T / (2 * _STEP))
