"""The record of a search: one database holds its trials, its fresh episodes and its workers.

Trials are Optuna's; three tables of ours stand beside them. Whatever was played is written before
it is used, in one transaction, so that any process may be killed at any moment: what was told
stays, and what a dead worker had claimed is free again.

SQLite runs with a write-ahead log and ``synchronous=NORMAL``: a killed process loses nothing and a
power failure corrupts nothing, though it may cost the last transactions.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import optuna
import sqlalchemy as sql
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from mechlab.errors import UserError
from mechlab.study import Study, differences

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

Outcome = dict[str, list[float]]  # values of each measure, one an episode


class StorageError(UserError):
    """The record cannot be opened, read or written."""


@dataclass(frozen=True)
class Store:
    """The record of one study.

    Attributes:
        study: the study that it holds.
        url: where it is, with any password masked.
        location: where it is, for other processes to open.
        storage: Optuna's storage over the same database.
    """

    study: Study
    url: str
    location: str = field(repr=False)
    storage: RDBStorage

    @classmethod
    def open(cls, study: Study, url: str | None = None, *, create: bool = True) -> Store:
        """Open the record of ``study``.

        Args:
            study: the study.
            url: any database URL of SQLAlchemy; by default the file ``.mechlab/NAME.db`` below
                the working directory.
            create: whether to create it where there is none.

        Raises:
            StorageError: where it cannot be opened, or holds another study of this name.
        """
        where = _location(url or f"sqlite:///.mechlab/{study.name}.db", create)
        masked = where.render_as_string()
        with reporting(masked):
            plain = _absolute(where).render_as_string(hide_password=False)
            store = cls(study, masked, plain, _create(where))
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

    def trials(self, sampler: optuna.samplers.BaseSampler | None = None) -> optuna.Study:
        """Return the Optuna study of the trials."""
        name = f"mechlab:{self.study.name}"
        return optuna.create_study(
            storage=self.storage, study_name=name, sampler=sampler, load_if_exists=True
        )

    @property
    def explored(self) -> list[int] | None:
        """Numbers of the trials that the certificate starts from; None while exploring."""
        query = sql.select(_STUDIES.c.explored).where(_STUDIES.c.name == self.study.name)
        with self.engine.connect() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else [int(number) for number in json.loads(found)]

    def end_exploring(self, trials: list[int]) -> None:
        """Fix the trials that the certificate starts from; the first to do so decides."""
        mine = (_STUDIES.c.name == self.study.name) & _STUDIES.c.explored.is_(None)
        with self.engine.begin() as connection:
            connection.execute(sql.update(_STUDIES).where(mine).values(explored=json.dumps(trials)))

    def claim(self, key: str, worker: str, living: Callable[[], set[str]]) -> bool:
        """Claim a batch for a worker: whether it was free, or claimed by one who is not living."""
        batch = {"study": self.study.name, "key": key}
        try:
            with self.engine.begin() as connection:
                connection.execute(sql.insert(_BATCHES).values(**batch, worker=worker))
            return True
        except IntegrityError:  # somebody has claimed it
            free = _BATCHES.c.outcome.is_(None) & _BATCHES.c.worker.not_in(living())
            update = sql.update(_BATCHES).where(self._batch(key), free).values(worker=worker)
            with self.engine.begin() as connection:
                return bool(connection.execute(update).rowcount)

    def record(self, key: str, outcome: Outcome) -> None:
        """Write down what came of a batch; the first outcome stays."""
        text = json.dumps(outcome, allow_nan=False)
        update = sql.update(_BATCHES).where(self._batch(key), _BATCHES.c.outcome.is_(None))
        with self.engine.begin() as connection:
            connection.execute(update.values(outcome=text))

    def outcomes(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """Return what came of those of the batches that were played, by key."""
        mine = (_BATCHES.c.study == self.study.name) & _BATCHES.c.outcome.is_not(None)
        mine &= _BATCHES.c.key.in_(keys)
        with self.engine.connect() as connection:
            rows = connection.execute(sql.select(_BATCHES.c.key, _BATCHES.c.outcome).where(mine))
            return {key: json.loads(outcome) for key, outcome in rows}

    def _batch(self, key: str) -> sql.ColumnElement[bool]:
        return (_BATCHES.c.study == self.study.name) & (_BATCHES.c.key == key)

    def _check_study(self, create: bool) -> None:
        """Write the study down, or compare it with the one that is there."""
        name, mine = self.study.name, json.dumps(self.study.canonical)
        if create:
            with suppress(IntegrityError), self.engine.begin() as connection:
                connection.execute(sql.insert(_STUDIES).values(name=name, canonical=mine))
        query = sql.select(_STUDIES.c.canonical).where(_STUDIES.c.name == name)
        with self.engine.connect() as connection:
            theirs = connection.execute(query).scalar()
        if theirs is None:
            raise _no_record(self.url, name)
        found = list(differences(json.loads(mine), json.loads(theirs)))
        if found:
            raise StorageError(f"{self.url} holds another study named {name!r}: {'; '.join(found)}")


@contextmanager
def reporting(url: str) -> Iterator[None]:
    """Turn any trouble with the database into one clear line."""
    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        cause: BaseException = error.__cause__ or error
        lines = str(getattr(cause, "orig", None) or cause).splitlines()
        raise StorageError(
            f"{url}: {lines[0] if lines else type(cause).__name__}; "
            "all that was told is kept, and the same command goes on from there"
        ) from error


class _Connection(sqlite3.Connection):
    """A connection to SQLite that waits for locks and writes ahead."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type] # handed through
        self.execute("PRAGMA journal_mode=WAL")
        self.execute("PRAGMA synchronous=NORMAL")


