"""The search itself: explore, certify, give account; stopped at any moment and taken up again."""

from __future__ import annotations

from contextlib import ExitStack, closing

from mechlab.errors import UserError
from mechlab.search.certification import Certification
from mechlab.search.heartbeat import beating, new_worker
from mechlab.search.results import SearchResult
from mechlab.search.summary import result
from mechlab.search.worker import Dismissed, Progress, Watch, calm, on_dask, processes, work
from mechlab.store import Store, reporting
from mechlab.study import Study

__all__ = ["Progress", "SearchStopped", "known", "run"]


class SearchStopped(KeyboardInterrupt):
    """The user stopped a search; its message says how to take it up again."""


def run(  # noqa: PLR0913 - how and by whom it is played
    study: Study,
    storage: str | None = None,
    *,
    workers: int | None = None,
    dask: str | None = None,
    replay: bool = False,
    progress: Watch | None = None,
) -> SearchResult:
    """Search as ``mechlab.search`` says, a study without ``[pilot]``."""
    if replay:
        _check_replay(study, alone=not dask and (workers or 1) == 1)
    with ExitStack() as stack:
        stack.enter_context(calm())
        store = stack.enter_context(closing(Store.open(study, storage)))
        stack.enter_context(reporting(store.url))
        try:
            help = on_dask(store, dask, workers) if dask else processes(store, (workers or 1) - 1)
            with help, beating(store, new_worker()) as heart:
                certification = work(store, heart, progress, replay=replay)
        except (KeyboardInterrupt, Dismissed):
            raise SearchStopped(
                f"stopped; {store.url} keeps all that was played, "
                "and the same command goes on from there"
            ) from None
        return result(store, certification)


def known(study: Study, storage: str | None = None) -> SearchResult:
    """Return what the record of a search comes to so far; plays nothing.

    Raises:
        UserError: where there is no record, or no trial in it is finished.
    """
    with calm(), closing(Store.open(study, storage, create=False)) as store, reporting(store.url):
        return result(store, Certification(store))


def _check_replay(study: Study, alone: bool) -> None:
    if "live" not in study.group.kinds:
        raise UserError(f"--replay is about live agents, and {study.group} has none")
    if not alone:
        raise UserError("--replay is for one process: nothing is waited for")
