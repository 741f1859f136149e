"""The tables of calls, beside a search's in one database, and how they are written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite

from mechlab.database import StorageError, created, location, options

TABLES = sql.MetaData()
TEXTS = sql.Table(
    "mechlab_text",  # contents of messages, each once
    TABLES,
    sql.Column("id", sql.String(32), primary_key=True),
    sql.Column("text", sql.Text, nullable=False),
)
CALLS = sql.Table(
    "mechlab_call",
    TABLES,
    sql.Column("key", sql.String(32), primary_key=True),
    sql.Column("seed", sql.String(20), nullable=False, index=True),  # of the episode
    sql.Column("endpoint", sql.Text, nullable=False),
    sql.Column("model", sql.Text, nullable=False),
    sql.Column("request", sql.Text, nullable=False),  # parameters and form
    sql.Column("messages", sql.Text, nullable=False),  # roles and ids of texts
    sql.Column("reply", sql.Text, nullable=False),
    sql.Column("problem", sql.Text, nullable=False),  # why it is no valid answer; "" where it is
    sql.Column("dollars", sql.Float),  # nothing where no price is known
    sql.Column("seconds", sql.Float, nullable=False),
    sql.Column("at", sql.String(32), nullable=False),
)
FAULTS = sql.Table(
    "mechlab_fault",
    TABLES,
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("key", sql.String(32), nullable=False, index=True),  # of the call
    sql.Column("kind", sql.String(16), nullable=False),
    sql.Column("detail", sql.Text, nullable=False),
    sql.Column("seconds", sql.Float, nullable=False),
    sql.Column("at", sql.String(32), nullable=False),
)
EPISODES = sql.Table(
    "mechlab_episode",
    TABLES,
    sql.Column("id", sql.String(32), primary_key=True),
    sql.Column("run", sql.String(255), nullable=False),
    sql.Column("about", sql.Text, nullable=False),
    sql.Column("measures", sql.Text),  # nothing until it is finished
    sql.Column("at", sql.String(32), nullable=False),
)
TURNS = sql.Table(
    "mechlab_turn",  # which call was made on which turn
    TABLES,
    sql.Column("episode", sql.String(32), primary_key=True),
    sql.Column("turn", sql.Integer, primary_key=True),
    sql.Column("attempt", sql.Integer, primary_key=True),
    sql.Column("agent", sql.Integer, nullable=False),
    sql.Column("round", sql.Integer, nullable=False),
    sql.Column("key", sql.String(32), nullable=False),
)
SPENT = sql.Table(
    "mechlab_spent",
    TABLES,
    sql.Column("run", sql.String(255), primary_key=True),
    sql.Column("calls", sql.BigInteger, nullable=False),
    sql.Column("tokens", sql.BigInteger, nullable=False),
    sql.Column("dollars", sql.Float, nullable=False),
)

_INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def open_tables(url: str) -> sql.Engine:
    """Open a database and find the tables of calls in it, or make them.

    Raises:
        StorageError: where it cannot be opened, or is neither SQLite nor PostgreSQL.
        sqlalchemy.exc.SQLAlchemyError: for other trouble; see ``mechlab.database.trouble``.
    """
    where = location(url)
    if where.get_backend_name() not in _INSERTS:
        kind = where.get_backend_name()
        raise StorageError(f"calls are kept in SQLite or PostgreSQL, got {kind!r}")

    def create(plain: str) -> sql.Engine:
        engine = sql.create_engine(plain, **options(where))
        TABLES.create_all(engine)
        return engine

    return created(where, create)


def add(connection: sql.Connection, table: sql.Table, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Insert rows, of which those that are there stay as they are; return whether all were new."""
    if not rows:
        return True
    insert = _INSERTS[connection.dialect.name](table).on_conflict_do_nothing()
    return connection.execute(insert, list(rows)).rowcount == len(rows)


def digest(*parts: str) -> str:
    """Return a short name for texts that no other texts have.

    >>> digest("a", "b") == digest("ab")
    False
    """
    found = blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        found.update(len(data).to_bytes(8, "big"))
        found.update(data)
    return found.hexdigest()


def packed(value: Any) -> str:
    """Return JSON in an order that does not depend on how it was built, in ASCII.

    So texts with NUL, which PostgreSQL refuses, can be kept.
    """
    return json.dumps(value, sort_keys=True)
