"""What a search costs: our sampler and certificate beside stock samplers, on known answers.

    python benchmarks/search_cost.py            # all of it: 20 minutes, far longer with GP
    python benchmarks/search_cost.py --quick    # a few minutes: fewer repeats, smaller tables
    python benchmarks/search_cost.py --questions steep,o3 --repeats 50
    python benchmarks/search_cost.py --output benchmarks/results/search_cost.txt

For each question and method it prints
- `to 5%`: episodes until 80% of the repeats are within 5% of the true smallest size, and stay so
  for as long as the search goes on. A stock sampler's answer after each trial is Optuna's best
  trial (the smallest size among those whose mean reached the target); a grid's is the smallest of
  its doses that did. Ours is shown twice: what exploring believes, which is what a stock sampler's
  answer compares with, and the certified answer with all its episodes;
- `within`: the share of final answers within 5%;
- `short`: the share of final answers whose true mean is below the target (for ours, of certified
  answers); where no size suffices, every answer is short;
- `covers`: how often all of our intervals hold their mechanisms' true smallest sizes, or rightly
  say that there is none;
- `episodes` of one search and its `seconds` of processor time, on average.

Every stock method runs with each number of replicates a trial in `REPLICATES`, and the best one is
shown: the fewest episodes to 5%, then the most answers within 5%. All stop after the same number of
episodes or trials. With few replicates they stop before lucky draws lead them far astray, which
favours them. Random search, TPE and grid run everywhere, GP where torch is installed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: threads only get in the way

import argparse
import itertools
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import optuna

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.curves import Question, synthetic
from benchmarks.emulated import TARGETS, emulated
from benchmarks.searchers import Limits, Outcome, grid, ours, stock, stock_samplers

CLOSE = 0.05
NOTHING = 50.0  # dollars, 1% of the range: as near as this to an answer of 0 is within 5%
SHARE = 0.8  # of the repeats
REPLICATES = (1, 2, 4, 16, 64, 128)
DOSES = (25, 50, 100)  # of a grid
FULL, QUICK = Limits(200, 8, 400, 16_000), Limits(20, 5, 100, 4000)
HEAD = ("question", "method", "to 5%", "within", "short", "covers", "episodes", "seconds")


def to_close(question: Question, outcomes: list[Outcome]) -> float:
    """Return the episodes from which on enough repeats are close; inf if that never lasts."""
    marks = sorted({episodes for outcome in outcomes for episodes, _ in outcome.steps})
    near = np.array([_close_at(question, outcome, marks) for outcome in outcomes])
    failing = np.flatnonzero(near.mean(axis=0) < SHARE)
    first = failing[-1] + 1 if len(failing) else 0
    return float(marks[first]) if first < len(marks) else np.inf


def _close_at(question: Question, outcome: Outcome, marks: list[int]) -> np.ndarray:
    """Return whether the answer at each mark is close; before the first step there is none."""
    episodes = [e for e, _ in outcome.steps]
    good = [False, *(close(question, size) for _, size in outcome.steps)]
    return np.array(good)[np.searchsorted(episodes, marks, side="right")]


def close(question: Question, size: float) -> bool:
    """Whether a size is within 5% of the true smallest one (no answer, where there is none)."""
    if np.isnan(question.answer):
        return bool(np.isnan(size))
    margin = CLOSE * question.answer or NOTHING
    return bool(abs(size - question.answer) <= margin)


def row(question: Question, method: str, outcomes: list[Outcome], certified: bool = False) -> str:
    """Return one line of the table."""
    within = np.mean([close(question, o.size) for o in outcomes])
    means = [o.mean for o in outcomes if not np.isnan(o.mean)]
    short = f"{np.mean(np.array(means) < question.target):6.3f}" if means else "     -"
    covers = f"{np.mean([o.covers for o in outcomes]):7.3f}" if certified else "      -"
    needed = to_close(question, outcomes)
    text = f"{needed:7.0f}" if np.isfinite(needed) else f"> {max(o.episodes for o in outcomes):5d}"
    return (
        f"{question.name:11s} {method:22s} {text} {within:7.2f} {short} {covers} "
        f"{np.mean([o.episodes for o in outcomes]):9.0f} "
        f"{np.mean([o.seconds for o in outcomes]):8.2f} {len(outcomes):8d}"
    )


def best_of(question: Question, tried: dict[str, list[Outcome]]) -> tuple[str, list[Outcome]]:
    """Return the setting of a method that comes close with fewest episodes, or most often."""

    def merit(name: str) -> tuple[float, float]:
        within = np.mean([close(question, o.size) for o in tried[name]])
        return to_close(question, tried[name]), -float(within)

    chosen = min(tried, key=merit)
    return chosen, tried[chosen]


def compare(question: Question, limits: Limits) -> Iterator[str]:
    """Return the table's lines for one question."""
    pairs = [ours(question, seed) for seed in range(limits.repeats)]
    explored = [one for one, _ in pairs]
    yield row(question, "ours, exploring", explored)
    yield row(question, "ours, certified", [one for _, one in pairs], certified=True)
    seeds = range(limits.stock_repeats)
    for method, make in stock_samplers().items():
        fewer = replace(limits, trials=60) if method == "GP" else limits
        tried = {
            f"{method}, {n} replicates": [stock(question, s, make(s), n, fewer) for s in seeds]
            for n in REPLICATES
        }
        name, outcomes = best_of(question, tried)
        yield row(question, name, outcomes)
        if method == "TPE":
            yield _ratio(question, explored, outcomes)
    tried = {
        f"grid of {doses} x {n}": [grid(question, s, doses, n) for s in seeds]
        for doses, n in itertools.product(DOSES, REPLICATES)
        if doses * n <= limits.episodes
    }
    yield row(question, *best_of(question, tried))


