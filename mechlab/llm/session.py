"""A session: all that the live episodes of a run share, from any thread, one event loop below."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import pandas as pd
import sqlalchemy as sql
from sqlalchemy.exc import SQLAlchemyError

from mechlab.agents.population import Population
from mechlab.agents.scenario import Scenario
from mechlab.database import location, trouble
from mechlab.errors import UserError
from mechlab.llm.agent import LiveAgent
from mechlab.llm.budget import Account, Spent
from mechlab.llm.endpoint import Endpoint, find_endpoint
from mechlab.llm.model import Caller, Line
from mechlab.llm.prices import price_of, unknown_price
from mechlab.llm.rate_limit import Limiter
from mechlab.llm.seat import Validity
from mechlab.llm.settings import Live, Options
from mechlab.llm.store import Book, total
from mechlab.llm.tables import digest, open_tables, packed

T = TypeVar("T")

CALLS = "sqlite:///.mechlab/calls.db"  # where calls are kept that belong to no study


class Session:
    """Plays live agents for as long as it is open; see ``live_session``.

    Attributes:
        live: its settings. run: name under which spending adds up over processes; "" for none.
        replay: whether answers come from the store alone.
        account: what was used up. validity: turns, and those without a valid answer.
        book: of calls.
    """

    def __init__(self, live: Live, url: str, run: str, replay: bool) -> None:
        self.live, self.run, self.replay = live, run, replay
        self.account, self.validity = Account(live.caps), Validity(live.invalid_limit)
        self.url = location(url).render_as_string()
        self._engine = self._opened(url)
        self.book = Book(self._engine, self.url, run, self.account, sealed=replay)
        self._endpoints: dict[str, Endpoint] = {}
        self._limiters: dict[str, Limiter] = {}
        self._callers: dict[LiveAgent, Caller] = {}
        self._clients: dict[str, Any] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mechlab-live")
        self._thread.daemon = True
        self._thread.start()

    def options(self, agent: LiveAgent) -> Options:
        """Return the options of an agent: the study's, with its own before them."""
        return self.live.options.model_copy(update=agent.options.chosen)

    def caller(self, agent: LiveAgent) -> Caller:
        """Return what makes the calls to an agent's model.

        Raises:
            UserError: for an unknown endpoint, or a cap in dollars on a model without a price.
        """
        if agent not in self._callers:
            self._callers[agent] = Caller(self._line(agent), self.book, self.account)
        return self._callers[agent]

    def name(self, scenario: Scenario, k: int) -> str:
        """Return the id of episode k of a scenario."""
        return digest(self.run, packed(scenario.episode(k)), packed(self.live.canonical))

    def note(self, scenario: Scenario, measures: pd.DataFrame) -> None:
        """Write down the measures of finished episodes, a row each."""
        rows = measures.to_dict("records")

        async def write() -> None:
            for k, row in enumerate(rows):
                found = {str(name): float(value) for name, value in row.items()}
                done = self.book.finish(self.name(scenario, k), found)
            await asyncio.shield(done)

        if rows:
            self.wait_for(write())

    def wait_for(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the session's loop and return its result; Ctrl-C cancels it."""
        running = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return running.result()
        except BaseException:
            running.cancel()
            raise

    def close(self) -> None:
        """Write what is pending, close connections and end the loop."""
        with suppress(SQLAlchemyError):
            self.wait_for(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._engine.dispose()

    async def _close(self) -> None:
        mine = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
        mine.discard(self.book.writing)
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)
        await self.book.close()
        for client in self._clients.values():
            await client.close()

    def _opened(self, url: str) -> sql.Engine:
        try:
            engine = open_tables(url)
            if self.run:
                with engine.connect() as connection:
                    self.account.others = total(connection, self.run)
        except SQLAlchemyError as error:
            raise trouble(self.url, error) from error
        return engine

    def _line(self, agent: LiveAgent) -> Line:
        options = self.options(agent)
        name = options.endpoint
        if name not in self._endpoints:
            places = self.live.endpoints
            self._endpoints[name] = find_endpoint(name, places, need_key=not self.replay)
            self._limiters[name] = Limiter(self.live.concurrency)
        endpoint = self._endpoints[name]
        price = price_of(agent.model, endpoint)
        if price is None and self.live.caps.dollars is not None:
            raise UserError(f"a cap in dollars needs prices: {unknown_price(agent.model)}")
        return Line(
            name=agent.name,
            model=agent.model,
            request={**self.live.extra, **options.requested},
            client=None if self.replay else self._client(endpoint),
            url=endpoint.url,
            limiter=self._limiters[name],
            price=price,
            patience=self.live.patience,
        )

    def _client(self, endpoint: Endpoint) -> Any:
        from mechlab.llm.client import Client  # half a second, which only calls need

        if endpoint.name not in self._clients:
            self._clients[endpoint.name] = Client(endpoint, self.live.timeout)
        return self._clients[endpoint.name]


_OPEN: list[Session] = []


@contextmanager
def live_session(
    live: Live | None = None, url: str = CALLS, run: str = "", *, replay: bool = False
) -> Iterator[Session]:
    """Keep a session open; every ``simulate`` meanwhile, of any thread, plays live agents in it.

    Args:
        live: settings; the defaults where there are none.
        url: database URL of the store of calls.
        run: name under which spending is kept and adds up over processes and repetitions, so
            that caps hold for all of them; "": caps hold for this session alone.
        replay: take all answers from the store, and fail where one is missing.

    Raises:
        StorageError: where the store cannot be opened.
    """
    session = Session(live or Live(), url, run, replay)
    _OPEN.append(session)
    try:
        with seldom_collected():
            yield session
    finally:
        _OPEN.remove(session)
        session.close()


@contextmanager
def session_for(
    population: Population, live: Live, url: str, run: str, *, replay: bool = False
) -> Iterator[None]:
    """Keep a session open where a population has live agents; one that is open already serves.

    The arguments after the population are those of ``live_session``.
    """
    if "live" not in population.kinds or _OPEN:
        yield
        return
    with live_session(live, url, run, replay=replay):
        yield


@contextmanager
def current_session() -> Iterator[Session]:
    """Give the open session; where there is none, open one with the defaults for the while."""
    if _OPEN:
        yield _OPEN[-1]
        return
    with live_session() as session:
        yield session


def spent_by(engine: sql.Engine, run: str) -> Spent:
    """Return what a run used up, over all its processes; nothing where no call was ever made."""
    if not sql.inspect(engine).has_table("mechlab_spent"):
        return Spent()
    with engine.connect() as connection:
        return total(connection, run)


_MADE = 50_000  # objects between two searches: more than a few hundred calls hold under way


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let Python search seldom for objects that only hold each other, in all of the process.

    A call under way holds some 200 objects, and leaves none behind that hold each other. Python
    searches whenever 700 more were made than went, so the calls of one transaction, which go on
    together, set it off again and again, and every thousand calls it goes through all that is
    loaded: a quarter of a second in which every episode waits.

    >>> with seldom_collected():
    ...     gc.get_threshold()[0]
    50000
    """
    before, *older = gc.get_threshold()
    gc.set_threshold(before and max(before, _MADE), *older)  # 0: never
    try:
        yield
    finally:
        gc.set_threshold(before, *older)
