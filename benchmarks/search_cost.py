"""What a certified search costs and how often it is wrong: ours beside others, on known answers.

    python benchmarks/search_cost.py            # all of it: more than half an hour on two cores
    python benchmarks/search_cost.py --quick    # a few minutes: fewer repeats, smaller tables
    python benchmarks/search_cost.py --questions steep,o3 --repeats 50
    python benchmarks/search_cost.py --output benchmarks/results/search_cost.txt

Every search asks for the smallest sufficient dose within 7%, at 95% confidence. Each line is one
method on one question of `benchmarks.curves` or `benchmarks.emulated`:
- `certif.`: the share of searches that named a dose as shown to be enough;
- `insuff.`: of those, the share whose dose has a true mean below the target;
- `covers`: the share of searches of which all that they claimed of the smallest size is true: it
  lies in the interval (an end that was not shown claims nothing), or the best setting, which was
  shown to be too little, is. Where efficiency does not rise with the dose throughout (hump,
  sawtooth, window), a lower end that was rightly shown to be too little may have an earlier
  sufficient dose below it, and counts as a miss here;
- `lo>hi`: of the certified ones, the share with the lower end above the upper;
- `contra.`: of the certified ones, the share whose dose is below the target by its own episodes;
- `not_r.`: the share that ended with the setting believed best shown to be too little;
- `median`, `mean`: episodes of a search, exploring and failed ones included;
- `width`: median width of the certified intervals with two ends, as a share of the upper one;
- `x bound`: the median episodes, in units of the parametric bound (2 z sd / (slope width))^2 with z
  = 1.96, sd of an episode and slope of the mean at the true answer, and width 7% of it: what an
  interval of that width takes at the answer itself, the slope being known. Only where there is one
  parameter and a slope.

The rivals of `benchmarks.rivals` make the same claim with the same bounds and least episodes, for
one parameter. Optuna's samplers and a grid (on three questions) claim nothing: of their final
answers the table says how many there are and how many are insufficient, and `to 5%` the episodes
until 80% of the repeats are within 5% of the true answer, and stay so; the best number of
replicates a trial is shown. GP runs where torch is installed. `rep.` is the number of searches.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: threads only get in the way

import argparse
import itertools
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import optuna

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.curves import Question, synthetic
from benchmarks.emulated import TARGETS, emulated
from benchmarks.rivals import RIVALS
from benchmarks.searchers import Limits, Outcome, grid, ours, stock, stock_samplers

CLOSE = 0.05
SHARE = 0.8  # of the repeats
REPLICATES = (1, 2, 4, 16, 64, 128)
DOSES = (25, 50, 100)  # of a grid
STOCK = ("saturating", "steep", "hump")  # questions that stock samplers are asked
LIMITS, GP_LIMITS = Limits(400, 16_000), Limits(60, 16_000)
WIDTH, Z = 0.07, 1.96
PROCESSES = 2
HEAD = ("certif.", "insuff.", "covers", "lo>hi", "contra.", "not_r.")
HEAD += ("median", "mean", "width", "x bound", "to 5%", "rep.")

Search = Callable[[Question, int], Outcome]


@dataclass(frozen=True)
class Repeats:
    """How often each kind of method searches."""

    ours: int
    rivals: int
    stock: int


FULL, QUICK = Repeats(200, 40, 8), Repeats(20, 10, 4)
_asked: dict[str, tuple[Question, Search]] = {}  # what forked processes find: curves are no data


def _one(seed: int) -> Outcome:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    question, search = _asked["now"]
    return search(question, seed)


def repeat(question: Question, search: Search, repeats: int) -> list[Outcome]:
    """Return the outcomes of some searches, played by processes side by side."""
    _asked["now"] = question, search
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        return pool.map(_one, range(repeats), chunksize=1)


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
    good = [False, *(_close(question, size) for _, size in outcome.steps)]
    return np.array(good)[np.searchsorted(episodes, marks, side="right")]


def _close(question: Question, size: float) -> bool:
    return bool(abs(size - question.answer) <= CLOSE * question.answer)


def parametric_bound(question: Question) -> float:
    """Return the episodes that the slope at the answer asks for; nan where there is no slope.

    At a jump the slope grows without end as the step gets smaller, so it is taken at two steps.
    """
    answer = question.answer
    if list(question.space) != [""] or len(question.space[""]) > 1 or not answer > 0.0:
        return np.nan
    slopes = []
    for step in (1e-3 * answer, 1e-4 * answer):
        low, high = (question.mean({"rate": answer + s * step}) for s in (-1.0, 1.0))
        slopes.append((high - low) / (2.0 * step))
    if not 0.0 < slopes[1] < 2.0 * slopes[0]:
        return np.nan
    sd = question.play({"rate": float(answer)}, 0, 8192, 1).std()
    return float((2.0 * Z * sd / (slopes[1] * WIDTH * answer)) ** 2)


def row(question: Question, method: str, outcomes: list[Outcome]) -> str:
    """Return one line of the table."""
    claims = outcomes[0].status != "answered"
    named = [o for o in outcomes if not np.isnan(o.mean)]
    certified = named if claims else []
    widths = [1.0 - o.interval[0] / o.interval[1] for o in certified if o.interval[1] > 0.0]
    widths = [w for w in widths if np.isfinite(w)]
    median = float(np.median([o.episodes for o in outcomes]))
    needed = np.nan if claims else to_close(question, outcomes)
    cells = [
        _share([not np.isnan(o.mean) for o in outcomes]),
        _share([o.mean < question.target for o in named]),
        _share([o.covers for o in outcomes if claims]),
        _share([o.interval[0] > o.interval[1] for o in certified]),
        _share([o.contradicted for o in certified]),
        _share([o.status == "not_reached" for o in outcomes if claims]),
        f"{median:.0f}",
        f"{np.mean([o.episodes for o in outcomes]):.0f}",
        f"{np.median(widths):.3f}" if widths else "-",
        _number(median / parametric_bound(question) if claims else np.nan, ".1f"),
        "never" if np.isinf(needed) else _number(needed, ".0f"),
        str(len(outcomes)),
    ]
    return line(question.name, method, cells)


def line(name: str, method: str, cells: list[str] | tuple[str, ...]) -> str:
    """Return a line with columns of equal width."""
    return f"{name:14s} {method:20s}" + "".join(f"{cell:>8s}" for cell in cells)


def _share(true: list[bool]) -> str:
    return f"{np.mean(true):.3f}" if true else "-"


def _number(value: float, form: str) -> str:
    return "-" if np.isnan(value) else format(value, form)


def compare(question: Question, repeats: Repeats) -> Iterator[str]:
    """Return the table's lines for one question."""
    yield row(question, "ours", repeat(question, ours, repeats.ours))
    if list(question.space) == [""] and len(question.space[""]) == 1:
        for method, search in RIVALS.items():
            yield row(question, method, repeat(question, search, repeats.rivals))
    if question.name in STOCK:
        for tried in _stock():
            outcomes = {n: repeat(question, search, repeats.stock) for n, search in tried.items()}
            best = min(outcomes, key=partial(_merit, question, outcomes))
            yield row(question, best, outcomes[best])


