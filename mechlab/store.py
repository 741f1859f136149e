"""The record of a search: one database holds its trials, its held-out episodes and its workers.

Trials are Optuna's; three tables of ours stand beside them. Whatever was played is written before
it is used, in one transaction, so that any process may be killed at any moment: what was told
stays, and what a dead worker had claimed is free again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import optuna
import sqlalchemy as sql
from optuna.exceptions import StorageInternalError
from optuna.samplers import BaseSampler
from optuna.storages import RDBStorage
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from mechlab.database import StorageError, created, file_of, location, masked, options, trouble
from mechlab.study import Study

TABLES = sql.MetaData()
_STUDIES = sql.Table(
    "mechlab_study",
    TABLES,
    sql.Column("name", sql.String(255), primary_key=True),
    sql.Column("canonical", sql.Text, nullable=False),
    sql.Column("explored", sql.Text),  # numbers of the trials that the certificate starts from
)
_BATCHES = sql.Table(
    "mechlab_batch",
    TABLES,
    sql.Column("study", sql.String(255), primary_key=True),
    sql.Column("key", sql.String(255), primary_key=True),
    sql.Column("worker", sql.String(32), nullable=False),
    sql.Column("outcome", sql.Text),  # nothing while it is being played
)
_BUDGETS = sql.Table(
    "mechlab_budget",
    TABLES,
    sql.Column("study", sql.String(255), primary_key=True),
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("episodes", sql.Integer, nullable=False),
)

Outcome = dict[str, list[float]]  # values of each measure, one an episode


@dataclass(frozen=True)
class Store:
    """The record of one study.

    Attributes:
        study: the study that it holds.
        url: where it is, with any password masked.
        location: where it is, for other processes to open; its text masks the password too.
        storage: Optuna's storage over the same database.
    """

    study: Study
    url: str
    location: URL
    storage: RDBStorage

    @classmethod
    def open(cls, study: Study, url: str | URL | None = None, *, create: bool = True) -> Store:
        """Open the record of ``study``, or ``create`` it where there is none.

        It is at any database URL of SQLAlchemy, by default in the file ``.mechlab/NAME.db``.
        ``StorageError`` where it cannot be opened, or holds another study of this name, and for a
        study with a ``[pilot]``.
        """
        if study.pilot:
            raise StorageError(
                f"{study.name} has a [pilot], which keeps no record but live agents' calls: "
                "`mechlab search` plays it again and writes its report"
            )
        asked = url or study.record_url
        where, shown = location(asked), masked(make_url(asked).render_as_string())
        path = file_of(where)
        if path and not create and not path.exists():
            raise _no_record(shown, path.stem)
        with reporting(shown):
            store = cls(study, shown, where, created(where, _create))
            store._check_study(create)
        return store

    def close(self) -> None:
        """Give all connections back."""
        self.storage.remove_session()
        self.engine.dispose()

    @property
    def engine(self) -> sql.Engine:
        """The database."""
        engine: sql.Engine = self.storage.engine
        return engine

    def _read(self, query: sql.Select[Any]) -> Sequence[sql.Row[Any]]:
        with self.engine.connect() as connection:
            return connection.execute(query).all()

    def _write(self, change: sql.Update | sql.Insert) -> int:
        """Make a change in a transaction; return how many rows it changed."""
        with self.engine.begin() as connection:
            return connection.execute(change).rowcount

    def trials(self, sampler: BaseSampler | None = None) -> optuna.Study:
        """Return the Optuna study of the trials; ``sampler`` proposes new ones."""
        name = f"mechlab:{self.study.name}"
        return optuna.create_study(
            storage=self.storage, sampler=sampler, study_name=name, load_if_exists=True
        )

    @property
    def explored(self) -> list[int] | None:
        """Numbers of the trials that the certificate starts from; None while exploring."""
        explored = self._of_study(_STUDIES.c.explored)
        return None if explored is None else [int(number) for number in json.loads(explored)]

    def end_exploring(self, trials: list[int]) -> None:
        """Fix the trials that the certificate starts from; the first to do so decides."""
        mine = (_STUDIES.c.name == self.study.name) & _STUDIES.c.explored.is_(None)
        self._write(sql.update(_STUDIES).where(mine).values(explored=json.dumps(trials)))

    @property
    def budgets(self) -> list[int]:
        """The budgets in episodes that the certificate has had, each larger than the last."""
        query = sql.select(_BUDGETS.c.episodes).where(_BUDGETS.c.study == self.study.name)
        return [row.episodes for row in self._read(query.order_by(_BUDGETS.c.number))]

    def raise_budget(self, number: int, episodes: int) -> None:
        """Write down budget number ``number``, from 0 on; the first to do so decides."""
        budget = {"study": self.study.name, "number": number, "episodes": episodes}
        with suppress(IntegrityError):
            self._write(sql.insert(_BUDGETS).values(**budget))

    def claim(self, key: str, worker: str, living: Callable[[], set[str]]) -> bool:
        """Claim a batch for a worker: whether it was free, or claimed by one who is not living."""
        batch = {"study": self.study.name, "key": key}
        try:
            self._write(sql.insert(_BATCHES).values(**batch, worker=worker))
            return True
        except IntegrityError:  # somebody has claimed it
            free = _BATCHES.c.outcome.is_(None) & _BATCHES.c.worker.not_in(living())
            update = sql.update(_BATCHES).where(self._batch(key), free)
            return bool(self._write(update.values(worker=worker)))

    def record(self, key: str, outcome: Outcome) -> None:
        """Write down what came of a batch; the first outcome stays."""
        text = json.dumps(outcome, allow_nan=False)
        update = sql.update(_BATCHES).where(self._batch(key), _BATCHES.c.outcome.is_(None))
        self._write(update.values(outcome=text))

    def outcomes(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """Return what came of those of the batches that were played, by key."""
        mine = (_BATCHES.c.study == self.study.name) & _BATCHES.c.outcome.is_not(None)
        mine &= _BATCHES.c.key.in_(keys)
        rows = self._read(sql.select(_BATCHES.c.key, _BATCHES.c.outcome).where(mine))
        return {row.key: json.loads(row.outcome) for row in rows}

    def same_question(self) -> list[str]:
        """Return the other searches of the same question, under other seeds or targets, that stand
        in the same database, or in the files beside it."""
        path = file_of(self.location)
        mine = json.loads(json.dumps(self.study.canonical))  # as a record holds it
        files = {other for other in path.parent.glob("*.db") if other != path} if path else set()
        urls = [f"sqlite:///file:{other}?mode=ro&uri=true" for other in files]
        found = set()
        for engine in (self.engine, *map(sql.create_engine, urls)):
            with suppress(SQLAlchemyError), engine.connect() as connection:
                rows = connection.execute(sql.select(_STUDIES.c.name, _STUDIES.c.canonical))
                theirs = [(str(name), json.loads(canonical)) for name, canonical in rows]
                found |= {
                    f"{name} (seed {other['seed']}, target {other['target']['efficiency']:g})"
                    for name, other in theirs
                    if other != mine and _question(other) == _question(mine)
                }
            if engine is not self.engine:
                engine.dispose()
        return sorted(found)

    def _batch(self, key: str) -> sql.ColumnElement[bool]:
        return (_BATCHES.c.study == self.study.name) & (_BATCHES.c.key == key)

    def _check_study(self, create: bool) -> None:
        """Write the study down if it can be played, or compare it with the one that is there."""
        name, mine = self.study.name, json.dumps(self.study.canonical)
        theirs = self._of_study(_STUDIES.c.canonical)
        if theirs is None and create:
            self.study.check_playable()
            with suppress(IntegrityError):
                self._write(sql.insert(_STUDIES).values(name=name, canonical=mine))
            theirs = self._of_study(_STUDIES.c.canonical)
        if theirs is None:
            raise _no_record(self.url, name)
        differing = list(differences(json.loads(mine), json.loads(theirs)))
        if differing:
            raise StorageError(
                f"{self.url} holds another study named {name!r}: {'; '.join(differing)}"
            )

    def _of_study(self, column: sql.Column[Any]) -> str | None:
        """Return what a column holds of the study, None where the study is not there."""
        rows = self._read(sql.select(column).where(_STUDIES.c.name == self.study.name))
        return rows[0][0] if rows else None


def trial_key(number: int) -> str:
    """Name a trial among what workers claim."""
    return f"trial {number}"


def setting_key(candidate: str, params: Mapping[str, Any], numbers: range) -> str:
    """Name some episodes at a setting; machines may differ in the last digits of a dose.

    >>> setting_key("sharing_bonus", {"rate": 1000 / 3}, range(8)).split()[0]
    'sharing_bonus'
    """
    dose = [f"{v:.6g}" if isinstance(v, float) else v for _, v in sorted(params.items())]
    text = json.dumps([candidate, dose, numbers.start, len(numbers)])
    return f"{candidate[:100]} {hashlib.sha256(text.encode()).hexdigest()}"


@contextmanager
def reporting(url: str) -> Iterator[None]:
    """Turn any trouble with the database into one clear line."""
    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        raise trouble(url, error) from error


def differences(mine: Any, theirs: Any, field: str = "") -> Iterator[str]:
    """Name what differs between two canonical forms, a field a sentence.

    >>> list(differences({"seed": 0, "target": {"efficiency": 0.9}}, {"seed": 0, "target": {}}))
    ['target.efficiency is 0.9 here and absent there']
    """
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for name in dict.fromkeys([*mine, *theirs]):
            deeper = f"{field}.{name}" if field else name
            yield from differences(mine.get(name), theirs.get(name), deeper)
    elif mine != theirs:
        here, there = ("absent" if value is None else json.dumps(value) for value in (mine, theirs))
        yield f"{field} is {here} here and {there} there"


def _question(canonical: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a study asks, whatever its luck and its target."""
    return {name: value for name, value in canonical.items() if name not in ("seed", "target")}


def _no_record(url: str, name: str) -> StorageError:
    return StorageError(f"{url} holds no search of {name!r}: run `mechlab search` first")


def _create(url: str) -> RDBStorage:
    storage = RDBStorage(url, engine_kwargs=options(make_url(url)))
    TABLES.create_all(storage.engine)
    return storage
