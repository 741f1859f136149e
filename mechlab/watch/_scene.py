"""The state of a running search, read from its record, which is not changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any, NamedTuple

import sqlalchemy as sql
from optuna.trial import FrozenTrial, TrialState

from mechlab.llm.transcripts import Transcripts
from mechlab.report.words import money, number, percent
from mechlab.search.certification import Certification
from mechlab.search.heartbeat import living
from mechlab.search.sampler import Threshold
from mechlab.search.trials import ATTAINMENT, begun, episodes, outcome, setting
from mechlab.store import TABLES, Store, trial_key
from mechlab.study import BASELINE, OUTCOMES

_NOTHING = "nothing yet"
_METERS = {"calls": "model calls", "tokens": "tokens", "dollars": "US dollars"}
_RECENT = 12  # trials shown: about as many as fit a screen below the rest


class Meter(NamedTuple):
    """How much of a budget is used; its cap is None where there is none."""

    name: str
    used: float
    cap: float | None


class Standing(NamedTuple):
    """One candidate: the estimate of its smallest sufficient size, and what is shown of it."""

    candidate: str
    trials: int
    estimate: str
    shown: str
    status: str


class Worker(NamedTuple):
    """What one worker does, when it was last seen, and whether it is alive."""

    name: str
    activity: str
    seen: str
    alive: bool


class Scene(NamedTuple):
    """A search at one moment.

    Attributes:
        phase: ``exploring``, ``certifying``, or ``at rest`` where no worker runs.
        recent: the latest trials, the last one first: number, setting, attainment, episodes, state.
    """

    phase: str
    meters: tuple[Meter, ...]
    standings: tuple[Standing, ...]
    workers: tuple[Worker, ...]
    recent: tuple[tuple[str, ...], ...]


class Lookout:
    """Reads the record of a search again and again; computes anew only when it has grown."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._grown_to: tuple[int, int] = (-1, -1)
        self._certification: Certification | None = None

    def look(self) -> Scene:
        """Return the present state; raises SQLAlchemy's errors where the record cannot be read."""
        trials = begun(self.store.trials())
        complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        table = TABLES.tables["mechlab_batch"]
        with self.store.engine.connect() as connection:
            mine = sql.select(table).where(table.c.study == self.store.study.name)
            batches = connection.execute(mine).all()
        grown = (len(complete), sum(row.outcome is not None for row in batches))
        if complete and grown != self._grown_to:
            self._certification, self._grown_to = Certification(self.store), grown
        workers = tuple(self._workers(trials, batches))
        phase = "exploring" if self.store.explored is None else "certifying"
        return Scene(
            phase if any(worker.alive for worker in workers) else "at rest",
            tuple(self._meters(complete)),
            tuple(self._standing(name, complete) for name in self.store.study.candidates),
            workers,
            tuple(_row(trial) for trial in reversed(trials[-_RECENT:])),
        )

    def _meters(self, complete: Sequence[FrozenTrial]) -> Iterator[Meter]:
        """Yield what is used of the budget; live agents' part is that of all workers together."""
        study, known = self.store.study, self._certification
        held_out = known.episodes if known else 0
        yield Meter("episodes", episodes(complete) + held_out, study.budget.episodes)
        yield Meter("of which held out, to certify", held_out, study.budget.episodes)
        if "live" in study.group.kinds:
            spent = asdict(Transcripts(self.store.engine).spending(study.name))
            for name, cap in study.live.caps.model_dump().items():
                yield Meter(_METERS[name], spent[name], cap)

    def _standing(self, name: str, complete: Sequence[FrozenTrial]) -> Standing:
        trials = sum(setting(trial)[0] == name for trial in complete)
        estimate, shown, status = _NOTHING, _NOTHING, "exploring"
        if known := self._certification:
            belief, certificate = known.beliefs.get(name), known.certificates.get(name)
            if belief:
                estimate = self._estimate(name, belief.threshold)
            if certificate and self.store.explored is not None:
                shown, status = self._between(*certificate.interval), certificate.status
        status = status.replace("out_of_budget", "not decided yet")
        return Standing(name, trials, estimate, shown, status)

    def _estimate(self, name: str, threshold: Threshold) -> str:
        if name == BASELINE or threshold.reachable < 0.5:
            return f"enough with probability {percent(threshold.reachable)}"
        return self._between(threshold.lower, threshold.upper)

    def _between(self, low: float, high: float) -> str:
        size = money if self.store.study.minimise in OUTCOMES else number
        words = {
            (True, True): f"{size(low)} to {size(high)}",
            (True, False): f"more than {size(low)}",
            (False, True): f"at most {size(high)}",
        }
        return words.get((math.isfinite(low), math.isfinite(high)), _NOTHING)

    def _workers(self, trials: Sequence[FrozenTrial], batches: Sequence[Any]) -> list[Worker]:
        table, alive = TABLES.tables["mechlab_worker"], living(self.store)
        with self.store.engine.connect() as connection:
            now = connection.execute(sql.select(sql.func.now())).scalar_one().replace(tzinfo=None)
            rows = connection.execute(sql.select(table).order_by(table.c.host, table.c.pid)).all()
        activities = {
            row.worker: f"plays held-out episodes of {row.key.rsplit(' ', 1)[0]}"
            for row in batches
            if row.outcome is None
        }
        activities |= _explored(trials, batches)
        return [
            Worker(
                f"process {row.pid} on {row.host.split()[0]}",
                activities.get(row.id, "is between two steps") if row.id in alive else "is dead",
                f"{max(0.0, (now - row.beat.replace(tzinfo=None)).total_seconds()):.0f} s ago",
                row.id in alive,
            )
            for row in rows
        ]


def _explored(trials: Sequence[FrozenTrial], batches: Sequence[Any]) -> dict[str, str]:
    """Return the trial that each worker plays."""
    workers = {row.key: row.worker for row in batches if row.outcome is None}
    return {
        workers[trial_key(trial.number)]: f"explores {_setting(trial)} (trial {trial.number})"
        for trial in trials
        if trial.state == TrialState.RUNNING and trial_key(trial.number) in workers
    }


def _setting(trial: FrozenTrial) -> str:
    name, params = setting(trial)
    values = (f"{k}={number(v) if isinstance(v, float) else v}" for k, v in params.items())
    return f"{name}({', '.join(values)})"


def _row(trial: FrozenTrial) -> tuple[str, ...]:
    reached = outcome(trial).get(ATTAINMENT, ())
    mean = percent(fmean(reached)) if reached else ""
    return str(trial.number), _setting(trial), mean, str(len(reached)), trial.state.name.lower()
