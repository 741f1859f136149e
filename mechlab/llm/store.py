"""The book of calls: whatever is put into it is on disk before it is used.

Everything that is put while a transaction runs goes into the next one together, so that many calls
at once cost few transactions.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sql
from sqlalchemy.exc import SQLAlchemyError

from mechlab.database import trouble
from mechlab.llm.budget import Account, Spent
from mechlab.llm.tables import CALLS, EPISODES, SPENT, TEXTS, TURNS, add

T = TypeVar("T")

Row = Mapping[str, Any]
Calls = Mapping[str, str]  # replies by key


@dataclass
class _Batch:
    """What one transaction writes; ``done`` gives the replies that had been there before."""

    done: asyncio.Future[Calls]
    rows: dict[sql.Table, list[Row]] = field(default_factory=dict)
    measures: list[Row] = field(default_factory=list)
    spent: Spent = field(default_factory=Spent)


class Book:
    """The calls of one run in a database, for use within one event loop.

    Args:
        engine: the database, with its tables.
        url: where it is, for messages; without a password.
        run: under this name the run's spending is kept, over all processes; "" keeps none.
        account: is told what other processes of the run used up.
        sealed: nothing is written.

    Attributes:
        writing: the task that writes, if any; it must not be cancelled.
    """

    def __init__(
        self, engine: sql.Engine, url: str, run: str, account: Account, *, sealed: bool = False
    ) -> None:
        self.url, self._engine, self._run, self._account = url, engine, run, account
        self._sealed = sealed
        self._pool = ThreadPoolExecutor(1, "mechlab-book")
        self._pending: _Batch | None = None
        self.writing: asyncio.Task[None] | None = None
        self._texts: set[str] = set()  # ids of texts that are known to be there
        self._told = Spent()  # of ours, what the database knows

    async def known(self, episode: str, seed: str) -> tuple[set[str], set[tuple[int, int]]]:
        """Return the keys of the calls of a seed, and the turns and attempts of an episode."""
        calls = sql.select(CALLS.c.key).where(CALLS.c.seed == seed)
        turns = sql.select(TURNS.c.turn, TURNS.c.attempt).where(TURNS.c.episode == episode)

        def read() -> tuple[set[str], set[tuple[int, int]]]:
            with self._engine.connect() as connection:
                keys = set(connection.execute(calls).scalars())
                return keys, {(turn, attempt) for turn, attempt in connection.execute(turns)}

        return await self._do(read)

    async def reply(self, key: str) -> str:
        """Return the reply of a call that is there."""
        query = sql.select(CALLS.c.reply).where(CALLS.c.key == key)

        def read() -> str:
            with self._engine.connect() as connection:
                return str(connection.execute(query).scalar_one())

        return await self._do(read)

    def put(self, table: sql.Table, row: Row) -> asyncio.Future[Calls]:
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

    def spend(self, spent: Spent) -> None:
        """Book what was used up."""
        self._account.book(spent)
        self._open().spent += spent

    def finish(self, episode: str, measures: Mapping[str, float]) -> asyncio.Future[Calls]:
        """Put the measures of a finished episode."""
        batch = self._open()
        batch.measures.append({"episode": episode, "found": json.dumps(measures)})
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
                found, told = await self._do(partial(self._write, batch))
            except Exception as error:  # whoever waits for the batch raises it
                batch.done.set_exception(error)
                continue
            if told is not None:
                self._told += batch.spent
                self._account.others = told - self._told
            batch.done.set_result(found)

    def _write(self, batch: _Batch) -> tuple[Calls, Spent | None]:
        """Write a batch in one transaction; return replies that were there, and the run's total."""
        if self._sealed:
            return {}, None
        with self._engine.begin() as connection:
            calls = batch.rows.pop(CALLS, [])
            found = {} if add(connection, CALLS, calls) else _replies(connection, calls)
            for table, rows in batch.rows.items():
                add(connection, table, rows)
            if batch.measures:
                mine = EPISODES.c.id == sql.bindparam("episode")
                update = sql.update(EPISODES).where(mine).values(measures=sql.bindparam("found"))
                connection.execute(update, batch.measures)
            return found, self._total(connection, batch.spent) if self._run else None

    def _total(self, connection: sql.Connection, spent: Spent) -> Spent:
        """Add what was used up to what the run used up in all, and return that."""
        mine = SPENT.c.run == self._run
        more = {name: SPENT.c[name] + value for name, value in vars(spent).items()}
        if not connection.execute(sql.update(SPENT).where(mine).values(more)).rowcount:
            add(connection, SPENT, [{"run": self._run, "calls": 0, "tokens": 0, "dollars": 0.0}])
            connection.execute(sql.update(SPENT).where(mine).values(more))
        return total(connection, self._run)

    async def _do(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except SQLAlchemyError as error:
            raise trouble(self.url, error) from error


def total(connection: sql.Connection, run: str) -> Spent:
    """Return what all processes of a run used up."""
    row = connection.execute(sql.select(SPENT).where(SPENT.c.run == run)).mappings().first()
    return Spent(row["calls"], row["tokens"], row["dollars"]) if row else Spent()


def now() -> str:
    """Return the time as the book has it: ISO, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _replies(connection: sql.Connection, calls: list[Row]) -> Calls:
    """Return the replies that stand in the book: another process may have been earlier."""
    mine = CALLS.c.key.in_([call["key"] for call in calls])
    rows = connection.execute(sql.select(CALLS.c.key, CALLS.c.reply).where(mine))
    return {str(row.key): str(row.reply) for row in rows}
