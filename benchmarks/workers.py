"""One worker and four on PostgreSQL: the same studies of 400 trials, their time and answers.

    python benchmarks/workers.py [--trials 400] [--workers 4] [--seeds 3]

Starts a PostgreSQL server of its own on loopback. The game is so busy (30 agents, 32 open tasks of
8 pieces each, 200 rounds) that one worker spends nine tenths of its time playing episodes, and yet
so small that several of them share a processor's caches: where they do not fit, four processes that
only play, without any search, are not 1.7 times as fast as one. The tolerance is set to nothing, so
that exploring goes on to so many trials; all workers are warm before the clock starts, and it stops
when the last one is through. Then the answer is certified as ever.

Trials and episodes are both compared, for a trial is of as many episodes as its dose deserves, and
it is partly luck which doses come up: hence several seeds.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import multiprocessing
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mechlab.search import search
from mechlab.search.explore import Explorer
from mechlab.search.heartbeat import beating, new_worker
from mechlab.search.results import SearchResult
from mechlab.search.worker import calm
from mechlab.store import Store
from mechlab.study import Study
from tests.search.postgresql import serving

STUDY = {
    "name": "workers",
    "question": "Do four workers answer as one does, and how much sooner?",
    "population": "o3",
    "settings": {"agents": 30, "pieces": 500, "tasks": 32, "needed": 8, "rounds": 200},
    "mechanisms": ["sharing_bonus(rate=[0, 3000])"],
    "minimise": "rate",
    "target": {"efficiency": 0.93, "relative_to": "sequential"},
    "budget": {"episodes": 100_000},
}


@dataclass(frozen=True)
class Run:
    """What some workers made of the study of one seed, and the seconds they took."""

    workers: int
    seconds: float
    found: SearchResult

    @property
    def episodes(self) -> int:
        """Episodes of the trials."""
        return self.found.episodes["explore"]

    def __str__(self) -> str:
        best = self.found.best
        low, high = best.interval
        return (
            f"{self.workers:2d} workers: {self.seconds:6.1f} s, {self.episodes:5d} episodes; "
            f"{best.status}, rate in [{low:.1f}, {high:.1f}]"
        )

    def meets(self, other: Run) -> bool:
        """Whether the certified intervals of two runs share a rate."""
        (low, high), (least, most) = self.found.best.interval, other.found.best.interval
        return low <= most and least <= high


def explore(study: Study, url: str, trials: int, ready: Barrier) -> None:
    """Work on the trials as one of several workers."""
    with calm(), closing(Store.open(study, url)) as store:
        study.check_playable()  # compiles, or loads what was compiled
        with beating(store, new_worker()) as heart:
            explorer = Explorer(store, heart.worker)
            explorer.sampler.fits.tolerance = 0.0
            converged = explorer.sampler.explored
            explorer.sampler.explored = lambda done: converged(done) or len(done) >= trials
            ready.wait()
            for _ in explorer:
                pass


def timed(study: Study, url: str, trials: int, workers: int) -> Run:
    """Play the trials with some workers, timed; then certify the answer."""
    Store.open(study, url).close()
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Barrier(workers + 1)
    crew = [spawn.Process(target=explore, args=(study, url, trials, ready)) for _ in range(workers)]
    for worker in crew:
        worker.start()
    ready.wait()
    begun = time.perf_counter()
    for worker in crew:
        worker.join()
    seconds = time.perf_counter() - begun
    assert all(worker.exitcode == 0 for worker in crew), [worker.exitcode for worker in crew]
    return Run(workers, seconds, search(study, url, workers=os.cpu_count()))


def main() -> None:
    """Time one worker and several, and compare their answers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    for name, value in vars(asked).items():
        if value < 1:
            parser.error(f"--{name} must be at least 1, got {value}")
    alone, together = [], []
    with serving() as server:
        for seed in range(asked.seeds):
            study = Study.model_validate({**STUDY, "seed": seed})
            print(f"seed {seed}, {asked.trials} trials", flush=True)
            for runs, workers in ((alone, 1), (together, asked.workers)):
                runs.append(timed(study, server.database(), asked.trials, workers))
                print(runs[-1], flush=True)
    seconds = [sum(run.seconds for run in runs) for runs in (alone, together)]
    episodes = [sum(run.episodes for run in runs) for runs in (alone, together)]
    faster = seconds[0] / seconds[1]
    print(
        f"{faster:.2f} times the trials a second, "
        f"{faster * episodes[1] / episodes[0]:.2f} times the episodes"
    )
    met = sum(run.meets(other) for run, other in zip(alone, together, strict=True))
    print(f"the intervals of {met} of {asked.seeds} seeds meet")


if __name__ == "__main__":
    main()
