"""Fits one emulated agent to a pilot: the best fit, its posterior, and checks of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2, qmc

from mechlab.agents.emulated import Emulated, Propensities, stored
from mechlab.calibrate._conditions import Run, agent_at, runs_of
from mechlab.calibrate._posterior import Posterior, Surrogate
from mechlab.calibrate._result import plain, write
from mechlab.calibrate._scales import BASE, SHIFTS, VOLUNTEER, Scale, bounds, places_of
from mechlab.calibrate.episodes import checked
from mechlab.errors import UserError
from mechlab.flows import Array
from mechlab.games.base import Game
from mechlab.games.sharing import Sharing

DRAWS = 1000  # the ends of an interval from 200 draws are unsure enough to lose a point of coverage

_MISFIT = 0.01  # p-value below which a misfit is reported: one false warning in a hundred fits
_BOXES = (1.5, 0.8)  # half-widths of the first boxes, in units of the scales: wide, then half of it
_ROUGH, _FINE = (80, 40), (120, 80)  # agents of a surrogate, and episodes of each: more at the end
_NARROW = 0.25  # least half-width of the last box: in a smaller one luck outweighs the slopes
_WIDE = 1.5  # greatest half-width of the last box: that of the first, within which all was searched
_COMPARED = 40  # episodes that rank the starts, as many as a rough surrogate has of an agent
_IDENTIFIED = 0.7  # of the prior's SD: a parameter is identified if its variance is halved (0.7^2)
_LEFT_OUT = 60  # agents that predict a run: three lie beyond each end of a 90% interval
_LEVEL = 0.9  # of intervals


@dataclass(frozen=True)
class Check:
    """One run of a pilot, predicted by a fit to the other runs.

    Attributes:
        run, episodes: its name, and how many episodes it has.
        observed: its mean tasks.
        expected, interval: predicted mean tasks, and a 90% interval of them.
    """

    run: str
    episodes: int
    observed: float
    expected: float
    interval: tuple[float, float]

    @property
    def inside(self) -> bool:
        """Whether the observed mean lies in the predicted interval."""
        return self.interval[0] <= self.observed <= self.interval[1]


@dataclass(frozen=True)
class PilotFit:
    """An emulated agent fitted to a pilot.

    Attributes:
        agent: the best fit; parameters that the pilot does not identify are marked as borrowed.
        draws: propensities drawn from the posterior.
        checks: each run predicted from the others.
        dispersion: variance of the episodes over that of emulated ones; intervals allow for it.
        misfit: p-value of what the best fit leaves unexplained in the runs' means (chi-squared).
        settings: of the sharing game. seed: of the fit.
    """

    agent: Emulated
    draws: tuple[Propensities, ...]
    checks: tuple[Check, ...]
    dispersion: float
    misfit: float
    settings: Mapping[str, Any]
    seed: int

    def agents(self, count: int) -> list[Emulated]:
        """Return agents drawn from the posterior; ``UserError`` for more than there are draws."""
        if not 0 <= count <= len(self.draws):
            raise UserError(f"a fit has {len(self.draws)} draws, got {count}")
        return [replace(self.agent, fitted=draw) for draw in self.draws[:count]]

    def interval(self, parameter: str, level: float = 0.9) -> tuple[float, float]:
        """Return the central posterior interval of a parameter, of probability ``level``."""
        values = [getattr(draw, parameter) for draw in self.draws]
        low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    @property
    def warnings(self) -> list[str]:
        """Reasons to be careful with the fit, one sentence each."""
        names = ", ".join(self.agent.borrowed)
        ratio, p = f"{self.dispersion:.1f} times", f"p = {self.misfit:.2g}"
        reasons = {
            f"not identified: {names}; borrowed from the stored models": bool(names),
            f"episodes have {ratio} the variance of emulated ones; intervals allow for it": (
                self.dispersion > 1.0
            ),
            f"the best fit does not reach the means of this pilot ({p})": self.misfit < _MISFIT,
        }
        missed = (
            f"out of sample: {check.run} had {check.observed:.1f} tasks; the other runs predict "
            f"{check.interval[0]:.1f} to {check.interval[1]:.1f}"
            for check in self.checks
            if not check.inside
        )
        return [*(reason for reason, holds in reasons.items() if holds), *missed]

    @property
    def content(self) -> dict[str, Any]:
        """The stored form, as ``fit:PATH`` reads it."""
        names = [field.name for field in fields(Propensities)]
        entry = {
            "parameters": {name: plain(getattr(self.agent.fitted, name)) for name in names},
            "borrowed": list(self.agent.borrowed),
            "intervals": {name: [plain(x) for x in self.interval(name)] for name in names},
            "checks": [{**asdict(check), "inside": check.inside} for check in self.checks],
            "dispersion": plain(self.dispersion),
            "misfit": plain(self.misfit),
            "warnings": self.warnings,
            "draws": {name: [plain(getattr(d, name)) for d in self.draws] for name in names},
        }
        return {
            "about": "An emulated agent fitted to the episodes of a pilot by mechlab.calibrate.",
            "seed": self.seed,
            "settings": dict(self.settings),
            "models": {self.agent.name: entry},
        }

    def save(self, path: str | Path) -> Path:
        """Write the fit as JSON; raises ``UserError`` where the file cannot be written."""
        return write(self.content, path)


def fit_episodes(
    table: pd.DataFrame,
    *,
    name: str = "pilot",
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> PilotFit:
    """Fit an emulated agent to a group of equal agents that played a few episodes per condition.

    The prior is the distribution of the stored models; parameters that a pilot does not identify
    keep it. Surrogates of the runs are fitted in ever smaller boxes around the best place, and the
    last ones give the posterior. The same table and seed give the same fit.

    Args:
        table: one row per episode; see ``mechlab.calibrate.episodes.checked``, also for errors.
        name: of the group.
        settings: of the sharing game that the group played.
        seed: of the episodes that are simulated for the fit.
    """
    fitting = Fitting.of(table, Sharing.build(dict(settings or {})))
    place = fitting.start(seed)
    for half in _BOXES:
        box, posterior = fitting.around(place, half, _ROUGH, seed)
        place = posterior.mode(place, box)
    half = np.clip(2 * np.sqrt(np.diag(posterior.covariance(place))), _NARROW, _WIDE)
    _, posterior = fitting.around(place, half, _FINE, seed + 1)
    posterior = posterior.dispersed()
    return _report(name, fitting, posterior, posterior.mode(place), seed)


@dataclass(frozen=True)
class Fitting:
    """The problem of a fit: the P parameters, their prior (P, 2), and the runs of a pilot."""

    game: Game
    scales: Sequence[Scale]
    prior: Array
    runs: Sequence[Run]

    @classmethod
    def of(cls, table: pd.DataFrame, game: Game) -> Fitting:
        """Read the table of a pilot; raises as ``checked`` and ``runs_of``.

        The prior has the median and the spread of the stored models' places. Eight models tell
        little of a ninth, so the spread is widened by half, to one unit at least.
        """
        table = checked(table)
        scales = [*BASE, *SHIFTS, *([VOLUNTEER] if _gives_unasked(table) else [])]
        places = _stored_places(scales)
        middle, spread = np.median(places, axis=0), 1.5 * places.std(axis=0, ddof=1)
        prior = np.stack([middle, np.maximum(spread, 1.0)], axis=1)
        return cls(game, scales, prior, runs_of(table, game, agent_at(scales, middle)))

    def start(self, seed: int) -> Array:
        """Return the place of the stored model, or of their median, that is nearest the runs."""
        places = np.clip([self.prior[:, 0], *_stored_places(self.scales)], *bounds(self.scales))
        return np.asarray(min(places, key=lambda place: self._distance(place, seed)))

    def around(
        self, place: Array, half: float | Array, effort: tuple[int, int], seed: int
    ) -> tuple[tuple[Array, Array], Posterior]:
        """Return a box around a place, and the posterior by surrogates fitted within that box.

        ``effort`` is how many agents are spread evenly over the box, and how many episodes of each
        are played in a run.
        """
        (low, high), (agents, episodes) = bounds(self.scales), effort
        middle = np.clip(place, low + half / 2, high - half / 2)
        low, high = np.maximum(low, middle - half), np.minimum(high, middle + half)
        spread = qmc.LatinHypercube(len(self.scales), rng=np.random.default_rng(seed))
        places = low + spread.random(agents) * (high - low)
        fits = []
        for run in self.runs:
            behaviour = run.behaviour(self.scales, places)
            fits.append(Surrogate.of(behaviour, run.played(self.game, behaviour, episodes, seed)))
        return (low, high), Posterior(self.scales, self.prior, self.runs, fits)

    def _distance(self, place: Array, seed: int) -> float:
        """Return the sum of squared log ratios of the means at a place to those of the runs."""
        off = 0.0
        for run in self.runs:
            behaviour = run.behaviour(self.scales, place[None])
            ours = run.played(self.game, behaviour, _COMPARED, seed)[0].mean(axis=0)
            off += float((np.log((ours + 1) / (run.counts.mean(axis=0) + 1)) ** 2).sum())
        return off


def _gives_unasked(table: pd.DataFrame) -> bool:
    """Whether agents who decide themselves sent more than was requested, so gave unasked."""
    if not {"sent", "requested"} <= set(table):
        return False
    decided = table[table["condition"].isin(["baseline", "auto_request"])]
    return bool(decided["sent"].sum() > decided["requested"].sum())


def _stored_places(scales: Sequence[Scale]) -> Array:
    """Return the places of the stored models, (M, P).

    A model without a parameter has it at 0, which may be below its lowest place.
    """
    models = [entry["parameters"] for entry in stored()["models"].values()]
    kept = [{s.name: min(max(model[s.name], s.low), s.high) for s in scales} for model in models]
    return np.array([places_of(scales, values) for values in kept])


def _report(name: str, fitting: Fitting, posterior: Posterior, place: Array, seed: int) -> PilotFit:
    scales, runs = posterior.scales, range(len(fitting.runs))
    draws = posterior.draws(place, DRAWS, np.random.default_rng(seed))
    unsure = draws.std(axis=0) >= _IDENTIFIED * posterior.prior[:, 1]
    residuals = posterior.residuals(place[None])[0]
    borrowed = tuple(s.name for s, lent in zip(scales, unsure, strict=True) if lent)
    return PilotFit(
        agent=replace(agent_at(scales, place, name), borrowed=borrowed),
        draws=tuple(agent_at(scales, draw, name).fitted for draw in draws),
        checks=tuple(_check(fitting.game, posterior, k, place, seed) for k in runs),
        dispersion=posterior.dispersion,
        misfit=float(chi2.sf((residuals**2).sum(), len(residuals) - len(place))),
        settings=fitting.game.params,
        seed=seed,
    )


def _check(game: Game, posterior: Posterior, left_out: int, place: Array, seed: int) -> Check:
    """Compare the tasks of a run with what a fit to the other runs predicts."""
    rng, run = np.random.default_rng(seed + left_out), posterior.runs[left_out]
    others = [k for k in range(len(posterior.runs)) if k != left_out]
    rest = replace(
        posterior,
        runs=[posterior.runs[k] for k in others],
        surrogates=[posterior.surrogates[k] for k in others],
    )
    agents = rest.draws(rest.mode(place), _LEFT_OUT, rng)
    episodes, tasks = len(run.counts), run.statistics.index("tasks")
    played = run.played(game, run.behaviour(posterior.scales, agents), episodes, seed)
    means = played[:, :, tasks].mean(axis=1)
    low, high = np.quantile(means, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    observed = float(run.counts[:, tasks].mean())
    return Check(run.name, episodes, observed, float(means.mean()), (float(low), float(high)))
