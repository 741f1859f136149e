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
from mechlab.llm._model import Model
from mechlab.llm._store import CallStore, canonical_json, digest, open_tables
from mechlab.llm.agent import LiveAgent
from mechlab.llm.budget import Budget, InvalidTurns
from mechlab.llm.settings import Endpoint, Live, ModelOptions, find_endpoint
from mechlab.llm.transcripts import Transcripts

if TYPE_CHECKING:
    from mechlab.llm._client import Client

T = TypeVar("T")

CALLS_URL = "sqlite:///.mechlab/calls.db"  # where calls are kept that belong to no study


class Session:
    """Plays live agents for as long as it is open; see ``live_session``.

    Attributes:
        run: name under which spending adds up over processes; "" for none.
        replay: whether answers come from the store alone.
        invalid_turns: turns so far, and those without a valid answer.
    """

    def __init__(self, live: Live, url: str | URL, run: str, replay: bool) -> None:
        self.live, self.run, self.replay = live, run, replay
        self.budget, self.invalid_turns = Budget(live.caps), InvalidTurns(live.invalid_limit)
        self.url = location(url).render_as_string()
        self._engine = self._open(url)
        self.store = CallStore(self._engine, self.url, run, self.budget, read_only=replay)
        self._endpoints: dict[str, Endpoint] = {}
        self._clients: dict[str, Client] = {}
        self._models: dict[LiveAgent, Model] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mechlab-live")
        self._thread.daemon = True
        self._thread.start()

    def options(self, agent: LiveAgent) -> ModelOptions:
        """Return the options of an agent: its own before the study's."""
        return self.live.options_of(agent.options)

    def model(self, agent: LiveAgent) -> Model:
        """Return an agent's model.

        Raises:
            UserError: for an unknown endpoint, or a cap in dollars on a model without a price.
        """
        if agent not in self._models:
            endpoint = self._endpoint(self.options(agent).endpoint)
            client = None if self.replay else self._client(endpoint)
            self._models[agent] = Model(agent, self.live, endpoint, client, self.store)
        return self._models[agent]

    def episode_id(self, scenario: Scenario, k: int) -> str:
        """Return the id of episode k of a scenario in the store."""
        settings = canonical_json(self.live.canonical)
        return digest(self.run, canonical_json(scenario.episode(k)), settings)

    def note(self, scenario: Scenario, finished: Sequence[int], measures: pd.DataFrame) -> None:
        """Write down the measures of the finished episodes of a scenario, one row per episode."""
        rows = measures.astype(float).to_dict("records")

        async def write() -> None:
            for k, row in zip(finished, rows, strict=True):
                values = {str(name): value for name, value in row.items()}
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
        mine = asyncio.all_tasks() - {asyncio.current_task(), self.store.writing}
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
                self.budget.others = Transcripts(engine).spending(self.run)
        except SQLAlchemyError as error:
            raise trouble(self.url, error) from error
        return engine

    def _endpoint(self, name: str) -> Endpoint:
        if name not in self._endpoints:
            endpoint = find_endpoint(name, self.live.endpoints, need_key=not self.replay)
            self._endpoints[name] = endpoint
        return self._endpoints[name]

    def _client(self, endpoint: Endpoint) -> Client:
        from mechlab.llm._client import Client  # half a second, which only calls need

        if endpoint.name not in self._clients:
            settings = self.live.endpoint(endpoint.name)
            self._clients[endpoint.name] = Client(endpoint, settings)
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
    """Keep a ``live_session`` open for a population with live agents, unless one is open."""
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


_OBJECTS = 50_000  # between two collections: more than a few hundred calls under way hold


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Let Python collect garbage rarely, in the whole process.

    A call under way holds some 200 objects, and leaves no reference cycles behind. Python collects
    whenever 700 more objects were made than freed, so the calls of one transaction, which go on
    together, would trigger it again and again, a quarter of a second each time it goes through
    all that is loaded.
    """
    before, *older = gc.get_threshold()
    gc.set_threshold(before and max(before, _OBJECTS), *older)  # 0: never
    try:
        yield
    finally:
        gc.set_threshold(before, *older)
