"""The episodes that a study's own agents played, and how many are left to play."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from mechlab.calibrate.episodes import tallied
from mechlab.pilot._emulate import DoseRange
from mechlab.search.pareto import Played
from mechlab.statistics import summarise
from mechlab.streams import PILOT
from mechlab.study import Study

MEASURES = ("attainment", "efficiency", "spend", "subsidy", "group_revenue")


@dataclass
class OwnEpisodes:
    """Episodes of a study's own agents, each with a number of its own.

    Attributes:
        study: the study.
        batches: the episodes that were played together, one row each, with the columns of
            ``tallied``, ``MEASURES``, and ``candidate, size, pilot, started, finished, reference``
            (revenue of the reference point). Those of the ``pilot`` chose where the others lie.
    """

    study: Study
    batches: list[pd.DataFrame] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(map(len, self.batches))

    @property
    def left(self) -> int:
        """How many the budget still allows."""
        return self.study.budget.episodes - len(self)

    @property
    def frame(self) -> pd.DataFrame:
        """All episodes."""
        return pd.concat(self.batches, ignore_index=True)

    def play(self, candidate: DoseRange, size: float, episodes: int, pilot: bool = False) -> None:
        """Play new episodes at a size, as many as the budget allows."""
        numbers = PILOT[len(self) :][: min(episodes, self.left)]
        started = datetime.now()
        run = self.study.play(candidate.at(size), numbers)
        batch = tallied(run).assign(
            candidate=candidate.name,
            size=float(size),
            pilot=pilot,
            started=started,
            finished=datetime.now(),
            reference=run.reference(self.study.target.relative_to),
            attainment=run.attainment(self.study.target.relative_to),
            **{name: run[name] for name in MEASURES[1:]},
        )
        self.batches.append(batch)

    def measured(self, candidate: DoseRange) -> pd.DataFrame:
        """Return a candidate's episodes."""
        frame = self.frame
        return frame[frame["candidate"] == candidate.name]

    def trials(self) -> pd.DataFrame:
        """Return the pilot's episodes, a row for each dose, as ``SearchResult.trials``."""
        rows = enumerate(self._rows(pilot=True))
        return pd.DataFrame([{"number": n, "state": "COMPLETE", **row} for n, row in rows])

    def evidence(self) -> pd.DataFrame:
        """Return the held-out episodes, a row for each dose, as ``SearchResult.evidence``."""
        columns = ["candidate", "stage", "purpose", "size", "attainment", "lower", "upper"]
        return pd.DataFrame(self._rows(pilot=False), columns=[*columns, "episodes", "verdict"])

    def played(self) -> Iterator[Played]:
        """Yield what was played as the Pareto table takes it."""
        for batch in self.batches:
            candidate, size, pilot = batch.iloc[0][["candidate", "size", "pilot"]]
            outcome = {name: batch[name].tolist() for name in MEASURES}
            yield candidate, {f"{candidate}.{self.study.minimise}": float(size)}, outcome, not pilot

    def _rows(self, pilot: bool) -> Iterator[dict[str, Any]]:
        """Yield what was measured at each dose of the pilot, or of the held-out episodes."""
        frame = self.frame
        doses = frame[frame["pilot"] == pilot].groupby(["candidate", "size"], sort=False)
        for (candidate, size), some in doses:
            one = summarise(some["attainment"].to_numpy())
            lower, upper = one.ci95
            ends: dict[str, Any] = {"lower": lower, "upper": upper, "verdict": "measured"}
            if pilot:
                ends = {
                    "attainment_lower": lower,
                    "attainment_upper": upper,
                    "started": some["started"].iloc[0],
                    "finished": some["finished"].iloc[-1],
                }
            yield {
                "candidate": candidate,
                "purpose": "pilot" if pilot else "confirm",
                "size": size,
                "attainment": one.mean,
                **ends,
                "spend": float(some["spend"].mean()),
                "subsidy": float(some["subsidy"].mean()),
                "episodes": one.n,
            }
