"""Workers: equal processes that search one study together, here or on a Dask cluster.

They share nothing but the record, so they may join and leave at will, on any machine that reaches
its database. Calling several at once only saves the user from starting them one by one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from importlib import import_module
from multiprocessing.connection import wait
from typing import Any

from mechlab.errors import UserError
from mechlab.search.heart import beating, dismiss, new_worker
from mechlab.search.work import Dismissed, calm, work
from mechlab.store import Store, reporting
from mechlab.study import Study


def join(study: Study, storage: str, worker: str) -> None:
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


def _process(study: Study, storage: str, worker: str) -> None:
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


def _reach(study: Study, storage: str) -> None:
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
