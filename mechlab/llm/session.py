"""A session: all that the live episodes of a run share, from any thread, on one event loop."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd
import sqlalchemy as sql
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from mechlab.agents.population import Population
from mechlab.agents.scenario import Scenario
from mechlab.database import location, trouble
from mechlab.errors import UserError
from mechlab.llm._model import Model, Route
from mechlab.llm._rate_limit import RateLimit
from mechlab.llm._store import CallStore, canonical_json, digest, open_tables, total_spending
from mechlab.llm.agent import LiveAgent
from mechlab.llm.budget import Budget, InvalidTurns, Spending, price_of, unknown_price
from mechlab.llm.settings import Endpoint, Live, ModelOptions, find_endpoint

if TYPE_CHECKING:
    from mechlab.llm._client import Client

T = TypeVar("T")

CALLS_URL = "sqlite:///.mechlab/calls.db"  # where calls are kept that belong to no study


class Session:
    """Plays live agents for as long as it is open; see ``live_session``.

    Attributes:
        live: its settings.
        run: name under which spending adds up over processes; "" for none.
        replay: whether answers come from the store alone.
        budget: of the run.
        invalid_turns: turns so far, and those without a valid answer.
        store: of calls.
    """

    def __init__(self, live: Live, url: str | URL, run: str, replay: bool) -> None:
        self.live, self.run, self.replay = live, run, replay
        self.budget, self.invalid_turns = Budget(live.caps), InvalidTurns(live.invalid_limit)
        self.url = location(url).render_as_string()
        self._engine = self._open(url)
        self.store = CallStore(self._engine, self.url, run, self.budget, read_only=replay)
        self._endpoints: dict[str, Endpoint] = {}
        self._limits: dict[str, RateLimit] = {}
        self._models: dict[LiveAgent, Model] = {}
        self._clients: dict[str, Client] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mechlab-live")
        self._thread.daemon = True
        self._thread.start()

    def options(self, agent: LiveAgent) -> ModelOptions:
        """Return the options of an agent: its own before the study's."""
        return self.live.options.model_copy(update=agent.options.chosen)

    def model(self, agent: LiveAgent) -> Model:
        """Return an agent's model.

        Raises:
            UserError: for an unknown endpoint, or a cap in dollars on a model without a price.
        """
        if agent not in self._models:
            self._models[agent] = Model(self._route(agent), self.store, self.budget)
        return self._models[agent]

    def episode_id(self, scenario: Scenario, k: int) -> str:
        """Return the id of episode k of a scenario in the store."""
        settings = canonical_json(self.live.canonical)
        return digest(self.run, canonical_json(scenario.episode(k)), settings)

    def note(self, scenario: Scenario, finished: Sequence[int], measures: pd.DataFrame) -> None:
        """Write down the measures of the finished episodes of a scenario, one row per episode."""
        rows = measures.to_dict("records")

        async def write() -> None:
            for k, row in zip(finished, rows, strict=True):
                values = {str(name): float(value) for name, value in row.items()}
                done = self.store.finish(self.episode_id(scenario, k), values)
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
        mine.discard(self.store.writing)
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)
        await self.store.close()
        for client in self._clients.values():
            await client.close()

    def _open(self, url: str | URL) -> sql.Engine:
        try:
            engine = open_tables(url)
            if self.run:
                with engine.connect() as connection:
                    self.budget.others = total_spending(connection, self.run)
        except SQLAlchemyError as error:
            raise trouble(self.url, error) from error
        return engine

    def _route(self, agent: LiveAgent) -> Route:
        options = self.options(agent)
        name = options.endpoint
        if name not in self._endpoints:
            known = self.live.endpoints
            self._endpoints[name] = find_endpoint(name, known, need_key=not self.replay)
            self._limits[name] = RateLimit(self.live.concurrency_of(name))
        endpoint = self._endpoints[name]
        price = price_of(agent.model, endpoint.url)
        route = Route(
            name=agent.name,
            model=agent.model,
            parameters={**self.live.request(name), **options.request},
            client=None if self.replay else self._client(endpoint),
            url=endpoint.url,
            limit=self._limits[name],
            price=price,
            patience=self.live.patience_of(name),
            response_format=options.response_format or "",
        )
        if self.live.caps.dollars is not None and not route.priced:
            why = unknown_price(agent.model, tier=route.tier if price else "")
            raise UserError(f"a cap in dollars needs prices: {why}")
        return route

    def _client(self, endpoint: Endpoint) -> Client:
        from mechlab.llm._client import Client  # half a second, which only calls need

        if endpoint.name not in self._clients:
            timeout = self.live.timeout_of(endpoint.name)
            self._clients[endpoint.name] = Client(endpoint, timeout)
        return self._clients[endpoint.name]


_SESSIONS: list[Session] = []  # that are open, the innermost last


@contextmanager
def live_session(
    live: Live | None = None, url: str | URL = CALLS_URL, run: str = "", *, replay: bool = False
) -> Iterator[Session]:
    """Keep a session open; meanwhile every ``simulate``, in any thread, plays live agents in it.

    Args:
        live: settings; the defaults if there are none.
        url: database URL of the store of calls.
        run: name under which spending is kept and adds up over processes and repetitions, so
            that caps hold for all of them; "": caps hold for this session alone.
        replay: take all answers from the store, and fail if one is missing.

    Raises:
        StorageError: if the store cannot be opened.
    """
    session = Session(live or Live(), url, run, replay)
    _SESSIONS.append(session)
    try:
        with _rare_collection():
            yield session
    finally:
        _SESSIONS.remove(session)
        session.close()


@contextmanager
def session_for(
    population: Population, live: Live, url: str | URL, run: str, *, replay: bool = False
) -> Iterator[None]:
    """Keep a session open for a population with live agents, unless one is open already.

    The arguments after the population are those of ``live_session``.
    """
    if "live" not in population.kinds or _SESSIONS:
        yield
        return
    with live_session(live, url, run, replay=replay):
        yield


@contextmanager
def current_session() -> Iterator[Session]:
    """Give the open session; if there is none, open one with the defaults in this context."""
    if _SESSIONS:
        yield _SESSIONS[-1]
        return
    with live_session() as session:
        yield session


def run_spending(engine: sql.Engine, run: str) -> Spending:
    """Return what a run spent, over all its processes; nothing if no call was ever made."""
    if not sql.inspect(engine).has_table("mechlab_spending"):
        return Spending()
    with engine.connect() as connection:
        return total_spending(connection, run)


_OBJECTS = 50_000  # between two collections: more than a few hundred calls under way hold


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Let Python collect garbage rarely, in the whole process.

    A call under way holds some 200 objects, and leaves no reference cycles behind. Python collects
    whenever 700 more objects were made than freed, so the calls of one transaction, which go on
    together, trigger it again and again, and every thousand calls it goes through all that is
    loaded: a quarter of a second in which every episode waits.

    >>> with _rare_collection():
    ...     gc.get_threshold()[0]
    50000
    """
    before, *older = gc.get_threshold()
    gc.set_threshold(before and max(before, _OBJECTS), *older)  # 0: never
    try:
        yield
    finally:
        gc.set_threshold(before, *older)
