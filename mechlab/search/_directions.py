"""Directions through a space of parameters, along which the smallest sufficient size is sought.

Symbols: R directions, m positions on each, W coordinates (see ``Space``). A position t runs from 0,
no incentive, to 1, where the first number reaches the end of its range; categories stay the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import norm, qmc

from mechlab.flows import Array
from mechlab.search._replicates import Index
from mechlab.search._space import Space

DIRECTIONS, POSITIONS = 16, 9  # with several parameters; drawing takes the cube of their product
REFINED = 40  # positions on a refined stretch; one as long as half the threshold has steps of 1.3%
SURROUNDINGS = (0.01, 0.99)  # quantiles of the thresholds drawn, between which positions are placed


@dataclass(frozen=True)
class Directions:
    """Some directions.

    Attributes:
        space: the parameters.
        start, end: points (R, W) at t = 0 and t = 1.
        t: positions on each (R, m), rising.
    """

    space: Space
    start: Array
    end: Array
    t: Array

    @property
    def points(self) -> Array:
        """The valid points (R * m, W) nearest to the positions, direction by direction."""
        way = (self.end - self.start)[:, None, :]
        x = self.start[:, None, :] + self.t[:, :, None] * way
        return self.space.rounded(
            x.reshape(self.t.size, -1) if x.size else np.zeros((self.t.size, 0))
        )

    def at(self, direction: Index, t: Array) -> Array:
        """Return the points (n, W) at position t (n,) of direction number (n,)."""
        return self.start[direction] + t[:, None] * (self.end - self.start)[direction]


def directions_through(space: Space, points: Array, t: Array) -> Directions:
    """Return the directions through some points (R, W), with positions t (m,) on all of them."""
    start, n = points.copy(), space.n_numeric
    start[:, :n] = 0.0
    end, reach = points.copy(), points[:, :n].max(axis=1, initial=0.0)
    scaled = points[:, :n] / np.maximum(reach, 1e-300)[:, None]
    end[:, :n] = np.where((reach > 0.0)[:, None], scaled, 1.0)  # from nothing: the diagonal
    return Directions(space, start, end, np.tile(t, (len(points), 1)))


def covering_directions(space: Space) -> Directions:
    """Return directions that cover the space; where it has one number, one that is all of it.

    Positions are close together near no incentive, as doses work by their ratios there.
    """
    if space.one_dimensional:
        t = np.concatenate([[0.0], np.geomspace(1e-3, 1.0, 32), np.linspace(0, 1, 25)])
        return directions_through(space, np.ones((1, 1)), np.unique(t))
    axes = len(space.distributions)
    cube = halton(max(axes, 1), DIRECTIONS)[:, :axes]
    t = np.concatenate([[0.0], np.geomspace(0.02, 1.0, POSITIONS - 1)])
    points = np.unique(np.vstack([space.from_cube(cube), space.extremes()]), axis=0)
    return directions_through(space, points, t if space.n_numeric else np.zeros(1))


def directions_near(wide: Directions, direction: Index, t: Array) -> Directions:
    """Return directions and positions close to where thresholds were drawn.

    Args:
        wide: the directions on which they were drawn.
        direction, t: the direction and position of each threshold (n,).

    Returns:
        Directions of which the first goes through the centre of the thresholds.
    """
    space, n = wide.space, wide.space.n_numeric
    low, high = np.quantile(t, SURROUNDINGS)
    if len(wide.t) == 1:
        return Directions(space, wide.start, wide.end, refined(wide.t[0], low, high)[None, :])
    thresholds = wide.at(direction, t)
    points = thresholds[(np.arange(DIRECTIONS) * len(thresholds)) // DIRECTIONS]
    # A normal shift by half their spread, of the whole cloud but its outermost 2% on each side
    shift = norm.ppf(0.02 + 0.96 * halton(max(n, 1), DIRECTIONS))[:, :n]
    points[:, :n] += shift * (0.5 * thresholds[:, :n].std(axis=0) + 0.01)
    points = np.clip(np.vstack([centre(space, thresholds), points]), 0.0, 1.0)
    # On a direction that is a little off, the threshold may be some way off those drawn
    positions = np.linspace(0.7 * low, min(1.0, 1.3 * high), POSITIONS - 1)
    return directions_through(space, points, np.unique(np.append(0.0, positions)))


def centre(space: Space, points: Array) -> Array:
    """Return the mean (W,) of those points (n, W) that have the commonest categories."""
    categories, count = np.unique(points[:, space.n_numeric :], axis=0, return_counts=True)
    same = (points[:, space.n_numeric :] == categories[count.argmax()]).all(axis=1)
    return np.asarray(points[same].mean(axis=0))


def refined(t: Array, low: float, high: float) -> Array:
    """Return every other of some positions t, and many from ``low`` to ``high``."""
    left, right = np.searchsorted(t, [low, high])
    ends = t[max(0, left - 1)], t[min(right + 1, len(t) - 1)]
    return np.union1d(t[::2], np.linspace(*ends, REFINED))


def first_crossing(t: Array, curves: Array, target: float, continuous: bool = True) -> Array:
    """Return where curves (..., G) at positions t (..., G) first reach the target, inf where never.

    Between two positions a curve is taken to be straight where positions are ``continuous``;
    otherwise the first position that suffices is the answer.

    >>> curves = np.array([[0.2, 0.4, 0.8], [0.0, 0.0, 0.0]])
    >>> first_crossing(np.array([0.0, 1.0, 2.0]), curves, 0.6)
    array([1.5, inf])
    """
    enough = curves >= target
    right = enough.argmax(axis=-1)[..., None]
    left = np.maximum(right - 1, 0)
    t = np.broadcast_to(t, curves.shape)
    at, before = np.take_along_axis(t, right, -1), np.take_along_axis(t, left, -1)
    if continuous:
        above, below = np.take_along_axis(curves, right, -1), np.take_along_axis(curves, left, -1)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(right > 0, (target - below) / (above - below), 1.0)
        at = before + share * (at - before)
    return np.where(enough.any(axis=-1), at[..., 0], np.inf)


@lru_cache
def halton(axes: int, count: int) -> Array:
    """Return points (count, axes) spread evenly over the unit cube, the same each time."""
    return np.asarray(qmc.Halton(axes, seed=1).random(count))