def _ratio(question: Question, explored: list[Outcome], tpe: list[Outcome]) -> str:
    mine, theirs = to_close(question, explored), to_close(question, tpe)
    if not np.isfinite(mine):
        return f"{question.name:11s} # exploring alone does not come within 5% in 80% of repeats"
    least = theirs if np.isfinite(theirs) else max(o.episodes for o in tpe)
    more = "" if np.isfinite(theirs) else "more than "
    return (
        f"{question.name:11s} # TPE needs {more}{least / mine:.1f} times the episodes of exploring"
    )


def questions(names: list[str], quick: bool) -> Iterator[Question]:
    """Return the questions asked for; all of them where none is named."""
    known = synthetic()
    for name in names or [*known, *TARGETS]:
        if name in known:
            yield known[name]
        elif quick:
            yield emulated(name, rows=2000, truth=4000)
        else:
            yield emulated(name)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few repeats and small tables")
    parser.add_argument("--questions", default="", help="names, with commas between")
    parser.add_argument("--repeats", type=int, help="searches of ours for each question, 1 or more")
    parser.add_argument("--output", type=Path, help="also append the table to this file")
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    limits = QUICK if options.quick else FULL
    names = [name for name in options.questions.split(",") if name]
    known = [*synthetic(), *TARGETS]
    if unknown := sorted(set(names) - set(known)):
        parser.error(f"no question {', '.join(unknown)}: there are {', '.join(known)}")
    if options.repeats is not None:
        if options.repeats < 1:
            parser.error(f"--repeats must be at least 1, got {options.repeats}")
        fewer = min(limits.stock_repeats, options.repeats)
        limits = replace(limits, repeats=options.repeats, stock_repeats=fewer)
    with ExitStack() as stack:
        file = stack.enter_context(options.output.open("a")) if options.output else None

        def tell(line: str) -> None:
            print(line, flush=True)
            if file is not None:
                print(line, file=file, flush=True)

        tell(f"# {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: {' '.join(['python', *sys.argv])}")
        tell("{:11s} {:22s} {:>7s} {:>7s} {:>6s} {:>7s} {:>9s} {:>8s}  repeats".format(*HEAD))
        for question in questions(names, options.quick):
            for line in compare(question, limits):
                tell(line)


if __name__ == "__main__":
    main()
