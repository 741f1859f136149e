"""Surrogates: a run's expected statistics as a quadratic function of agents' propensities.

The function is fitted by least squares to episodes of many agents around a centre, all with
independent luck. So every episode informs the slopes; a difference between two agents would use
only theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from mechlab.calibrate._conditions import Run
from mechlab.calibrate._scales import Scale
from mechlab.flows import Array
from mechlab.games.base import Game


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

    def means(self, behaviour: Array) -> Array:
        """Return the expected statistics (D, S) of agents with some propensities (D, F)."""
        return np.asarray(_terms((behaviour - self.middle) / self.width) @ self.slopes)


def fitted_surrogate(behaviour: Array, counts: Array) -> Surrogate:
    """Fit a surrogate to agents' propensities (D, F) and their episodes' statistics (D, n, S)."""
    middle, width = behaviour.mean(axis=0), behaviour.std(axis=0) + 1e-9
    terms = _terms((behaviour - middle) / width)
    slopes, *_ = np.linalg.lstsq(terms, counts.mean(axis=1), rcond=None)
    off = counts - counts.mean(axis=1, keepdims=True)
    freedom = counts.shape[0] * (counts.shape[1] - 1)
    noise = np.einsum("dns,dnt->st", off, off) / freedom
    # Counts are whole: no covariance is finer than that, though some statistics coincide.
    return Surrogate(middle, width, slopes, noise + np.eye(noise.shape[0]) / 12.0)


def _terms(z: Array) -> Array:
    left, right = np.triu_indices(z.shape[1])
    return np.concatenate([np.ones((len(z), 1)), z, z[:, left] * z[:, right]], axis=1)


@dataclass(frozen=True)
class Effort:
    """What a surrogate is fitted to: how many agents, and how many episodes of each in a run."""

    agents: int
    episodes: int
    seed: int


def surrogates(
    game: Game,
    runs: Sequence[Run],
    scales: Sequence[Scale],
    box: tuple[Array, Array],
    effort: Effort,
) -> list[Surrogate]:
    """Play agents spread evenly over a box of places (P,), and fit each run's surrogate."""
    low, high = box
    spread = qmc.LatinHypercube(len(scales), rng=np.random.default_rng(effort.seed))
    places = low + spread.random(effort.agents) * (high - low)
    fits = []
    for run in runs:
        behaviour = run.behaviour(scales, places)
        played = [
            run.played(game, row, effort.episodes, effort.seed, first=number * effort.episodes)
            for number, row in enumerate(behaviour)
        ]
        fits.append(fitted_surrogate(behaviour, np.stack(played)))
    return fits
