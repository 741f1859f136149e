"""What was found of a pilot: the agent, what else it may be, and how far to trust it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from mechlab.agents.emulated import Emulated, Propensities, stored
from mechlab.calibrate._conditions import Run, agent_at, runs_of
from mechlab.calibrate._posterior import Posterior
from mechlab.calibrate._result import plain, write
from mechlab.calibrate._scales import BASE, SHIFTS, VOLUNTEER, Scale
from mechlab.calibrate._surrogate import Effort, surrogates
from mechlab.calibrate.episodes import checked
from mechlab.errors import UserError
from mechlab.flows import Array
from mechlab.games.base import Game
from mechlab.games.sharing import Sharing

_MISFIT = 0.01  # level at which the common form does not reach the pilot's means
_UNDECIDED = "keep what the stored models are like, for the pilot does not tell them"


@dataclass(frozen=True)
class Check:
    """A run that was left out: its tasks, and those that the other runs let expect.

    Attributes:
        run, episodes, observed: what was left out, and its mean tasks.
        expected, interval: the mean, and in 90% of cases from where to where.
    """

    run: str
    episodes: int
    observed: float
    expected: float
    interval: tuple[float, float]

    @property
    def inside(self) -> bool:
        """Whether the run came out as expected."""
        return self.interval[0] <= self.observed <= self.interval[1]


@dataclass(frozen=True)
class PilotFit:
    """An emulated agent fitted to a pilot.

    Attributes:
        agent: the best fit; what the pilot does not tell is marked as borrowed.
        draws: propensities drawn from the posterior.
        checks: each run predicted from the others.
        dispersion: how many times more the episodes vary than emulated ones; allowed for.
        misfit: p-value of the means that the best fit leaves unexplained.
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
        """Return ``count`` agents drawn from the posterior: what the pilot leaves possible.

        Raises:
            UserError: for more than there are draws.
        """
        if not 0 <= count <= len(self.draws):
            raise UserError(f"a fit has {len(self.draws)} draws, got {count}")
        return [replace(self.agent, fitted=draw) for draw in self.draws[:count]]

    def interval(self, parameter: str, level: float = 0.9) -> tuple[float, float]:
        """Return the central interval of a parameter.

        Raises:
            AttributeError: for a name that is no parameter (see ``Propensities``).
        """
        values = [getattr(draw, parameter) for draw in self.draws]
        low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    @property
    def warnings(self) -> list[str]:
        """What to know before it is relied on, a sentence each."""
        return list(self._warnings())

    def _warnings(self) -> Iterator[str]:
        if self.agent.borrowed:
            yield f"not identified: {', '.join(self.agent.borrowed)} {_UNDECIDED}"
        if self.dispersion > 1.0:
            more = f"{self.dispersion:.1f} times"
            yield f"the episodes vary {more} as much as emulated ones; intervals allow for it"
        if self.misfit < _MISFIT:
            unlikely = f"p = {self.misfit:.2g}"
            yield f"the common form of emulated agents does not reach this pilot ({unlikely})"
        for check in self.checks:
            if not check.inside:
                low, high = check.interval
                yield (
                    f"out of sample: {check.run} had {check.observed:.1f} tasks where the other "
                    f"runs let expect {low:.1f} to {high:.1f}"
                )

    @property
    def content(self) -> dict[str, Any]:
        """The stored form, as ``fit:PATH`` reads it."""
        names = [field.name for field in fields(Propensities)]
        entry = {
            "parameters": {name: plain(value) for name, value in asdict(self.agent.fitted).items()},
            "borrowed": list(self.agent.borrowed),
            "intervals": {name: [plain(x) for x in self.interval(name)] for name in names},
            "checks": [{**asdict(check), "inside": check.inside} for check in self.checks],
            "dispersion": plain(self.dispersion),
            "misfit": plain(self.misfit),
            "warnings": self.warnings,
            "draws": {name: [plain(getattr(d, name)) for d in self.draws] for name in names},
        }
        return {
            "about": "A stand-in fitted to the episodes of a pilot by mechlab.calibrate.",
            "seed": self.seed,
            "settings": dict(self.settings),
            "models": {self.agent.name: entry},
        }

    def save(self, path: str | Path) -> Path:
        """Write the fit as JSON; raises ``UserError`` where the file cannot be written."""
        return write(self.content, path)


DRAWS = 1000  # the ends of an interval from 200 draws are unsure enough to lose a point of coverage
_BOXES = (1.5, 0.8)  # half-widths of the places that are searched, before the posterior's own
_ROUGH, _FINE = (80, 40), (120, 80)  # agents of a surrogate, and episodes of each in a run
_NARROW, _WIDE = 0.25, 1.5  # bounds of the half-width of the last box
_LEFT_OUT = 60  # agents that tell what a run that was left out should have been
_LEVEL = 0.9  # of intervals


