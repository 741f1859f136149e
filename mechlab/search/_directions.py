"""Rays through a space of parameters, along which the smallest sufficient size is looked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import norm, qmc

from mechlab.flows import Array
from mechlab.search._space import Space

Index = np.ndarray[tuple[int, ...], np.dtype[np.intp]]
RAYS, STEPS = 16, 9  # rays, and points on each, where there are several parameters


@dataclass(frozen=True)
class Directions:
    """Some rays, each from no incentive (t = 0) to an end of the range (t = 1), words fixed.

    Attributes:
        space: the parameters.
        start, end: coordinates (R, width) of the rays' ends.
        t: positions on each ray (R, m), rising.
    """

    space: Space
    start: Array
    end: Array
    t: Array

    @property
    def points(self) -> Array:
        """The valid points (R * m, width) nearest to the positions, ray by ray."""
        way = (self.end - self.start)[:, None, :]
        x = self.start[:, None, :] + self.t[:, :, None] * way
        return self.space.rounded(
            x.reshape(self.t.size, -1) if x.size else np.zeros((self.t.size, 0))
        )

    def at(self, ray: Index, t: Array) -> Array:
        """Return the points (n, width) at position t (n,) of ray (n,)."""
        return self.start[ray] + t[:, None] * (self.end - self.start)[ray]


def directions_through(space: Space, points: Array, t: Array) -> Directions:
    """Return the rays through some points (R, width); t (m,) are positions on all of them."""
    start, numbers = points.copy(), space.n_numeric
    start[:, :numbers] = 0.0
    end, reach = points.copy(), points[:, :numbers].max(axis=1, initial=0.0)
    end[:, :numbers] = np.where(
        (reach > 0.0)[:, None], points[:, :numbers] / np.maximum(reach, 1e-300)[:, None], 1.0
    )
    return Directions(space, start, end, np.tile(t, (len(points), 1)))


def covering_directions(space: Space) -> Directions:
    """Return rays that cover the space: all of it where it has one number."""
    if space.one_dimensional:
        near = np.concatenate([[0.0], np.geomspace(1e-3, 1.0, 32), np.linspace(0, 1, 25)])
        return directions_through(space, np.ones((1, 1)), np.unique(near))
    axes = len(space.distributions)
    cube = halton(max(axes, 1), RAYS)[:, :axes]
    t = np.concatenate([[0.0], np.geomspace(0.02, 1.0, STEPS - 1)])
    points = np.vstack([space.from_cube(cube), space.extremes()])
    return directions_through(
        space, np.unique(points, axis=0), t if space.n_numeric else np.zeros(1)
    )


def directions_near(directions: Directions, ray: Index, t: Array) -> Directions:
    """Return points close together where thresholds were found, at t (n,) of rays (n,).

    The first ray goes through the middle of them.
    """
    space, numbers = directions.space, directions.space.n_numeric
    low, high = np.quantile(t, [0.01, 0.99])
    if len(directions.t) == 1:
        return Directions(
            space, directions.start, directions.end, refined(directions.t[0], low, high)[None, :]
        )
    found = directions.at(ray, t)
    centres = found[(np.arange(RAYS) * len(found)) // RAYS]
    shift = norm.ppf(0.02 + 0.96 * halton(max(numbers, 1), RAYS))[:, :numbers]
    centres[:, :numbers] += shift * (0.5 * found[:, :numbers].std(axis=0) + 0.01)
    centres = np.clip(np.vstack([centre(space, found), centres]), 0.0, 1.0)
    steps = np.linspace(0.7 * low, min(1.0, 1.3 * high), STEPS - 1)
    return directions_through(space, centres, np.unique(np.append(0.0, steps)))


def centre(space: Space, points: Array) -> Array:
    """Return the mean (width,) of those points that have the commonest words."""
    words, count = np.unique(points[:, space.n_numeric :], axis=0, return_counts=True)
    same = (points[:, space.n_numeric :] == words[count.argmax()]).all(axis=1)
    return np.asarray(points[same].mean(axis=0))


def refined(t: Array, low: float, high: float) -> Array:
    """Return every other of some positions, and 40 close together from ``low`` to ``high``."""
    left, right = np.searchsorted(t, [low, high])
    ends = t[max(0, left - 1)], t[min(right + 1, len(t) - 1)]
    return np.union1d(t[::2], np.linspace(*ends, 40))


def first_crossing(t: Array, curves: Array, target: float, smooth: bool = True) -> Array:
    """Return where curves (..., G) over positions t (..., G) first reach the target; inf if never.

    In between two positions the curves are taken to be straight where ``smooth``.

    >>> first_crossing(np.array([0.0, 1.0, 2.0]), np.array([[0.2, 0.4, 0.8], [0.0, 0.0, 0.0]]), 0.6)
    array([1.5, inf])
    """
    enough = curves >= target
    right = enough.argmax(axis=-1)[..., None]
    left = np.maximum(right - 1, 0)
    t = np.broadcast_to(t, curves.shape)
    at, before = np.take_along_axis(t, right, -1), np.take_along_axis(t, left, -1)
    if smooth:
        above, below = np.take_along_axis(curves, right, -1), np.take_along_axis(curves, left, -1)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(right > 0, (target - below) / (above - below), 1.0)
        at = before + share * (at - before)
    return np.where(enough.any(axis=-1), at[..., 0], np.inf)


@lru_cache
def halton(axes: int, count: int) -> Array:
    """Return ``count`` points spread evenly over a cube of so many axes."""
    return np.asarray(qmc.Halton(axes, seed=1).random(count))
