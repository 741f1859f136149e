"""The search itself: explore, certify, give account; stopped at any moment and taken up again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import optuna
from threadpoolctl import threadpool_limits

from mechlab.result import SearchResult
from mechlab.search.account import result
from mechlab.search.certify import Certification
from mechlab.search.explore import Explorer
from mechlab.search.heart import beating
from mechlab.simulate import simulate
from mechlab.store import Store, reporting
from mechlab.study import Study


@dataclass(frozen=True)
class Progress:
    """How far a search is.

    Attributes:
        phase: what goes on.
        episodes: played so far, exploring and certifying together.
        budget: most that will be.
    """

    phase: Literal["exploring", "certifying"]
    episodes: int
    budget: int


class SearchStopped(KeyboardInterrupt):
    """The user stopped a search; its message says how to take it up again."""


Watch = Callable[[Progress], object]


def search(
    study: Study | str | Path,
    storage: str | None = None,
    *,
    progress: Watch | None = None,
) -> SearchResult:
    """Find the smallest incentive that reaches the study's target, and certify it.

    Whatever was played before, by this or any other process, is taken up again; several processes
    that search the same study in the same storage work together.

    Args:
        study: a study, or the path of its file.
        storage: database URL of the record; by default the file ``.mechlab/NAME.db`` below the
            working directory.
        progress: called with a ``Progress`` before each step.

    Raises:
        UserError: for a study that cannot be played; ``StorageError`` for a record that cannot be
            opened, holds another study, or fails in the middle.
        SearchStopped: at Ctrl-C; all that was told is kept.
    """
    asked = _read(study)
    with calm():
        check_playable(asked)
        with closing(Store.open(asked, storage)) as store, reporting(store.url):
            try:
                certification = work(store, progress)
            except KeyboardInterrupt:
                raise SearchStopped(
                    f"stopped; {store.url} keeps all that was played, "
                    "and the same command goes on from there"
                ) from None
            return result(store, certification)


def known(study: Study | str | Path, storage: str | None = None) -> SearchResult:
    """Return what the record of a search comes to so far; plays nothing.

    Raises:
        UserError: where there is no record, or no trial in it is finished.
    """
    asked = _read(study)
    with calm(), closing(Store.open(asked, storage, create=False)) as store, reporting(store.url):
        return result(store, Certification(store))


def _read(study: Study | str | Path) -> Study:
    return study if isinstance(study, Study) else Study.load(study)


def work(store: Store, progress: Watch | None = None) -> Certification:
    """Work on a search as one of any number of workers, until it has its answer; return that."""
    budget = store.study.budget.episodes

    def say(phase: Literal["exploring", "certifying"], episodes: int) -> None:
        if progress is not None:
            progress(Progress(phase, episodes, budget))

    with beating(store) as worker:
        for episodes in Explorer(store, worker):
            say("exploring", episodes)
        certification = Certification(store)
        for episodes in certification.play(worker):
            say("certifying", certification.explored + episodes)
    return certification


def check_playable(study: Study) -> None:
    """Play one episode of each candidate, so that what cannot be played fails before all else."""
    for candidate in study.candidates.values():
        simulate(
            study.played,
            study.group.members,
            candidate.lowest,
            episodes=1,
            seed=study.seed,
            condition=study.condition,
        )


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
