"""One worker's part of a search: explore, then certify, until there is an answer."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import wait
from typing import Any, Literal

import optuna
from sqlalchemy.engine import URL
from threadpoolctl import threadpool_limits

from mechlab.errors import OutOfBudget, UserError
from mechlab.llm.session import session_for
from mechlab.search.certification import Certification
from mechlab.search.explore import Explorer
from mechlab.search.heartbeat import Heart, beating, dismiss, new_worker
from mechlab.store import Store, reporting
from mechlab.study import Study

Phase = Literal["exploring", "certifying"]


@dataclass(frozen=True)
class Progress:
    """How far a search is.

    Attributes:
        phase: what goes on.
        episodes: played so far by all workers, exploring and certifying together.
        budget: most that will be.
    """

    phase: Phase
    episodes: int
    budget: int


Watch = Callable[[Progress], object]


class Dismissed(Exception):
    """This worker was sent home: whoever had called it has stopped the search."""


def work(
    store: Store, heart: Heart, watch: Watch | None = None, *, replay: bool = False
) -> Certification:
    """Work on a search as one of any number of workers, until it has its answer; return that.

    Where playing raises ``OutOfBudget``, what is known by then is returned, with the reason.
    With ``replay`` live agents answer from the record alone.

    Raises:
        Dismissed: where the worker's row was taken out of the record.
    """
    study, url = store.study, store.location
    try:
        with session_for(study.group, study.live, url, study.name, replay=replay):
            return _decided(store, heart, watch)
    except OutOfBudget as cap:
        return Certification(store, stopped=str(cap))


def _decided(store: Store, heart: Heart, watch: Watch | None) -> Certification:
    def step(phase: Phase, episodes: int) -> None:
        if heart.dismissed:
            raise Dismissed
        if watch is not None:
            watch(Progress(phase, episodes, store.study.budget.episodes))

    for episodes in Explorer(store, heart.worker):
        step("exploring", episodes)
    certification = Certification(store)
    if store.explored is not None:
        for episodes in certification.play(heart.worker):
            step("certifying", certification.explored + episodes)
    return certification


@contextmanager
def calm() -> Iterator[None]:
    """Keep Optuna's own log off the screen, and linear algebra to one thread.

    The matrices of the search are so small that threads mostly wait for each other: on a busy
    machine they take ten times as long.
    """
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        optuna.logging.set_verbosity(before)


def join(study: Study, storage: str | URL, worker: str) -> None:
    """Work as one more worker on a search that was begun, until it has its answer.

    Args:
        study: the same study as the other workers'.
        storage: URL of the record.
        worker: the worker's id.

    Raises:
        StorageError: where the record holds no search or another study of this name, or fails.
    """
    with ExitStack() as stack:
        stack.enter_context(calm())
        store = stack.enter_context(closing(Store.open(study, storage, create=False)))
        stack.enter_context(reporting(store.url))
        stack.enter_context(suppress(Dismissed))
        work(store, stack.enter_context(beating(store, worker)))


@contextmanager
def processes(store: Store, count: int) -> Iterator[None]:
    """Keep ``count`` more workers on this machine while the context lasts."""
    spawn = multiprocessing.get_context("spawn")  # a fork would copy the locks of threads
    crew = [new_worker() for _ in range(count)]
    sent = [
        spawn.Process(target=_process, args=(store.study, store.location, worker), daemon=True)
        for worker in crew
    ]
    for process in sent:
        process.start()
    try:
        yield
    finally:  # whatever they are at, the record has no need of it any more, or keeps it
        for process in sent:
            process.terminate()
            process.join()
        dismiss(store, crew)


def _process(study: Study, storage: URL, worker: str) -> None:
    """Work in a process that leaves Ctrl-C to its parent and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()
    with suppress(UserError):  # the parent meets the same trouble, and tells the user
        join(study, storage, worker)


def _follow(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


@contextmanager
def on_dask(store: Store, address: str, count: int | None) -> Iterator[None]:
    """Keep workers on a Dask cluster while the context lasts.

    Args:
        store: the record; the cluster's machines must reach its database.
        address: of the cluster's scheduler.
        count: number of workers; by default as many as the cluster has threads.

    Raises:
        UserError: where Dask is not installed, no scheduler answers, or the cluster does not reach
            the record.
    """
    with _client(address) as client:
        client.run(_reach, store.study, store.location)
        crew = [new_worker() for _ in range(count or sum(client.nthreads().values()))]
        sent = [
            client.submit(join, store.study, store.location, worker, key=f"mechlab-{worker}")
            for worker in crew
        ]
        try:
            yield
        finally:
            client.cancel(sent)
            dismiss(store, crew)


def _reach(study: Study, storage: URL) -> None:
    Store.open(study, storage, create=False).close()


def _client(address: str) -> Any:
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise UserError("Dask is not installed: pip install 'mechlab[dask]'") from None
    try:
        return distributed.Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise UserError(f"no Dask scheduler answers at {address!r}: {error}") from None
