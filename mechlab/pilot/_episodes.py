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
from mechlab.simulation import Episodes
from mechlab.statistics import summarise
from mechlab.streams import PILOT
from mechlab.study import Study

MEASURES = ("attainment", "efficiency", "spend", "subsidy", "group_revenue")


@dataclass(frozen=True)
class Batch:
    """Episodes of a candidate at a size; the ``pilot`` ones chose where the held-out ones lie."""

    candidate: str
    size: float
    episodes: Episodes
    pilot: bool
    started: datetime
    finished: datetime


@dataclass
class OwnEpisodes:
    """Episodes of a study's own agents, each with a number of its own."""

    study: Study
    batches: list[Batch] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(batch.episodes) for batch in self.batches)

    @property
    def left(self) -> int:
        """How many the budget still allows."""
        return self.study.budget.episodes - len(self)

    def play(self, candidate: DoseRange, size: float, episodes: int, pilot: bool = False) -> None:
        """Play new episodes at a size, as many as the budget allows."""
        numbers = PILOT[len(self) :][: min(episodes, self.left)]
        started = datetime.now()
        run = self.study.play(candidate.at(size), numbers)
        batch = Batch(candidate.name, float(size), run, pilot, started, datetime.now())
        self.batches.append(batch)

    def table(self) -> pd.DataFrame:
        """Return all episodes as calibration reads them."""
        return pd.concat((tallied(batch.episodes) for batch in self.batches), ignore_index=True)

    def trials(self) -> pd.DataFrame:
        """Return the pilot's episodes, a row for each batch, as ``SearchResult.trials``."""
        rows = enumerate(self._rows(pilot=True))
        return pd.DataFrame([{"number": n, "state": "COMPLETE", **row} for n, row in rows])

    def evidence(self) -> pd.DataFrame:
        """Return the held-out episodes, a row for each dose, as ``SearchResult.evidence``."""
        columns = ["candidate", "stage", "purpose", "size", "attainment", "lower", "upper"]
        return pd.DataFrame(self._rows(pilot=False), columns=[*columns, "episodes", "verdict"])

    def played(self) -> Iterator[Played]:
        """Yield what was played as the Pareto table takes it."""
        for batch in self.batches:
            measured = _measured(self.study, batch)
            outcome = {name: measured[name].tolist() for name in MEASURES}
            params = {f"{batch.candidate}.{self.study.minimise}": batch.size}
            yield batch.candidate, params, outcome, not batch.pilot

    def _rows(self, pilot: bool) -> list[dict[str, Any]]:
        """Return what was measured at each dose of the pilot, or of the held-out episodes."""
        doses = dict.fromkeys((b.candidate, b.size) for b in self.batches if b.pilot == pilot)
        return [self._row(*dose, pilot) for dose in doses]

    def _row(self, candidate: str, size: float, pilot: bool) -> dict[str, Any]:
        dose = candidate, size, pilot
        mine = [b for b in self.batches if (b.candidate, b.size, b.pilot) == dose]
        table = pd.concat([_measured(self.study, b) for b in mine], ignore_index=True)
        one = summarise(table["attainment"].to_numpy())
        lower, upper = one.ci95
        ends: dict[str, Any] = {
            "attainment_lower": lower,
            "attainment_upper": upper,
            "started": mine[0].started,
            "finished": mine[-1].finished,
        }
        if not pilot:
            ends = {"lower": lower, "upper": upper, "verdict": "measured"}
        return {
            "candidate": candidate,
            "purpose": "pilot" if pilot else "confirm",
            "size": size,
            "attainment": one.mean,
            **ends,
            "spend": float(table["spend"].mean()),
            "subsidy": float(table["subsidy"].mean()),
            "episodes": one.n,
        }

    def measured(self, candidate: DoseRange) -> pd.DataFrame:
        """Return a candidate's episodes, one row each: ``size``, ``reference`` and ``MEASURES``.

        Raises:
            UserError: where the target's reference point earns nothing in an episode.
        """
        rows = [_measured(self.study, d) for d in self.batches if d.candidate == candidate.name]
        return pd.concat(rows, ignore_index=True)


def _measured(study: Study, batch: Batch) -> pd.DataFrame:
    run = batch.episodes
    reference, attainment = run.reference(study.target.relative_to), study.attainment(run)
    columns = {"size": batch.size, "reference": reference, "attainment": attainment}
    return pd.DataFrame({**columns, **{name: run[name] for name in MEASURES[1:]}})
