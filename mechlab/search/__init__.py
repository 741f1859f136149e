"""Search: explore where the smallest sufficient incentive lies, then certify it.

``sampler`` (an Optuna sampler) chooses the next dose, ``certifier`` judges what is sufficient, and
``trials`` says what stands on Optuna's trials, which ``mechlab.store`` keeps. ``explore`` and
``certification`` are the two loops around them; ``run`` plays both, with any number of workers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mechlab.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from mechlab.search.results import SearchResult
    from mechlab.search.worker import Watch
    from mechlab.study import Study

__all__ = ["search"]


def search(  # noqa: PLR0913 - how and by whom it is played
    study: Study | str | Path,
    storage: str | None = None,
    *,
    workers: int | None = None,
    dask: str | None = None,
    replay: bool = False,
    progress: Watch | None = None,
) -> SearchResult:
    """Find the smallest incentive that reaches the study's target, and certify it.

    Whatever was played before, by this or any other process, is taken up again; several processes
    that search the same study in the same storage work together.

    Args:
        study: a study, or the path of its file.
        storage: database URL of the record; by default the file ``.mechlab/NAME.db`` below the
            working directory.
        workers: number of processes on this machine, by default this one alone; with ``dask``,
            of workers on the cluster, by default one for each of its threads.
        dask: address of a Dask scheduler, to whose cluster workers are sent.
        replay: take all answers of live agents from the record, and fail where one is missing.
        progress: called with a ``Progress`` before each step.

    Raises:
        UserError: for a study that cannot be played; for a replay without live agents or with
            several workers, or that misses an answer; for either with a ``[pilot]``;
            ``StorageError`` for a record that cannot be opened, holds another study, or fails in
            the middle.
        SearchStopped: at Ctrl-C; all that was played is kept.
    """
    from mechlab.pilot.run import pilot  # loads Optuna and Numba, which `mechlab --help` spares
    from mechlab.search.run import run
    from mechlab.study import Study

    study = study if isinstance(study, Study) else Study.load(study)
    if study.pilot:
        if workers or dask or replay:
            raise UserError("a study with a [pilot] has neither workers nor --replay")
        return pilot(study, storage)
    return run(study, storage, workers=workers, dask=dask, replay=replay, progress=progress)
