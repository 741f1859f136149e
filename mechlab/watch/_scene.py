"""The state of a running search, read from its record, which is not changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sql
from optuna.trial import FrozenTrial, TrialState

from mechlab.llm.session import run_spending
from mechlab.report.words import money, number, percent
from mechlab.search.certification import Certification
from mechlab.search.heartbeat import living
from mechlab.search.sampler import Threshold
from mechlab.search.trials import ATTAINMENT, begun, episodes, outcome, setting
from mechlab.store import TABLES, Store, trial_key
from mechlab.study import BASELINE, MONEY

_NOTHING = "nothing yet"
_METERS = {"calls": "model calls", "tokens": "tokens", "dollars": "US dollars"}
_RECENT = 12  # trials shown: about as many as fit a screen below the rest


class Lookout:
    """Reads the record of a search again and again; computes anew only when it has grown.

    Args:
        store: the record.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._grown_to: tuple[int, int] = (-1, -1)
        self._certification: Certification | None = None

    def look(self) -> Scene:
        """Return the present state; raises SQLAlchemy's errors where the record cannot be read."""
        trials = begun(self.store.trials())
        complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        batches = self._batches()
        grown = (len(complete), sum(row.outcome is not None for row in batches))
        if complete and grown != self._grown_to:
            self._certification, self._grown_to = Certification(self.store), grown
        workers = tuple(self._workers(trials, batches))
        return Scene(
            self._phase(workers),
            self._meters(complete),
            tuple(self._standing(name, complete) for name in self.store.study.candidates),
            workers,
            tuple(_row(trial) for trial in reversed(trials[-_RECENT:])),
        )

    def _phase(self, workers: Sequence[Worker]) -> str:
        if not any(worker.alive for worker in workers):
            return "at rest"
        return "exploring" if self.store.explored is None else "certifying"

    def _meters(self, complete: Sequence[FrozenTrial]) -> tuple[Meter, ...]:
        explored = episodes(complete)
        held_out = self._certification.episodes if self._certification else 0
        cap = self.store.study.budget.episodes
        return (
            Meter("episodes", explored + held_out, cap),
            Meter("of which held out, to certify", held_out, cap),
            *(self._live_meters() if "live" in self.store.study.group.kinds else ()),
        )

    def _live_meters(self) -> Iterator[Meter]:
        """Yield what the live agents of all workers together have used."""
        spent = asdict(run_spending(self.store.engine, self.store.study.name))
        for name, cap in self.store.study.live.caps.model_dump().items():
            yield Meter(_METERS[name], spent[name], cap)

    def _standing(self, name: str, complete: Sequence[FrozenTrial]) -> Standing:
        trials = sum(setting(trial)[0] == name for trial in complete)
        known = self._certification
        belief = known.beliefs.get(name) if known else None
        certificate = known.certificates.get(name) if known and self._certifying else None
        return Standing(
            name,
            trials,
            self._estimate(name, belief.threshold) if belief else _NOTHING,
            self._between(*certificate.interval) if certificate else _NOTHING,
            _status(certificate.status) if certificate else "exploring",
        )

    @property
    def _certifying(self) -> bool:
        """Whether exploration has ended, so that held-out episodes can show something."""
        return self.store.explored is not None

    def _estimate(self, name: str, threshold: Threshold) -> str:
        if name == BASELINE or threshold.reachable < 0.5:
            return f"enough with probability {percent(threshold.reachable)}"
        return self._between(threshold.lower, threshold.upper)

    def _between(self, low: float, high: float) -> str:
        ends = [self._size(value) for value in (low, high) if math.isfinite(value)]
        if not ends:
            return _NOTHING
        if len(ends) == 2:
            return f"{ends[0]} to {ends[1]}"
        return f"more than {ends[0]}" if math.isfinite(low) else f"at most {ends[0]}"

    def _size(self, value: float) -> str:
        return money(value) if self.store.study.minimise in MONEY else number(value)

    def _batches(self) -> Sequence[Any]:
        table = TABLES.tables["mechlab_batch"]
        mine = sql.select(table).where(table.c.study == self.store.study.name)
        with self.store.engine.connect() as connection:
            return connection.execute(mine).all()

    def _workers(self, trials: Sequence[FrozenTrial], batches: Sequence[Any]) -> list[Worker]:
        table, alive = TABLES.tables["mechlab_worker"], living(self.store)
        with self.store.engine.connect() as connection:
            now = connection.execute(sql.select(sql.func.now())).scalar_one()
            rows = connection.execute(sql.select(table).order_by(table.c.host, table.c.pid)).all()
        activities = {**_certified(batches), **_explored(trials, batches)}
        return [
            Worker(
                f"process {row.pid} on {row.host.split()[0]}",
                activities.get(row.id, "is between two steps"),
                _seconds(now, row.beat),
                row.id in alive,
            )
            for row in rows
        ]


def _status(status: str) -> str:
    return {"out_of_budget": "not decided yet"}.get(status, status)


def _explored(trials: Sequence[FrozenTrial], batches: Sequence[Any]) -> dict[str, str]:
    """Return the trial that each worker plays."""
    workers = {row.key: row.worker for row in batches if row.outcome is None}
    return {
        workers[trial_key(trial.number)]: f"explores {_setting(trial)} (trial {trial.number})"
        for trial in trials
        if trial.state == TrialState.RUNNING and trial_key(trial.number) in workers
    }


def _certified(batches: Sequence[Any]) -> dict[str, str]:
    """Return the candidate of which each worker plays held-out episodes."""
    return {
        row.worker: f"plays held-out episodes of {row.key.rsplit(' ', 1)[0]}"
        for row in batches
        if row.outcome is None
    }


def _setting(trial: FrozenTrial) -> str:
    name, params = setting(trial)
    values = ", ".join(f"{k}={_short(v)}" for k, v in params.items())
    return f"{name}({values})"


def _short(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _row(trial: FrozenTrial) -> tuple[str, ...]:
    reached = outcome(trial).get(ATTAINMENT, ())
    mean = percent(sum(reached) / len(reached)) if reached else ""
    return str(trial.number), _setting(trial), mean, str(len(reached)), trial.state.name.lower()


def _seconds(now: datetime, beat: datetime) -> float:
    return (now.replace(tzinfo=None) - beat.replace(tzinfo=None)).total_seconds()


@dataclass(frozen=True)
class Meter:
    """How much of a budget is used; its cap is None where there is none."""

    name: str
    used: float
    cap: float | None


@dataclass(frozen=True)
class Standing:
    """One candidate: the estimate of its smallest sufficient size, and what is shown of it."""

    candidate: str
    trials: int
    estimate: str
    shown: str
    status: str


@dataclass(frozen=True)
class Worker:
    """What one worker does, and how many seconds ago it was last seen."""

    name: str
    activity: str
    silence: float
    alive: bool


@dataclass(frozen=True)
class Scene:
    """A search at one moment.

    Attributes:
        phase: ``exploring``, ``certifying``, or ``at rest`` where no worker runs.
        meters: how much of the budget is used.
        standings: one for each candidate. workers: the running ones.
        recent: the latest trials, the last one first: number, setting, attainment, episodes, state.
    """

    phase: str
    meters: tuple[Meter, ...]
    standings: tuple[Standing, ...]
    workers: tuple[Worker, ...]
    recent: tuple[tuple[str, ...], ...]
