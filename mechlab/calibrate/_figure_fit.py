"""Fits one emulated agent to each model's published figures, by least squares."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import product, repeat
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np

from mechlab.agents.base import AGENTS, Agent
from mechlab.agents.emulated import Emulated, Propensities
from mechlab.calibrate._result import Cell, FigureFit
from mechlab.calibrate._scales import BASE, SHIFTS, VOLUNTEER, Scale
from mechlab.calibrate.published import Figure, models, published
from mechlab.errors import UserError
from mechlab.flows import Array
from mechlab.games.sharing import Sharing
from mechlab.simulation import Episodes, simulate

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

Progress = Callable[[str], None]
Values = Mapping[str, float]


@dataclass(frozen=True)
class Problem:
    """Residuals of ``figures`` as a function of the places of ``free`` on their scales.

    A residual is (ours - target) / tolerance, made robust by sign(z) sqrt(log(1 + z^2)) (Cauchy's
    loss), so that one figure out of the form's reach does not spoil the others. The baseline's
    tasks keep their plain residual, because they must be met.

    Attributes:
        figures: the figures to meet.
        free: the parameters to fit.
        fixed: values of the others.
        episodes, seed: of each run, the same for all parameters.
    """

    figures: Sequence[Figure]
    free: Sequence[Scale]
    fixed: Mapping[str, float]
    episodes: int
    seed: int
    _known: dict[bytes, Array] = field(default_factory=dict, init=False)

    def values(self, places: Array) -> dict[str, float]:
        """Return the values of all parameters, fixed and free, at places (P,) of the free ones."""
        free = {s.name: float(s.outward(x)) for s, x in zip(self.free, places, strict=True)}
        return {**self.fixed, **free}

    def places(self, values: Mapping[str, float]) -> Array:
        """Return the places (P,) of values, just inside the bounds, as a start must be."""
        low, high = self.bounds
        inside = np.array([s.inward(values[s.name]) for s in self.free])
        return np.asarray(np.clip(inside, low + 1e-3, high - 1e-3))

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper bounds of the places, (P,) each."""
        low = np.array([s.inward(s.low) for s in self.free])
        return low, np.array([s.inward(s.high) for s in self.free])

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


def fit_model(figures: Sequence[Figure], seed: int) -> dict[str, float]:
    """Return one model's fitted parameters, without shifts that no figure identifies."""
    shifts = [s for s in SHIFTS if any(s.affects(f.condition) for f in figures)]
    base = [f for f in figures if not any(s.affects(f.condition) for s in shifts)]
    free = [*BASE, VOLUNTEER] if _gives_unasked(figures) else list(BASE)
    values = _from_corners(Problem(base, free, {}, _ROUGH, seed))
    for shift in shifts:
        affected = [f for f in figures if shift.affects(f.condition)]
        problem = Problem(affected, [shift], values, _ROUGH, seed)
        values, _ = _solve(problem, {shift.name: shift.start}, rounds=_ROUNDS)
    return _solve(Problem(figures, [*free, *shifts], {}, _FINE, seed), values, rounds=_LAST_ROUNDS)[
        0
    ]


def _gives_unasked(figures: Sequence[Figure]) -> bool:
    return any(
        f.value > 1.0 for f in figures if (f.condition, f.metric) == ("baseline", "response_rate")
    )


def _from_corners(problem: Problem) -> dict[str, float]:
    """Return the best fit of several starts, since different agents can meet the same figures."""
    usual = {s.name: s.start for s in problem.free}
    corners = [
        {**usual, **dict(zip(_CORNERS, corner, strict=True))}
        for corner in product(*_CORNERS.values())
    ]
    corners.sort(key=lambda values: _cost(problem, values))
    fits = [_solve(problem, values, rounds=_ROUNDS) for values in corners[:_BEST]]
    return min(fits, key=lambda fit: fit[1])[0]


def _cost(problem: Problem, values: Values) -> float:
    return float((problem.residuals(problem.places(values)) ** 2).sum())


