"""Fits one emulated agent to each model's published figures, by least squares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import product, repeat
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
from scipy.optimize import least_squares

from mechlab.agents.base import AGENTS, Agent
from mechlab.agents.emulated import Emulated, Propensities
from mechlab.calibrate._result import FigureFit, Residual
from mechlab.calibrate._scales import (
    BASE,
    SHIFTS,
    VOLUNTEER,
    Scale,
    bounds,
    places_of,
    values_at,
)
from mechlab.calibrate.published import Figure, models, published
from mechlab.errors import UserError
from mechlab.flows import Array
from mechlab.games.sharing import Sharing
from mechlab.simulation import simulate
from mechlab.statistics import summarise

CHECK = 1000  # held-out episodes of each run behind the residuals: 3% of an episode's SD in a mean

_PULL = 0.05  # tolerances a unit from the middle costs: decides only what the figures leave open
_STEP = 0.15  # of finite differences: wide enough to pass over the steps of counts in few episodes
_FAR = 10.0  # residual of an undefined measure: as bad as a miss by ten tolerances, yet finite
_HEADLINE = 2.0  # weight of the baseline's tasks, the figure that all others refer to
_ROUGH = 60  # episodes of each run while corners are compared, which differ by far more than luck
_FINE = 200  # of the last fit: three times as many, which nearly halves the luck
_CORNERS = {"ask": (0.95, 0.2), "answer": (0.9, 0.25), "submit": (0.95, 0.5)}
_BEST = 4  # of the eight corners are fitted; the better half, for a fit is the expensive part
_ROUNDS = 8  # of a fit that only finds where to begin
_LAST_ROUNDS = 15  # of the last fit, which moves all parameters together
_CHANGE = 3e-3  # relative change at which a fit stops: a smaller one is luck of finite episodes
_GAME = Sharing()  # the published setting
_UNMEASURED = "read from thoughts, which emulated agents do not have"
_IMPOSSIBLE = "below what the model's tasks permit: no agent leaves more tasks open than it holds"
_SCRIPTED = "not an emulated agent"

Values = Mapping[str, float]


@dataclass(frozen=True)
class Problem:
    """Residuals of ``figures`` as a function of the places of ``free`` on their scales.

    A residual is (ours - target) / tolerance, made robust by sign(z) sqrt(log(1 + z^2)) (Cauchy's
    loss), so that one figure out of the form's reach does not spoil the others. The baseline's
    tasks keep their plain residual, because they must be met.

    Attributes:
        figures: the F figures to meet.
        free: the P parameters to fit.
        fixed: values of the others.
        episodes, seed: of each run, the same for all parameters.
    """

    figures: Sequence[Figure]
    free: Sequence[Scale]
    fixed: Values
    episodes: int
    seed: int
    _known: dict[bytes, Array] = field(default_factory=dict, init=False)

    def places(self, values: Values) -> Array:
        """Return the places (P,) of values, just inside the bounds, as a start must be."""
        low, high = bounds(self.free)
        return np.asarray(np.clip(places_of(self.free, values), low + 1e-3, high - 1e-3))

    def residuals(self, places: Array) -> Array:
        """Return the robust residuals of the figures, then the pulls of the parameters, (R,)."""
        return self._robust(self.means(places), places)

    def means(self, places: Array) -> Array:
        """Return our means of the figures, (F,)."""
        key = places.tobytes()
        if key not in self._known:
            self._known[key] = self._means(places, self.figures)
        return self._known[key]

    def jacobian(self, places: Array) -> Array:
        """Return forward differences (R, P), playing only runs that a parameter affects."""
        here, ours = self.residuals(places), self.means(places)
        _, high = bounds(self.free)
        columns = []
        for i, scale in enumerate(self.free):
            step = _STEP if places[i] + _STEP <= high[i] else -_STEP
            there = places.copy()
            there[i] += step
            moved = [k for k, f in enumerate(self.figures) if scale.affects(f.condition)]
            theirs = ours.copy()
            theirs[moved] = self._means(there, [self.figures[k] for k in moved])
            columns.append((self._robust(theirs, there) - here) / step)
        return np.stack(columns, axis=1)

    def solved(self, values: Values, rounds: int) -> tuple[dict[str, float], float]:
        """Return all parameters at least cost, and that cost, from a start at some values.

        By the trust-region reflective method of scipy.
        """
        fit = least_squares(
            self.residuals,
            self.places(values),
            jac=self.jacobian,
            bounds=bounds(self.free),
            max_nfev=rounds,
            xtol=_CHANGE,
            ftol=_CHANGE,
        )
        return {**self.fixed, **values_at(self.free, fit.x)}, float(fit.cost)

    def _means(self, places: Array, figures: Sequence[Figure]) -> Array:
        agent = Emulated("candidate", Propensities(**self.fixed, **values_at(self.free, places)))
        return means(agent, figures, self.episodes, self.seed)

    def _robust(self, ours: Array, places: Array) -> Array:
        pairs = zip(self.figures, ours, strict=True)
        off = np.nan_to_num([(x - f.target) / f.tolerance for f, x in pairs], nan=_FAR)
        robust = np.sign(off) * np.sqrt(np.log1p(off**2))
        headline = np.array([f.is_headline for f in self.figures])
        return np.concatenate([np.where(headline, _HEADLINE * off, robust), _PULL * places])


def fit_model(figures: Sequence[Figure], seed: int) -> dict[str, float]:
    """Return one model's fitted parameters, without shifts that no figure identifies."""
    shifts = [s for s in SHIFTS if any(s.affects(f.condition) for f in figures)]
    base = [f for f in figures if not any(s.affects(f.condition) for s in shifts)]
    rates = [f for f in base if (f.condition, f.metric) == ("baseline", "response_rate")]
    free = [*BASE, VOLUNTEER] if any(f.value > 1.0 for f in rates) else list(BASE)
    values = _from_corners(Problem(base, free, {}, _ROUGH, seed))
    for shift in shifts:
        affected = [f for f in figures if shift.affects(f.condition)]
        problem = Problem(affected, [shift], values, _ROUGH, seed)
        values, _ = problem.solved({shift.name: shift.start}, _ROUNDS)
    values, _ = Problem(figures, [*free, *shifts], {}, _FINE, seed).solved(values, _LAST_ROUNDS)
    return values


