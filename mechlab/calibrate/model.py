"""Fits one model: its base propensities, then each shift, then all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from mechlab.calibrate.problem import Problem
from mechlab.calibrate.scales import BASE, SHIFTS, VOLUNTEER
from mechlab.published import Figure

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
