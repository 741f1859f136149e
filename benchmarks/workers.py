"""One worker and four on PostgreSQL: the same study of 400 trials, its time and its answer.

    python benchmarks/workers.py [--trials 400] [--workers 4]

Starts a PostgreSQL server of its own on loopback. The game is so large (30 agents, 1,000 pieces,
600 rounds) that one worker spends most of its time playing episodes, not on the database. The
tolerance is set to nothing, so that exploring goes on to so many trials; all workers are warm
before the clock starts, and it stops when the last one is through. Then the answer is certified as
ever.

Trials and episodes are both compared, for a trial is of as many episodes as its dose deserves: what
several workers propose, each beside the others' running trials, may deserve fewer.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import multiprocessing
import sys
import time
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mechlab.result import SearchResult
from mechlab.search.explore import Explorer
from mechlab.search.heart import beating, new_worker
from mechlab.search.run import check_playable, search
from mechlab.search.work import calm
from mechlab.store import Store
from mechlab.study import Study
from tests.search.postgresql import serving

STUDY = {
    "name": "workers",
    "question": "Do four workers answer as one does, and how much sooner?",
    "population": "gpt-5-mini",
    "settings": {"agents": 30, "pieces": 1000, "rounds": 600},
    "mechanisms": ["sharing_bonus(rate=[0, 3000])"],
    "smallest": "rate",
    "target": {"efficiency": 0.8, "relative_to": "turns"},
    "budget": {"episodes": 100_000},
}


def explore(url: str, trials: int, ready: Barrier) -> None:
    """Work on the trials as one of several workers."""
    study = Study.model_validate(STUDY)
    with calm(), closing(Store.open(study, url)) as store:
        check_playable(study)  # compiles, or loads what was compiled
        with beating(store, new_worker()) as heart:
            explorer = Explorer(store, heart.worker)
            explorer.advisor.tolerance = 0.0
            settled = explorer.advisor.explored
            explorer.advisor.explored = lambda told, names: (
                settled(told, names) or len(told) >= trials
            )
            ready.wait()
            for _ in explorer:
                pass


def timed(url: str, trials: int, workers: int) -> tuple[float, SearchResult]:
    """Play the trials with some workers; return the seconds they took, and the answer."""
    Store.open(Study.model_validate(STUDY), url).close()
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Barrier(workers + 1)
    crew = [spawn.Process(target=explore, args=(url, trials, ready)) for _ in range(workers)]
    for worker in crew:
        worker.start()
    ready.wait()
    begun = time.perf_counter()
    for worker in crew:
        worker.join()
    seconds = time.perf_counter() - begun
    assert all(worker.exitcode == 0 for worker in crew), [worker.exitcode for worker in crew]
    return seconds, search(Study.model_validate(STUDY), url)


def told(workers: int, trials: int, seconds: float, found: SearchResult) -> str:
    """Return one line of the table."""
    low, high = found.best.interval
    return (
        f"{workers:2d} workers: {trials:4d} trials in {seconds:6.1f} s; "
        f"{found.episodes['explore']:5d} episodes explored in all; "
        f"{found.best.status}, rate in [{low:.1f}, {high:.1f}]"
    )


def main() -> None:
    """Time one worker and several, and compare their answers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--workers", type=int, default=4)
    asked = parser.parse_args()
    with serving() as server:
        alone, one = timed(server.database(), asked.trials, 1)
        print(told(1, asked.trials, alone, one), flush=True)
        together, several = timed(server.database(), asked.trials, asked.workers)
        print(told(asked.workers, asked.trials, together, several), flush=True)
    low, high = one.best.interval
    within = several.best.interval[0] <= high and low <= several.best.interval[1]
    meet = "meet" if within else "DIFFER"
    trials = alone / together
    episodes = trials * several.episodes["explore"] / one.episodes["explore"]
    print(f"{trials:.2f} times the trials a second, {episodes:.2f} times the episodes")
    print(f"the intervals {meet}")


if __name__ == "__main__":
    main()
