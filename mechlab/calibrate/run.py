"""The calibration: from published figures to emulated agents and their residuals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from mechlab.agents.base import AGENTS
from mechlab.agents.emulated import Emulated, Propensities
from mechlab.calibrate.figure_fit import fit_model
from mechlab.calibrate.published import Figure, models, published
from mechlab.calibrate.residuals import attainable, means
from mechlab.calibrate.result import Cell, Fit
from mechlab.calibrate.scales import SHIFTS
from mechlab.errors import UserError

CHECK = 1000  # fresh episodes of each run behind the residuals
_UNMEASURED = "read from thoughts, which emulated agents do not have"
_IMPOSSIBLE = "below what the model's tasks permit: no agent leaves more tasks open than it holds"
_SCRIPTED = "not an emulated agent"

Progress = Callable[[str], None]


def calibrate(
    path: str | Path | None = None, *, seed: int = 0, progress: Progress = lambda _: None
) -> Fit:
    """Fit one emulated agent to each model's figures.

    The same figures and seed give the same fit, to the last digit.

    Args:
        path: CSV of published figures; the package's own by default.
        seed: seed of the episodes that are played.
        progress: is told, in a line, what was done.

    Raises:
        UserError: for figures that cannot be read (see ``published``) or that hold no model.
    """
    figures = published(path)
    names = models(figures)
    if not names:
        raise UserError(f"no model in {path}: a model needs a row with its tasks in the baseline")
    found = {}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        fits = pool.map(fit_model, [_fitted(figures, name) for name in names], repeat(seed))
        for name, values in zip(names, fits, strict=True):
            found[name] = _rounded(values)
            progress(f"{name} is fitted ({len(found)} of {len(names)})")
    agents = _agents(found)
    cells = tuple(
        cell for name in _all(figures) for cell in _cells(name, figures, agents, seed + 1)
    )
    return Fit(agents, cells, seed, CHECK)


def _fitted(figures: Sequence[Figure], model: str) -> list[Figure]:
    return [f for f in figures if f.model == model and not _reason(f, figures)]


def _reason(figure: Figure, figures: Sequence[Figure]) -> str:
    """Why a figure is not fitted; empty where it is."""
    own = [f for f in figures if f.model == figure.model]
    if figure.measure is None:
        return _UNMEASURED
    if figure.model not in models(figures):
        return _SCRIPTED
    return "" if attainable(figure, own) else _IMPOSSIBLE


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.4g}") for name, value in values.items()}


def _agents(found: Mapping[str, Mapping[str, float]]) -> dict[str, Emulated]:
    """Build the agents; a shift without a figure of its own is the median of the others'."""
    lent = {
        s.name: median([own[s.name] for own in found.values() if s.name in own] or [0.0])
        for s in SHIFTS
    }
    return {
        name: Emulated(
            name,
            Propensities(**{**lent, **own}),
            tuple(shift for shift in lent if shift not in own),
        )
        for name, own in found.items()
    }


def _all(figures: Sequence[Figure]) -> list[str]:
    return list(dict.fromkeys(f.model for f in figures))


def _cells(
    model: str, figures: Sequence[Figure], agents: Mapping[str, Emulated], seed: int
) -> list[Cell]:
    own = [f for f in figures if f.model == model]
    measured = [f for f in own if f.measure]
    agent = agents[model] if model in agents else AGENTS.get(model)
    ours = dict(zip(measured, means(agent, measured, CHECK, seed).tolist(), strict=True))
    return [
        Cell(f, ours.get(f, math.nan), not _reason(f, figures), _reason(f, figures)) for f in own
    ]
