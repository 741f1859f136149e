"""What a pilot saves: episodes of the agents themselves, against searching from the start.

    python benchmarks/pilot.py [REPEATS [STUDY]]

The "live" agents cost nothing, so that the truth is known: the smallest sufficient size in many
episodes. They are emulated ones, which the fit can become, and ``warming`` ones, which it cannot:
nobody gives at first, and giving grows from round to round towards a share that saturates in pay.
Both ways answer the same studies on the same seeds. Printed for each: the median number of episodes
of the agents themselves, the median distance of the answer from the truth, the share of answers
that are truly insufficient, the median width of the interval relative to the answer, the share of
intervals that hold the truth, and the median of seconds. Episodes that a search plays at its answer
only to measure it are counted as it would play them with live agents. STUDY is a part of the name
of the studies to play; all by default.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from scipy.optimize import brentq

from mechlab.agents.base import AGENTS, Agent
from mechlab.games.base import Game
from mechlab.mechanism.incentives import Incentives
from mechlab.pilot._emulate import DoseRange
from mechlab.pilot.run import dose_ranges
from mechlab.search import search
from mechlab.study import Study

ONE = """
question = "What is the smallest bonus?"
population = "{model}"
mechanisms = ["sharing_bonus(rate=[0, 3000])"]
minimise = "rate"
target = {{efficiency = {target}, relative_to = "sequential"}}
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
    "warming, one mechanism": ONE.format(model="warming", target=0.5),
    "o3, three mechanisms": THREE.format(model="o3", target=0.6),
}
TRUTH = 4000  # episodes behind the truth
EXACT = 0.005  # of the truth: no answer is called insufficient for less, which luck may explain


@dataclass(frozen=True)
class Warming(Agent):
    """Moves each round half the way from what the others gave to what the pay is worth to it."""

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        paid = incentives.relative("answer")
        aim = paid / (paid + 0.1)
        met = incentives.others.get("answer", 0.0)
        return {"ask": 0.8, "answer": (met + aim) / 2.0, "submit": 0.95, "repeat": 0.5}


AGENTS.add("warming", Warming("warming"))


@dataclass(frozen=True)
class Answer:
    """An answer, what it cost in episodes and seconds."""

    low: float
    high: float
    episodes: int
    seconds: float


def true_size(candidate: DoseRange) -> float:
    """Return the smallest sufficient size of the agents themselves, inf where there is none."""
    agent, target = AGENTS.get(candidate.study.population), candidate.study.target.efficiency

    def above(size: float) -> float:
        return float(candidate.attainment(agent, size, TRUTH).mean() - target)

    if above(candidate.high) < 0.0:
        return float("inf")
    return float(brentq(above, candidate.low, candidate.high, xtol=1e-3 * candidate.high))


def by_search(study: Study) -> Answer:
    start = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        result = search(study.model_copy(update={"pilot": None}), f"sqlite:///{folder}/record.db")
    held_out = result.evidence[result.evidence["purpose"] != "effect"]
    live = result.episodes["explore"] + held_out["episodes"].sum()
    return Answer(*result.best.interval, int(live), perf_counter() - start)


def by_pilot(study: Study) -> Answer:
    start = perf_counter()
    result = search(study)
    return Answer(*result.best.interval, sum(result.episodes.values()), perf_counter() - start)


def report(name: str, answers: list[Answer], truth: float) -> float:
    """Print what came of the repeats; return the median number of episodes."""
    high, low = (np.array([getattr(a, end) for a in answers]) for end in ("high", "low"))
    episodes = float(np.median([a.episodes for a in answers]))
    off = np.median(abs(high / truth - 1))
    short = np.mean(high < truth * (1 - EXACT))
    holds = np.mean((low <= truth) & (truth <= high))
    width = np.median((high - low) / high)
    seconds = np.median([a.seconds for a in answers])
    print(
        f"  {name:7} {episodes:6.0f} episodes; off {off:.1%}; insufficient {short:.0%}; "
        f"width {width:.1%}; holds the truth {holds:.0%}; {seconds:.0f} s",
        flush=True,
    )
    return episodes


def main(repeats: int, part: str) -> None:
    """Print what came of the studies whose name has the part."""
    for name, text in STUDIES.items():
        if part not in name:
            continue
        study = Study.read(text)
        truth = min(true_size(candidate) for candidate in dose_ranges(study))
        print(f"{name}: true smallest size {truth:.0f}, {repeats} repeats", flush=True)
        studies = [study.model_copy(update={"seed": seed}) for seed in range(1, repeats + 1)]
        live = report("search", [by_search(s) for s in studies], truth)
        few = report("pilot", [by_pilot(s) for s in studies], truth)
        print(f"  the pilot takes {few / live:.2f} of the episodes", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40, sys.argv[2] if len(sys.argv) > 2 else "")
