"""What a pilot saves: episodes of the agents themselves, against searching from the start.

    python benchmarks/pilot.py [REPEATS]

The "live" agents are emulated ones, so that the truth is known: the smallest sufficient size in
many episodes. Both ways answer the same studies on the same seeds. Printed for each: the median
number of episodes of the agents themselves, the median distance of the answer from the truth, the
share of answers that are truly insufficient, the median width of the interval relative to the
answer, and the share of intervals that hold the truth. Episodes that a search plays at its answer
only to measure it are counted as it would play them with live agents.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from mechlab.agent import AGENTS
from mechlab.pilot import pilot
from mechlab.pilot.offline import PRECISION, Line
from mechlab.pilot.run import _lines
from mechlab.search.pace import DEAR
from mechlab.search.run import search
from mechlab.study import Study

ONE = """
question = "What is the smallest bonus?"
population = "{model}"
mechanisms = ["sharing_bonus(rate=[0, 3000])"]
smallest = "rate"
target = {{efficiency = {target}, relative_to = "turns"}}
budget = {{episodes = 2000}}
pilot = {{}}
"""
THREE = ONE.replace(
    '"sharing_bonus(rate=[0, 3000])"',
    '"sharing_bonus(rate=[0, 3000])", "answer_bonus(rate=[0, 3000]) + protocol", '
    '"decaying_bonus(rate=[0, 3000], half_life=5)"',
)
STUDIES = {
    "o3, one mechanism": ONE.format(model="o3", target=0.6),
    "gpt-5-mini, one mechanism": ONE.format(model="gpt-5-mini", target=0.7),
    "o3, three mechanisms": THREE.format(model="o3", target=0.6),
}
TRUTH = 20  # runs of the line's own episodes behind the truth


@dataclass(frozen=True)
class Answer:
    """An answer, what it cost in episodes and seconds."""

    low: float
    high: float
    episodes: int
    seconds: float


def true_size(line: Line) -> float:
    """Return the smallest sufficient size of the agents themselves, from many episodes."""
    agent = AGENTS.get(line.study.population)
    seeds = (line.study.model_copy(update={"seed": 1000 + k}) for k in range(TRUTH))
    found = [
        Line(s, line.candidate, line.parameter, line.low, line.high).smallest(agent) for s in seeds
    ]
    return float(np.mean(found))


def by_search(study: Study) -> Answer:
    start = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = search(study.model_copy(update={"pilot": None}), f"sqlite:///{folder}/record.db")
    told = found.evidence[found.evidence["purpose"] != "answer"]["episodes"].sum()
    measured = found.evidence[found.evidence["purpose"] == "answer"]["episodes"]
    live = found.episodes["explore"] + int(told) + sum(min(DEAR.answer, n) for n in measured)
    return Answer(*found.best.interval, int(live), perf_counter() - start)


def by_pilot(study: Study) -> Answer:
    start = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = pilot(study, f"sqlite:///{folder}/calls.db")
    return Answer(*found.interval, sum(found.episodes.values()), perf_counter() - start)


def told(name: str, answers: list[Answer], truth: float) -> float:
    """Print what came of the repeats; return the median number of episodes."""
    high, low = (np.array([getattr(a, end) for a in answers]) for end in ("high", "low"))
    episodes = float(np.median([a.episodes for a in answers]))
    off = np.median(abs(high / truth - 1))
    short = np.mean(high < truth * (1 - PRECISION))
    holds = np.mean((low <= truth) & (truth <= high))
    width = np.median((high - low) / high)
    seconds = np.median([a.seconds for a in answers])
    print(
        f"  {name:7} {episodes:6.0f} episodes; off {off:.1%}; insufficient {short:.0%}; "
        f"width {width:.1%}; holds the truth {holds:.0%}; {seconds:.0f} s",
        flush=True,
    )
    return episodes


def main(repeats: int) -> None:
    for name, text in STUDIES.items():
        study = Study.read(text)
        truth = min(true_size(line) for line in _lines(study))
        print(f"{name}: true smallest size {truth:.0f}, {repeats} repeats", flush=True)
        studies = [study.model_copy(update={"seed": seed}) for seed in range(repeats)]
        live = told("search", [by_search(s) for s in studies], truth)
        few = told("pilot", [by_pilot(s) for s in studies], truth)
        print(f"  the pilot takes {few / live:.2f} of the episodes", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