def _from_corners(problem: Problem) -> dict[str, float]:
    """Return the best fit of several starts, since different agents can meet the same figures."""
    usual = {s.name: s.start for s in problem.free}
    corners = [
        {**usual, **dict(zip(_CORNERS, corner, strict=True))}
        for corner in product(*_CORNERS.values())
    ]
    corners.sort(key=lambda values: (problem.residuals(problem.places(values)) ** 2).sum())
    fits = [problem.solved(values, _ROUNDS) for values in corners[:_BEST]]
    return min(fits, key=lambda fit: fit[1])[0]


def means(agent: Agent, figures: Sequence[Figure], episodes: int, seed: int) -> Array:
    """Return our mean of each figure's measure, (F,), over the episodes in which it is defined.

    Figures of the same run share its episodes; all agents share all luck (common random numbers),
    so that the means are a deterministic function of the agent.
    """
    played = {
        (condition, rule): simulate(
            _GAME, agent, rule, episodes=episodes, seed=seed, condition=condition
        )
        for condition, rule in sorted({figure.run for figure in figures})
    }
    return np.array([summarise(played[f.run][str(f.measure)]).mean for f in figures])


def attainable(figure: Figure, figures: Sequence[Figure]) -> bool:
    """Whether any agent can come within the tolerance of a figure, given its model's tasks.

    Tasks that became feasible are either submitted or still open at the end, and an agent holds
    only so many open tasks: so pipeline efficiency is at least tasks / (tasks + open tasks).
    """
    if figure.measure != "pipeline_efficiency":
        return True
    done = [f.target for f in figures if f.measure == "tasks" and f.condition == figure.condition]
    open_tasks = _GAME.agents * _GAME.tasks
    return all(figure.target + figure.tolerance >= n / (n + open_tasks) for n in done)


def calibrate(path: str | Path | None = None, *, seed: int = 0) -> FigureFit:
    """Fit one emulated agent to each model's figures, the package's own or those of a CSV file.

    The same figures and ``seed`` of the episodes give the same fit, to the last digit. Raises
    ``UserError`` as ``published``, and for figures of no model.
    """
    figures = published(path)
    names = models(figures)
    if not names:
        raise UserError(f"no model in {path}: a model needs a row with its tasks in the baseline")
    by_model: dict[str, list[Figure]] = {}
    for figure in figures:
        by_model.setdefault(figure.model, []).append(figure)
    reasons = {f: _reason(f, by_model[f.model], f.model in names) for f in figures}
    used = [[f for f in by_model[name] if not reasons[f]] for name in names]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        fits = pool.map(fit_model, used, repeat(seed))
        rounded = [{key: float(f"{value:.4g}") for key, value in fit.items()} for fit in fits]
    agents = _agents(dict(zip(names, rounded, strict=True)))
    residuals = []
    for name, some in by_model.items():
        measured = [f for f in some if f.measure]
        ours = means(agents.get(name) or AGENTS.get(name), measured, CHECK, seed + 1).tolist()
        known = dict(zip(measured, ours, strict=True))
        residuals += [Residual(f, known.get(f, math.nan), not reasons[f], reasons[f]) for f in some]
    return FigureFit(agents, tuple(residuals), seed, CHECK)


def _reason(figure: Figure, same_model: Sequence[Figure], emulated: bool) -> str:
    """Why a figure is not fitted; empty where it is."""
    if figure.measure is None:
        return _UNMEASURED
    if not emulated:
        return _SCRIPTED
    return "" if attainable(figure, same_model) else _IMPOSSIBLE


def _agents(fitted: Mapping[str, Values]) -> dict[str, Emulated]:
    """Build the agents; a shift that a model's figures do not identify is the others' median."""
    lent = {
        s.name: median([values[s.name] for values in fitted.values() if s.name in values] or [0.0])
        for s in SHIFTS
    }
    borrowed = {name: tuple(s for s in lent if s not in values) for name, values in fitted.items()}
    return {
        name: Emulated(name, Propensities(**{**lent, **values}), borrowed[name])
        for name, values in fitted.items()
    }
