"""One worker's part of a search: explore, then certify, until there is an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import optuna
from threadpoolctl import threadpool_limits

from mechlab.errors import OutOfBudget
from mechlab.live.session import session_for
from mechlab.search.certify import Certification
from mechlab.search.explore import Explorer
from mechlab.search.heart import Heart
from mechlab.store import Store

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