def _merit(
    question: Question, outcomes: dict[str, list[Outcome]], name: str
) -> tuple[float, float]:
    """Order by the episodes to 5%, then by the answers within 5%."""
    within = np.mean([_close(question, o.size) for o in outcomes[name]])
    return to_close(question, outcomes[name]), -float(within)


def _stock() -> Iterator[dict[str, Search]]:
    """Return each stock method with all its numbers of replicates."""
    for method, make in stock_samplers().items():
        limits = GP_LIMITS if method == "GP" else LIMITS
        yield {
            f"{method}, {n} a trial": lambda q, seed, make=make, n=n, limits=limits: stock(
                q, seed, make(seed), n, limits
            )
            for n in REPLICATES
        }
    yield {
        f"grid of {doses} x {n}": partial(grid, doses=doses, replicates=n)
        for doses, n in itertools.product(DOSES, REPLICATES)
        if doses * n <= LIMITS.episodes
    }


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
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    options = parser.parse_args()
    repeats = QUICK if options.quick else FULL
    names = [name for name in options.questions.split(",") if name]
    known = [*synthetic(), *TARGETS]
    if unknown := sorted(set(names) - set(known)):
        parser.error(f"no question {', '.join(unknown)}: there are {', '.join(known)}")
    if options.repeats is not None:
        if options.repeats < 1:
            parser.error(f"--repeats must be at least 1, got {options.repeats}")
        n = options.repeats
        repeats = Repeats(n, min(repeats.rivals, n), min(repeats.stock, n))
    with ExitStack() as stack:
        file = stack.enter_context(options.output.open("w")) if options.output else None

        def tell(text: str) -> None:
            print(text, flush=True)
            if file is not None:
                print(text, file=file, flush=True)

        tell(f"# {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: {' '.join(['python', *sys.argv])}")
        tell(line("question", "method", HEAD))
        for question in questions(names, options.quick):
            for text in compare(question, repeats):
                tell(text)
        tell(f"# complete, {datetime.now(UTC):%H:%M} UTC")


if __name__ == "__main__":
    main()
