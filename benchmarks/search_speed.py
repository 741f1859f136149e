"""How long a search of 1,000 emulated trials takes on one core, its record in SQLite included.

    python benchmarks/search_speed.py [--trials 1000]

A search stops exploring once it knows enough, mostly within 50 trials. Here its tolerance is set to
nothing, so that it goes on; all else is as in `mechlab search`: exploring, certifying, the outcome.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import itertools
import tempfile
import time
from contextlib import closing

import sqlalchemy

from mechlab.search.certification import Certification
from mechlab.search.explore import Explorer
from mechlab.search.heartbeat import beating, new_worker
from mechlab.search.summary import result
from mechlab.search.worker import calm
from mechlab.store import Store
from mechlab.study import Study

STUDIES = {
    "one bonus, smallest rate": (["sharing_bonus(rate=[0, 3000])"], "rate"),
    "three bonuses, smallest spend": (
        [f"{kind}_bonus(rate=[0, 3000])" for kind in ("sharing", "answer", "use")],
        "spend",
    ),
    "two parameters, smallest spend": (
        ["sharing_bonus(rate=[0, 3000]) + withholding_fine(rate=[0, 2000], rebate=1)"],
        "spend",
    ),
}


def a_study(mechanisms: list[str], smallest: str) -> Study:
    """Return the study of some mechanisms."""
    return Study.model_validate(
        {
            "name": "speed",
            "question": "How fast is a search?",
            "population": "gpt-5-mini",
            "mechanisms": mechanisms,
            "minimise": smallest,
            "target": {"efficiency": 0.7, "relative_to": "sequential"},
            "budget": {"episodes": 20_000},
        }
    )


def timed(study: Study, trials: int) -> str:
    """Search with so many trials; return seconds in all and where they went."""
    statements = itertools.count()
    with tempfile.TemporaryDirectory() as folder, calm():
        study.check_playable()  # compiles, or loads what was compiled
        begun, wall = time.process_time(), time.perf_counter()
        with closing(Store.open(study, f"sqlite:///{folder}/speed.db")) as store:
            sqlalchemy.event.listen(
                store.engine, "before_cursor_execute", lambda *_: next(statements)
            )
            with beating(store, new_worker()) as heart:
                _explore(store, heart.worker, trials)
                explored = time.process_time() - begun
                certification = Certification(store)
                for _ in certification.play(heart.worker):
                    pass
            outcome = result(store, certification)
        cpu = time.process_time() - begun
    return (
        f"{len(outcome.trials):6d} trials {sum(outcome.episodes.values()):6d} episodes  "
        f"{cpu:6.1f} s CPU ({explored:.1f} exploring)  {time.perf_counter() - wall:6.1f} s wall  "
        f"{next(statements) / trials:5.1f} statements a trial  {outcome.best.status}"
    )


def _explore(store: Store, worker: str, trials: int) -> None:
    explorer = Explorer(store, worker)
    explorer.sampler.fits.tolerance = 0.0
    for number, _ in enumerate(explorer):
        if number == trials:
            store.end_exploring(list(range(trials)))


def main() -> None:
    """Time each study."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000)
    trials = parser.parse_args().trials
    for name, (mechanisms, smallest) in STUDIES.items():
        print(f"{name:32s} {timed(a_study(mechanisms, smallest), trials)}", flush=True)


if __name__ == "__main__":
    main()
