"""All episodes that a study's own agents played, and what is left to play."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from mechlab.calibrate.episodes import tallied
from mechlab.pilot.emulate import Line
from mechlab.simulation import Episodes
from mechlab.streams import PILOT
from mechlab.study import Study

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
        numbers = PILOT[len(self) :][: min(episodes, self.left)]
        run = self.study.play(line.at(size), numbers)
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
    reached = study.attainment(run)
    known = {name: run[name] for name in MEASURES[1:]}
    return pd.DataFrame({"size": dose.size, "reference": reference, "reached": reached, **known})
