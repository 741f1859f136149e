"""All episodes that a study's own agents played, and what is left to play."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mechlab.calibrate.episodes import tallied
from mechlab.errors import UserError
from mechlab.flows import Array
from mechlab.measures import ratio
from mechlab.pilot.emulate import Line
from mechlab.simulation import Episodes, simulate
from mechlab.study import Study

FIRST = 1 << 42  # number of the first: exploring, certifying and emulated agents never come near it
MEASURES = ("reached", "efficiency", "spend", "group_revenue")


@dataclass(frozen=True)
class Dose:
    """Some episodes of a candidate at a size."""

    candidate: str
    size: float
    episodes: Episodes


@dataclass
class Played:
    """Episodes of a study's own agents, each with a number of its own."""

    study: Study
    doses: list[Dose] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(dose.episodes) for dose in self.doses)

    @property
    def left(self) -> int:
        """How many the budget still allows."""
        return self.study.budget.episodes - len(self)

    def play(self, line: Line, size: float, episodes: int) -> None:
        """Play fresh episodes at a size, as many as the budget allows."""
        run = simulate(
            self.study.played,
            self.study.group.members,
            line.at(size),
            episodes=min(episodes, self.left),
            seed=self.study.seed,
            condition=self.study.condition,
            first=FIRST + len(self),
        )
        self.doses.append(Dose(line.candidate, float(size), run))

    def table(self) -> pd.DataFrame:
        """Return all episodes as calibration reads them."""
        return pd.concat((tallied(dose.episodes) for dose in self.doses), ignore_index=True)

    def measured(self, line: Line) -> pd.DataFrame:
        """Return a line's episodes, a row each: ``size``, ``reference`` and the ``MEASURES``.

        Raises:
            UserError: where the target's reference point earns nothing in an episode.
        """
        rows = [_measured(self.study, d) for d in self.doses if d.candidate == line.candidate]
        return pd.concat(rows, ignore_index=True)


def _measured(study: Study, dose: Dose) -> pd.DataFrame:
    run = dose.episodes
    reference = run.reference(study.target.relative_to)
    reached: Array = ratio(run["group_revenue"], reference)
    if not np.isfinite(reached).all():
        raise UserError(
            f"efficiency is undefined: a reference point of {study.game!r} earns nothing"
        )
    known = {name: run[name] for name in MEASURES[1:]}
    return pd.DataFrame({"size": dose.size, "reference": reference, "reached": reached, **known})
