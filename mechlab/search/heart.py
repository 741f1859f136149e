"""Who is at work: each worker has a row in the record and a heart that keeps it fresh."""

from __future__ import annotations

import os
import platform
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sql

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


@contextmanager
def beating(store: Store) -> Iterator[str]:
    """Enter a worker into the record and keep its heart beating; yields its id."""
    worker = uuid.uuid4().hex
    row = {"id": worker, "host": _host(), "pid": os.getpid(), "beat": sql.func.now()}
    mine = _WORKERS.c.id == worker
    _write(store, sql.insert(_WORKERS).values(**row))
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(BEAT):
            with suppress(sql.exc.SQLAlchemyError):  # what fails for good stops the work itself
                _write(store, sql.update(_WORKERS).where(mine).values(beat=sql.func.now()))

    heart = threading.Thread(target=beat, daemon=True, name="heart")
    heart.start()
    try:
        yield worker
    finally:
        stop.set()
        heart.join()
        with suppress(sql.exc.SQLAlchemyError):
            _write(store, sql.delete(_WORKERS).where(mine))


def living(store: Store) -> set[str]:
    """Return the ids of the workers that are alive."""
    with store.engine.connect() as connection:
        now = connection.execute(sql.select(sql.func.now())).scalar_one()
        rows = connection.execute(sql.select(_WORKERS)).all()
    return {row.id for row in rows if _lives(row, now)}


def _lives(row: Any, now: datetime) -> bool:
    heard = row.beat.replace(tzinfo=None)
    if now.replace(tzinfo=None) - heard > timedelta(seconds=GRACE):
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


def _write(store: Store, statement: Any) -> None:
    with store.engine.begin() as connection:
        connection.execute(statement)
