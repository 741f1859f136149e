"""Who is at work: each worker has a row in the record, and a heart that keeps it fresh."""

from __future__ import annotations

import os
import platform
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import SQLAlchemyError

from mechlab.store import TABLES, Store

BEAT = 2.0  # seconds between heartbeats
GRACE = 20.0  # a worker that was not heard of for so many seconds is dead

_WORKERS = sql.Table(
    "mechlab_worker",
    TABLES,
    sql.Column("id", sql.String(32), primary_key=True),
    sql.Column("host", sql.String(255), nullable=False),
    sql.Column("pid", sql.Integer, nullable=False),
    sql.Column("beat", sql.DateTime(timezone=True), nullable=False),  # by the database's clock
)


class Heart:
    """Keeps a worker's row fresh from a thread of its own.

    Attributes:
        worker: the worker's id.
        dismissed: whether somebody took the row out of the record, which sends the worker home.
    """

    def __init__(self, store: Store, worker: str) -> None:
        self.worker, self.dismissed = worker, False
        self._store, self._row = store, _WORKERS.c.id == worker
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="heart")

    def start(self) -> None:
        """Enter the worker into the record and begin to beat."""
        row = {"id": self.worker, "host": _host(), "pid": os.getpid(), "beat": sql.func.now()}
        _execute(self._store, sql.insert(_WORKERS).values(**row))
        self._thread.start()

    def stop(self) -> None:
        """Take the worker out of the record."""
        self._stop.set()
        self._thread.join()
        with suppress(SQLAlchemyError):  # a database that is gone ended the work, and says so there
            _execute(self._store, sql.delete(_WORKERS).where(self._row))

    def _beat(self) -> None:
        update = sql.update(_WORKERS).where(self._row).values(beat=sql.func.now())
        while not self._stop.wait(BEAT):
            with suppress(SQLAlchemyError):  # the same
                self.dismissed = not _execute(self._store, update)


@contextmanager
def beating(store: Store, worker: str) -> Iterator[Heart]:
    """Keep a worker's heart beating while the context lasts."""
    heart = Heart(store, worker)
    heart.start()
    try:
        yield heart
    finally:
        heart.stop()


def new_worker() -> str:
    """Return an id that no other worker has."""
    return uuid.uuid4().hex


def living(store: Store) -> set[str]:
    """Return the ids of the workers that are alive."""
    with store.engine.connect() as connection:
        now = connection.execute(sql.select(sql.func.now())).scalar_one()
        rows = connection.execute(sql.select(_WORKERS)).all()
    return {row.id for row in rows if _lives(row, now)}


def dismiss(store: Store, workers: Sequence[str]) -> None:
    """Send workers home: each stops after its present step."""
    _execute(store, sql.delete(_WORKERS).where(_WORKERS.c.id.in_(workers)))


def _lives(row: Any, now: datetime) -> bool:
    if now.replace(tzinfo=None) - row.beat.replace(tzinfo=None) > timedelta(seconds=GRACE):
        return False
    return not (row.host == _host() and os.name == "posix" and _gone(row.pid))


def _gone(pid: int) -> bool:
    """Whether no process here has the number; spares the wait when a search is resumed."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def _host() -> str:
    """Name the machine, and the container where process numbers are its own."""
    with suppress(OSError):
        return f"{platform.node()} {Path('/proc/self/ns/pid').readlink()}"
    return platform.node()


def _execute(store: Store, statement: sql.Executable) -> int:
    """Execute a statement in a transaction of its own; return the number of rows it changed."""
    with store.engine.begin() as connection:
        return int(connection.execute(statement).rowcount)
