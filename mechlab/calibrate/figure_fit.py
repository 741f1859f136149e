"""The least-squares problem of one model: its figures against a few of its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from mechlab.agents.emulated import Emulated, Propensities
from mechlab.calibrate.published import Figure
from mechlab.calibrate.residuals import means
from mechlab.calibrate.scales import BASE, SHIFTS, VOLUNTEER, Scale
from mechlab.flows import Array

_PULL = (
    0.05  # weight of a step away from the middle, in tolerances: settles what figures leave open
)
_STEP = 0.15  # of the finite differences: wide enough to pass over the grain of finite episodes
_FAR = 10.0  # residual of a measure that is undefined
_HEADLINE = 2.0  # weight of the baseline's tasks, the figure that all others refer to


@dataclass(frozen=True)
class Problem:
    """Residuals of ``figures`` as a function of the places of ``free`` on their scales.

    A residual is (ours - target) / tolerance, made robust by sign(z) sqrt(log(1 + z^2)) (Cauchy's
    loss), so that one figure that the form cannot reach does not spoil the others; all but the
    baseline's tasks, which are to be met.

    Attributes:
        figures: the figures to meet.
        free: the parameters to fit.
        fixed: values of the others.
        episodes, seed: of each run; the same for all parameters.
    """

    figures: Sequence[Figure]
    free: Sequence[Scale]
    fixed: Mapping[str, float]
    episodes: int
    seed: int
    _known: dict[bytes, Array] = field(default_factory=dict, init=False)

    def values(self, places: Array) -> dict[str, float]:
        """Return the values of all parameters, fixed and free."""
        free = {s.name: float(s.outward(x)) for s, x in zip(self.free, places, strict=True)}
        return {**self.fixed, **free}

    def places(self, values: Mapping[str, float]) -> Array:
        """Return the places of the free parameters' values, kept inside their bounds."""
        low, high = self.bounds
        inside = np.array([s.inward(values[s.name]) for s in self.free])
        return np.asarray(np.clip(inside, low + 1e-3, high - 1e-3))

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Bounds of the places."""
        low = np.array([s.inward(s.low) for s in self.free])
        return low, np.array([s.inward(s.high) for s in self.free])

    def residuals(self, places: Array) -> Array:
        """Return the robust residuals, and after them the pull of each free parameter."""
        return self._robust(self.means(places), places)

    def means(self, places: Array) -> Array:
        """Return our means of the figures."""
        key = places.tobytes()
        if key not in self._known:
            self._known[key] = self._means(places, self.figures)
        return self._known[key]

    def jacobian(self, places: Array) -> Array:
        """Return forward differences; only runs that a parameter has an effect in are played."""
        here, ours = self.residuals(places), self.means(places)
        columns = []
        for i, scale in enumerate(self.free):
            step = _STEP if places[i] + _STEP <= self.bounds[1][i] else -_STEP
            there = places.copy()
            there[i] += step
            moved = [k for k, f in enumerate(self.figures) if scale.affects(f.condition)]
            theirs = ours.copy()
            theirs[moved] = self._means(there, [self.figures[k] for k in moved])
            columns.append((self._robust(theirs, there) - here) / step)
        return np.stack(columns, axis=1)

    def _means(self, places: Array, figures: Sequence[Figure]) -> Array:
        agent = Emulated("candidate", Propensities(**self.values(places)))
        return means(agent, figures, self.episodes, self.seed)

    def _robust(self, ours: Array, places: Array) -> Array:
        off = np.array(
            [(x - f.target) / f.tolerance for f, x in zip(self.figures, ours, strict=True)]
        )
        off = np.nan_to_num(off, nan=_FAR)
        robust = np.sign(off) * np.sqrt(np.log1p(off**2))
        headline = np.array([_is_headline(f) for f in self.figures])
        return np.concatenate([np.where(headline, _HEADLINE * off, robust), _PULL * places])


def _is_headline(figure: Figure) -> bool:
    return (figure.condition, figure.metric) == ("baseline", "tasks")


_ROUGH = 60  # episodes of each run, while looking for where to begin
_FINE = 200
_CORNERS = {"ask": (0.95, 0.2), "answer": (0.9, 0.25), "submit": (0.95, 0.5)}
_BEST = 4  # corners that the search sets out from

Values = Mapping[str, float]


def fit_model(figures: Sequence[Figure], seed: int) -> dict[str, float]:
    """Return the fitted values; a shift without a figure of its own is left out."""
    shifts = [s for s in SHIFTS if any(s.affects(f.condition) for f in figures)]
    base = [f for f in figures if not any(s.affects(f.condition) for s in shifts)]
    free = [*BASE, VOLUNTEER] if _gives_unasked(figures) else list(BASE)
    values = _from_corners(Problem(base, free, {}, _ROUGH, seed))
    for shift in shifts:
        own = [f for f in figures if shift.affects(f.condition)]
        problem = Problem(own, [shift], values, _ROUGH, seed)
        values, _ = _solve(problem, {shift.name: shift.start}, rounds=8)
    return _solve(Problem(figures, [*free, *shifts], {}, _FINE, seed), values, rounds=15)[0]


def _gives_unasked(figures: Sequence[Figure]) -> bool:
    return any(
        f.value > 1.0 for f in figures if (f.condition, f.metric) == ("baseline", "response_rate")
    )


def _from_corners(problem: Problem) -> dict[str, float]:
    """Search from the most promising corners: one figure is often met in several ways."""
    usual = {s.name: s.start for s in problem.free}
    corners = [
        {**usual, **dict(zip(_CORNERS, corner, strict=True))}
        for corner in product(*_CORNERS.values())
    ]
    corners.sort(key=lambda values: _cost(problem, values))
    fits = [_solve(problem, values, rounds=8) for values in corners[:_BEST]]
    return min(fits, key=lambda fit: fit[1])[0]


def _cost(problem: Problem, values: Values) -> float:
    return float((problem.residuals(problem.places(values)) ** 2).sum())


def _solve(problem: Problem, values: Values, rounds: int) -> tuple[dict[str, float], float]:
    """Minimise by the trust-region reflective method of scipy; return values and cost."""
    from scipy.optimize import least_squares

    found = least_squares(
        problem.residuals,
        problem.places(values),
        jac=problem.jacobian,
        bounds=problem.bounds,
        max_nfev=rounds,
        xtol=3e-3,
        ftol=3e-3,
    )
    return problem.values(found.x), float(found.cost)
