"""Databases by URL: opened alike for whatever is kept in them, and their trouble in one line.

SQLite runs with a write-ahead log and ``synchronous=NORMAL``: a killed process loses nothing and a
power failure corrupts nothing, though it may cost the last transactions.
"""

from __future__ import annotations

import random
import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sql
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from mechlab.errors import UserError

T = TypeVar("T")


class StorageError(UserError):
    """The record cannot be opened, read or written."""


def masked(text: str) -> str:
    """Return a text in which every password of a URL is ``***``.

    >>> masked("search q.toml --storage=postgresql://me:s3cret@db/lab?password=s3cret&a=b")
    'search q.toml --storage=postgresql://me:***@db/lab?password=***&a=b'
    """
    return _PASSWORD.sub(lambda m: "***" if m["user"] is None else f"{m['user']}:***", text)


# What stands between the user and the host, up to the last @ of a word, and in the query.
_PASSWORD = re.compile(r"(?<=://)(?P<user>[^\s:/@]*):\S*(?=@)|(?<=[?&]password=)[^\s&'\"]*")


def location(url: str | URL) -> URL:
    """Return where a database is, a file's path made absolute; ``StorageError`` for no URL.

    A password stands where the text and the repr of the URL mask it, wherever it was written.

    >>> location("sqlite:////tmp/lab.db").database
    '/tmp/lab.db'
    >>> location("postgresql://me@db/lab?password=s3cret")
    postgresql://me:***@db/lab
    """
    try:
        where = make_url(url)
    except ArgumentError:
        raise StorageError(
            "a storage is written like 'sqlite:///studies.db' or "
            f"'postgresql+psycopg://USER@HOST/DATABASE', got {masked(str(url))!r}"
        ) from None
    word = where.query.get("password")
    if isinstance(word, str):
        user = where.username or ""
        where = where.difference_update_query(["password"]).set(username=user, password=word)
    path = file_of(where)
    return where.set(database=str(path.absolute())) if path else where


def file_of(where: URL) -> Path | None:
    """Return the file that a database is, None for one behind a server."""
    sqlite = where.get_backend_name() == "sqlite"
    return Path(where.database) if sqlite and where.database else None


def options(where: URL) -> dict[str, Any]:
    """Return what ``create_engine`` needs beside the URL."""
    sqlite = where.get_backend_name() == "sqlite"
    return {"connect_args": {"factory": _Connection, "timeout": 60}} if sqlite else {}


def created(where: URL, create: Callable[[str], T]) -> T:
    """Return ``create(url)``, which makes tables or finds them; tried again while others do so too.

    Raises:
        StorageError: where the folder cannot be written, or the database has no driver here.
        sqlalchemy.exc.SQLAlchemyError: for trouble with the database; see ``trouble``.
    """
    path = file_of(where)
    try:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{where.render_as_string()}: {error.strerror}") from None
    for patience in (0.1, 0.3, 1.0, 3.0, None):
        try:
            return create(where.render_as_string(hide_password=False))
        except (ImportError, sql.exc.NoSuchModuleError) as error:
            raise StorageError(_driver(where, error)) from None
        except SQLAlchemyError as error:
            racing = any(word in str(error) for word in _RACE)
            if patience is None or not racing:
                raise
            time.sleep(patience * (0.5 + random.random()))
    raise AssertionError  # the last round returns or raises


def trouble(url: str, error: Exception) -> StorageError:
    """Put trouble with a database into one clear line."""
    cause: BaseException = error.__cause__ or error
    cause = getattr(cause, "orig", None) or cause
    if isinstance(cause, _FileTrouble):
        return StorageError(f"{url}: {cause}")
    lines = str(cause).splitlines() or [type(cause).__name__]
    return StorageError(
        f"{url}: {lines[0]}; all that was told is kept, and the same command goes on from there"
    )


_RACE = ("already exists", "duplicate", "locked", "UNIQUE")  # in the words of the databases


class _FileTrouble(sqlite3.OperationalError):
    """The file of a database was deleted, moved or replaced."""


_GONE = (
    "the file was deleted, moved or replaced while it was in use, so nothing more is written: "
    "put it back and repeat the command"
)
_LEFT = (
    "it was deleted or replaced, and something still uses what stood there: end that, delete "
    "{0}-wal and {0}-shm, and repeat the command"
)


class _Connection(sqlite3.Connection):
    """A connection to SQLite that waits for locks, writes ahead, and misses a file that is gone.

    Without that, a deleted file would take all that is written until it is closed, and lose it.
    """

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type] # handed through
        ((_, _, self._file),) = self.execute("PRAGMA database_list").fetchall()
        try:
            self.execute("PRAGMA journal_mode=WAL")
            self.execute("PRAGMA schema_version").fetchall()  # the first to read the log
        except sqlite3.OperationalError as error:
            if _inode(f"{self._file}-shm") and "I/O" in str(error):
                raise _FileTrouble(_LEFT.format(Path(self._file).name)) from error
            raise
        self.execute("PRAGMA synchronous=NORMAL")
        self._inode = _inode(self._file)

    def commit(self) -> None:
        """Commit; raises where the file is gone, because nobody would ever read it."""
        if self.in_transaction and _inode(self._file) != self._inode:
            raise _FileTrouble(_GONE)
        super().commit()


def _inode(file: str) -> tuple[int, int] | None:
    """Return what tells a file from another one of its name; None where there is none."""
    try:
        found = Path(file).stat() if file else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def _driver(where: URL, error: Exception) -> str:
    extra = where.get_backend_name()
    hint = f": pip install 'mechlab[{extra}]'" if extra == "postgresql" else ""
    return f"{where.render_as_string()}: no driver for {where.drivername!r}{hint} ({error})"