def _no_record(url: str, name: str) -> StorageError:
    return StorageError(f"{url} holds no search of {name!r}: run `mechlab search` first")


def _location(url: str, create: bool) -> URL:
    try:
        where = make_url(url)
        if where.get_backend_name() == "sqlite" and where.database:
            if not create and not Path(where.database).exists():
                raise _no_record(url, Path(where.database).stem)
            Path(where.database).parent.mkdir(parents=True, exist_ok=True)
    except ArgumentError:
        raise StorageError(
            "a storage is written like 'sqlite:///studies.db' or "
            f"'postgresql+psycopg://USER@HOST/DATABASE', got {url!r}"
        ) from None
    except OSError as error:
        raise StorageError(f"{url}: {error.strerror}") from None
    return where


def _absolute(where: URL) -> URL:
    """Return a location that means the same file in any working directory."""
    if where.get_backend_name() != "sqlite" or not where.database:
        return where
    return where.set(database=str(Path(where.database).absolute()))


_RACE = ("already exists", "duplicate", "locked", "UNIQUE")  # in the words of the databases


def _create(where: URL) -> RDBStorage:
    """Create the tables, or find them; processes that create them at once disturb each other."""
    options = {"connect_args": {"factory": _Connection, "timeout": 60}}
    sqlite = where.get_backend_name() == "sqlite"
    for patience in (0.1, 0.3, 1.0, 3.0, None):
        try:
            plain = where.render_as_string(hide_password=False)
            storage = RDBStorage(plain, engine_kwargs=options if sqlite else {})
            TABLES.create_all(storage.engine)
            return storage
        except (ImportError, sql.exc.NoSuchModuleError) as error:
            raise StorageError(_driver(where, error)) from None
        except SQLAlchemyError as error:
            racing = any(word in str(error) for word in _RACE)
            if patience is None or not racing:
                raise
            time.sleep(patience * (0.5 + random.random()))
    raise AssertionError  # the last round returns or raises


def _driver(where: URL, error: Exception) -> str:
    extra = where.get_backend_name()
    hint = f": pip install 'mechlab[{extra}]'" if extra == "postgresql" else ""
    return f"{where.render_as_string()}: no driver for {where.drivername!r}{hint} ({error})"