def fit_episodes(
    table: pd.DataFrame,
    *,
    name: str = "pilot",
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> PilotFit:
    """Fit an emulated agent to a group of its kind that played a few episodes a condition.

    The prior is what the stored models are like; what a pilot cannot tell keeps it. Surrogates of
    the runs are fitted in ever smaller boxes around the best place; the last ones give the
    posterior. The same table and seed give the same fit.

    Args:
        table: a row an episode; see ``checked``.
        name: of the group.
        settings: of the sharing game that it played.
        seed: of the episodes that are played to fit it.

    Raises:
        UserError: as ``checked`` and ``runs_of``, and for a wrong setting.
    """
    fitting = Fitting.of(table, Sharing.build(dict(settings or {})))
    place = fitting.start(seed)
    for half in _BOXES:
        box, posterior = fitting.around(place, half, Effort(*_ROUGH, seed))
        place = posterior.mode(place, box)
    half = np.clip(2 * np.sqrt(np.diag(posterior.covariance(place))), _NARROW, _WIDE)
    _, posterior = fitting.around(place, half, Effort(*_FINE, seed + 1))
    posterior = posterior.dispersed()
    return _report(name, fitting, posterior, posterior.mode(place, posterior.bounds), seed)


@dataclass(frozen=True)
class Fitting:
    """What is fitted: the parameters, their prior (P, 2), and the runs of a pilot."""

    game: Game
    scales: Sequence[Scale]
    prior: Array
    runs: Sequence[Run]

    @classmethod
    def of(cls, table: pd.DataFrame, game: Game) -> Fitting:
        """Read the table of a pilot; raises as ``checked`` and ``runs_of``."""
        table = checked(table)
        scales = [*BASE, *SHIFTS, *([VOLUNTEER] if _gives_unasked(table) else [])]
        prior = _prior(scales)
        return cls(game, scales, prior, runs_of(table, game, agent_at(scales, prior[:, 0])))

    def start(self, seed: int) -> Array:
        """Return the place of the stored model, or of their middle, that is nearest."""
        low, high = self._bounds
        places = [self.prior[:, 0], *_stored_places(self.scales)]
        inside = [np.clip(place, low, high) for place in places]
        return min(inside, key=lambda place: self._distance(place, seed))

    def around(
        self, place: Array, half: float | Array, effort: Effort
    ) -> tuple[tuple[Array, Array], Posterior]:
        """Return a box around a place, and the posterior by surrogates that hold within it."""
        low, high = self._bounds
        middle = np.clip(place, low + half / 2, high - half / 2)
        box = np.maximum(low, middle - half), np.minimum(high, middle + half)
        found = surrogates(self.game, self.runs, self.scales, box, effort)
        return box, Posterior(self.scales, self.prior, self.runs, found)

    @property
    def _bounds(self) -> tuple[Array, Array]:
        return Posterior(self.scales, self.prior, (), ()).bounds

    def _distance(self, place: Array, seed: int) -> float:
        """How far the runs' mean statistics are from those at a place, relative to their size."""
        off = 0.0
        for run in self.runs:
            ours = run.played(self.game, run.behaviour(self.scales, place[None])[0], 40, seed)
            theirs = run.counts.mean(axis=0)
            off += float((np.log((ours.mean(axis=0) + 1) / (theirs + 1)) ** 2).sum())
        return off


def _gives_unasked(table: pd.DataFrame) -> bool:
    """Whether more was sent than asked for, where agents decide: only unasked giving does that."""
    if not {"sent", "requested"} <= set(table):
        return False
    own = table[table["condition"].isin(["baseline", "auto_request"])]
    return bool(own["sent"].sum() > own["requested"].sum())


def _stored_places(scales: Sequence[Scale]) -> Array:
    """Return the places of the stored models, (M, P)."""
    models = [entry["parameters"] for entry in stored()["models"].values()]
    kept = [
        [min(max(model[s.name], s.low), s.high) for s in scales] for model in models
    ]  # a model without a parameter has it at 0, which may be below its lowest place
    return np.array([[s.inward(x) for s, x in zip(scales, row, strict=True)] for row in kept])


def _prior(scales: Sequence[Scale]) -> Array:
    """Return mean and standard deviation (P, 2) of the stored models' places, with room to spare.

    Eight models tell little of a ninth: half as wide again, and a unit of the scale at least.
    """
    places = _stored_places(scales)
    spread = np.maximum(1.5 * places.std(axis=0, ddof=1), 1.0)
    return np.stack([np.median(places, axis=0), spread], axis=1)


def _report(name: str, fitting: Fitting, posterior: Posterior, place: Array, seed: int) -> PilotFit:
    rng = np.random.default_rng(seed)
    draws = posterior.draws(place, DRAWS, rng)
    known = draws.std(axis=0) < 0.7 * posterior.prior[:, 1]
    residuals = posterior.residuals(place[None])[0]
    scales = posterior.scales
    return PilotFit(
        agent=replace(
            agent_at(scales, place, name),
            borrowed=tuple(s.name for s, sure in zip(scales, known, strict=True) if not sure),
        ),
        draws=tuple(agent_at(scales, draw, name).fitted for draw in draws),
        checks=tuple(_check(fitting, posterior, k, place, seed) for k in range(len(fitting.runs))),
        dispersion=posterior.dispersion,
        misfit=float(chi2.sf((residuals**2).sum(), len(residuals) - len(place))),
        settings=fitting.game.params,
        seed=seed,
    )


def _check(fitting: Fitting, posterior: Posterior, left_out: int, place: Array, seed: int) -> Check:
    """Compare the tasks of a run with what the other runs let expect of it."""
    rng, run = np.random.default_rng(seed + left_out), fitting.runs[left_out]
    others = [k for k in range(len(fitting.runs)) if k != left_out]
    rest = replace(
        posterior,
        runs=[posterior.runs[k] for k in others],
        surrogates=[posterior.surrogates[k] for k in others],
    )
    agents = rest.draws(rest.mode(place, rest.bounds), _LEFT_OUT, rng)
    behaviour = run.behaviour(posterior.scales, agents)
    episodes, tasks = len(run.counts), run.statistics.index("tasks")
    means = [
        run.played(fitting.game, row, episodes, seed, first=number * episodes)[:, tasks].mean()
        for number, row in enumerate(behaviour)
    ]
    low, high = np.quantile(means, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    seen = float(run.counts[:, tasks].mean())
    return Check(run.name, episodes, seen, float(np.mean(means)), (float(low), float(high)))
