"""What was found of a pilot: the agent, what else it may be, and how far to trust it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from mechlab.agents.emulated import Emulated, Propensities
from mechlab.calibrate.result import plain, write
from mechlab.errors import UserError

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