def _solve(problem: Problem, values: Values, rounds: int) -> tuple[dict[str, float], float]:
    """Minimise by the trust-region reflective method of scipy; return values and cost."""
    from scipy.optimize import least_squares

    fit = least_squares(
        problem.residuals,
        problem.places(values),
        jac=problem.jacobian,
        bounds=problem.bounds,
        max_nfev=rounds,
        xtol=_CHANGE,
        ftol=_CHANGE,
    )
    return problem.values(fit.x), float(fit.cost)


def means(agent: Agent, figures: Sequence[Figure], episodes: int, seed: int) -> Array:
    """Return our mean of each figure's measure, (F,), over the episodes in which it is defined.

    Figures of the same run share its episodes; all agents share all luck (common random numbers),
    so that the means are a deterministic function of the agent.
    """
    runs = {figure.run for figure in figures}
    played = {run: _play(agent, run, episodes, seed) for run in sorted(runs)}
    return np.array([_mean(played[f.run][str(f.measure)]) for f in figures])


def _play(agent: Agent, run: tuple[str, str], episodes: int, seed: int) -> Episodes:
    condition, mechanism = run
    return simulate(_GAME, agent, mechanism, episodes=episodes, seed=seed, condition=condition)


def _mean(values: Array) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else math.nan


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


def calibrate(
    path: str | Path | None = None, *, seed: int = 0, progress: Progress = lambda _: None
) -> FigureFit:
    """Fit one emulated agent to each model's figures.

    The same figures and seed give the same fit, to the last digit.

    Args:
        path: CSV of published figures; the package's own by default.
        seed: seed of the episodes that are played.
        progress: called with one line of text after each model.

    Raises:
        UserError: for figures that cannot be read (see ``published``) or that hold no model.
    """
    figures = published(path)
    names = models(figures)
    if not names:
        raise UserError(f"no model in {path}: a model needs a row with its tasks in the baseline")
    fitted = {}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        fits = pool.map(fit_model, [_fitted(figures, name) for name in names], repeat(seed))
        for name, values in zip(names, fits, strict=True):
            fitted[name] = _rounded(values)
            progress(f"{name} is fitted ({len(fitted)} of {len(names)})")
    agents = _agents(fitted)
    cells = tuple(
        cell for name in _all(figures) for cell in _cells(name, figures, agents, seed + 1)
    )
    return FigureFit(agents, cells, seed, CHECK)


def _fitted(figures: Sequence[Figure], model: str) -> list[Figure]:
    return [f for f in figures if f.model == model and not _reason(f, figures)]


def _reason(figure: Figure, figures: Sequence[Figure]) -> str:
    """Why a figure is not fitted; empty where it is."""
    if figure.measure is None:
        return _UNMEASURED
    if figure.model not in models(figures):
        return _SCRIPTED
    same_model = [f for f in figures if f.model == figure.model]
    return "" if attainable(figure, same_model) else _IMPOSSIBLE


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.4g}") for name, value in values.items()}


def _agents(fitted: Mapping[str, Mapping[str, float]]) -> dict[str, Emulated]:
    """Build the agents; a shift that a model's figures do not identify is the others' median."""
    lent = {
        s.name: median([values[s.name] for values in fitted.values() if s.name in values] or [0.0])
        for s in SHIFTS
    }
    return {
        name: Emulated(
            name,
            Propensities(**{**lent, **values}),
            tuple(shift for shift in lent if shift not in values),
        )
        for name, values in fitted.items()
    }


def _all(figures: Sequence[Figure]) -> list[str]:
    return list(dict.fromkeys(f.model for f in figures))


def _cells(
    model: str, figures: Sequence[Figure], agents: Mapping[str, Emulated], seed: int
) -> list[Cell]:
    published_of_model = [f for f in figures if f.model == model]
    measured = [f for f in published_of_model if f.measure]
    agent = agents[model] if model in agents else AGENTS.get(model)
    ours = dict(zip(measured, means(agent, measured, CHECK, seed).tolist(), strict=True))
    return [
        Cell(f, ours.get(f, math.nan), not _reason(f, figures), _reason(f, figures))
        for f in published_of_model
    ]
