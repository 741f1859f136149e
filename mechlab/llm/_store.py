"""The store of calls: whatever is put into it is on disk before it is used.

Its tables stand beside a search's in one database. Everything that is put while a transaction runs
goes into the next one, so that many calls at once need few transactions.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar

import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from mechlab.database import StorageError, created, location, options, trouble
from mechlab.llm.budget import Budget, Spending

T = TypeVar("T")

Row = Mapping[str, Any]
Outputs = Mapping[str, str]  # dumped outputs by the key of their call

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
    sql.Column("request", sql.Text, nullable=False),  # parameters; of the schema the id of its text
    sql.Column("messages", sql.Text, nullable=False),  # roles and ids of texts, as they were sent
    sql.Column("output", sql.Text, nullable=False),
    sql.Column("problem", sql.Text, nullable=False),  # why it is no valid answer; "" where it is
    sql.Column("dollars", sql.Float),  # null if no price is known
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
FORMATS = sql.Table(
    "mechlab_response_format",  # the one that a model's endpoint takes, the same for all workers
    TABLES,
    sql.Column("model", sql.String(32), primary_key=True),
    sql.Column("format", sql.String(16), nullable=False),
    sql.Column("at", sql.String(32), nullable=False),
)
EPISODES = sql.Table(
    "mechlab_episode",
    TABLES,
    sql.Column("id", sql.String(32), primary_key=True),
    sql.Column("run", sql.String(255), nullable=False),
    sql.Column("scenario", sql.Text, nullable=False),  # what was played
    sql.Column("measures", sql.Text),  # null until it is finished
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
SPENDING = sql.Table(
    "mechlab_spending",
    TABLES,
    sql.Column("run", sql.String(255), primary_key=True),
    sql.Column("calls", sql.BigInteger, nullable=False),
    sql.Column("tokens", sql.BigInteger, nullable=False),
    sql.Column("dollars", sql.Float, nullable=False),
)

_INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def open_tables(url: str | URL) -> sql.Engine:
    """Open a database and find the tables of calls in it, or make them.

    Raises:
        StorageError: if it cannot be opened, or is neither SQLite nor PostgreSQL.
        sqlalchemy.exc.SQLAlchemyError: for other trouble; see ``mechlab.database.trouble``.
    """
    where = location(url)
    if (kind := where.get_backend_name()) not in _INSERTS:
        raise StorageError(f"calls are kept in SQLite or PostgreSQL, got {kind!r}")

    def create(plain: str) -> sql.Engine:
        engine = sql.create_engine(plain, **options(where))
        TABLES.create_all(engine)
        return engine

    return created(where, create)


@dataclass
class _Batch:
    """What one transaction writes; ``done`` gives the outputs that had been there before."""

    done: asyncio.Future[Outputs]
    rows: dict[sql.Table, list[Row]] = field(default_factory=dict)
    measures: list[Row] = field(default_factory=list)
    spending: Spending = field(default_factory=Spending)


class CallStore:
    """The calls of one run in a database, for use within one event loop.

    Attributes:
        run: name under which the run's spending is kept, over all processes; "" keeps none.
        budget: learns what other processes of the run spent.
        writing: the task that writes, if any; it must not be cancelled.
    """

    def __init__(
        self, engine: sql.Engine, url: str, run: str, budget: Budget, *, read_only: bool = False
    ) -> None:
        self.url, self.run, self.budget, self.read_only = url, run, budget, read_only
        self._engine = engine
        self._pool = ThreadPoolExecutor(1, "mechlab-calls")
        self._pending: _Batch | None = None
        self.writing: asyncio.Task[None] | None = None
        self._texts: set[str] = set()  # ids of texts that are known to be there
        self._recorded = Spending()  # of ours, what the database holds

    async def known(self, episode: str, seed: str) -> tuple[set[str], set[tuple[int, int]]]:
        """Return the keys of the calls of a seed, and the turns and attempts of an episode."""
        keys = await self._read(sql.select(CALLS.c.key).where(CALLS.c.seed == seed))
        turns = sql.select(TURNS.c.turn, TURNS.c.attempt).where(TURNS.c.episode == episode)
        return {row.key for row in keys}, {(t.turn, t.attempt) for t in await self._read(turns)}

    async def output(self, key: str) -> str:
        """Return the dumped output of a call that is there."""
        (row,) = await self._read(sql.select(CALLS.c.output).where(CALLS.c.key == key))
        return str(row.output)

    async def response_format(self, model: str) -> str:
        """Return the response format that is noted for a model, by its digest; "" if none is."""
        query = sql.select(FORMATS.c.format).where(FORMATS.c.model == model)
        return "".join(row.format for row in await self._read(query))

    def put(self, table: sql.Table, row: Row) -> asyncio.Future[Outputs]:
        """Put a row; the future is done when it is written."""
        batch = self._open()
        batch.rows.setdefault(table, []).append(row)
        return batch.done

    def put_texts(self, texts: Mapping[str, str]) -> None:
        """Put contents of messages by their ids, those that are new."""
        for id, text in texts.items():
            if id not in self._texts:
                self._texts.add(id)
                self.put(TEXTS, {"id": id, "text": json.dumps(text)})

    def spend(self, spending: Spending) -> None:
        """Charge the budget, and record it."""
        self.budget.charge(spending)
        self._open().spending += spending

    def finish(self, episode: str, measures: Mapping[str, float]) -> asyncio.Future[Outputs]:
        """Put the measures of a finished episode."""
        batch = self._open()
        batch.measures.append({"episode": episode, "values": json.dumps(measures)})
        return batch.done

    async def close(self) -> None:
        """Write what is pending and end."""
        if self.writing:
            await asyncio.wait([self.writing])
        self._pool.shutdown()

    def _open(self) -> _Batch:
        if self._pending is None:
            self._pending = _Batch(asyncio.get_running_loop().create_future())
            # Nobody needs to wait for all of it, and an error reaches whoever does.
            self._pending.done.add_done_callback(lambda done: done.exception())
        if self.writing is None or self.writing.done():
            self.writing = asyncio.create_task(self._write_all())
        return self._pending

    async def _write_all(self) -> None:
        while self._pending is not None:
            batch, self._pending = self._pending, None
            try:
                earlier, total = await self._do(partial(self._write, batch))
            except Exception as error:  # whoever waits for the batch raises it
                batch.done.set_exception(error)
                continue
            if total is not None:
                self._recorded += batch.spending
                self.budget.others = total - self._recorded
            batch.done.set_result(earlier)

    def _write(self, batch: _Batch) -> tuple[Outputs, Spending | None]:
        """Write a batch in one transaction; return outputs that were there, and the run's total."""
        if self.read_only:
            return {}, None
        with self._engine.begin() as connection:
            calls = batch.rows.pop(CALLS, [])
            earlier = {} if _insert(connection, CALLS, calls) else _outputs(connection, calls)
            for table, rows in batch.rows.items():
                _insert(connection, table, rows)
            if batch.measures:
                mine = EPISODES.c.id == sql.bindparam("episode")
                update = sql.update(EPISODES).where(mine).values(measures=sql.bindparam("values"))
                connection.execute(update, batch.measures)
            return earlier, self._total(connection, batch.spending) if self.run else None

    def _total(self, connection: sql.Connection, spending: Spending) -> Spending:
        """Add spending to that of the run, and return the total."""
        _insert(connection, SPENDING, [{"run": self.run, **vars(Spending())}])
        more = {name: SPENDING.c[name] + value for name, value in vars(spending).items()}
        connection.execute(sql.update(SPENDING).where(SPENDING.c.run == self.run).values(more))
        return total_spending(connection, self.run)

    async def _read(self, query: sql.Select[Any]) -> Sequence[sql.Row[Any]]:
        def rows() -> Sequence[sql.Row[Any]]:
            with self._engine.connect() as connection:
                return connection.execute(query).all()

        return await self._do(rows)

    async def _do(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except SQLAlchemyError as error:
            raise trouble(self.url, error) from error


def total_spending(connection: sql.Connection, run: str) -> Spending:
    """Return what all processes of a run spent."""
    row = connection.execute(sql.select(SPENDING).where(SPENDING.c.run == run)).first()
    return Spending(row.calls, row.tokens, row.dollars) if row else Spending()


def now() -> str:
    """Return the time as the store has it: ISO, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def digest(*parts: str) -> str:
    """Return a short name for texts that no other texts have.

    >>> digest("a", "b") == digest("ab")
    False
    """
    hasher = blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(len(data).to_bytes(8, "big"))
        hasher.update(data)
    return hasher.hexdigest()


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys, in ASCII, as PostgreSQL refuses NUL in texts."""
    return json.dumps(value, sort_keys=True)


def _insert(connection: sql.Connection, table: sql.Table, rows: Sequence[Row]) -> bool:
    """Insert rows, keeping those that are there as they are; return whether all were new."""
    if not rows:
        return True
    insert = _INSERTS[connection.dialect.name](table).on_conflict_do_nothing()
    return connection.execute(insert, list(rows)).rowcount == len(rows)


def _outputs(connection: sql.Connection, calls: list[Row]) -> Outputs:
    """Return the outputs in the store: another process may have been earlier."""
    mine = CALLS.c.key.in_([call["key"] for call in calls])
    rows = connection.execute(sql.select(CALLS.c.key, CALLS.c.output).where(mine))
    return {str(row.key): str(row.output) for row in rows}
