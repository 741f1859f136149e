"""What a search costs: our sampler and certificate beside stock samplers, on known answers.

    python benchmarks/search_cost.py            # all of it, about an hour on one core
    python benchmarks/search_cost.py --quick    # a few minutes: fewer repeats, smaller tables
    python benchmarks/search_cost.py --questions steep,o3 --repeats 50

For each question and method it prints
- `to 5%`: episodes until 80% of the repeats are within 5% of the true smallest size, and stay so
  for as long as the search goes on. A stock
  sampler's answer after each trial is Optuna's best trial (the smallest size among those whose
  mean reached the target); a grid's is the smallest of its doses that did. Ours is shown twice:
  what exploring believes, and the certified answer with all its episodes;
- `within`: the share of final answers within 5%;
- `short`: the share of final answers whose true mean is below the target (for ours, of certified
  answers); where no size suffices, every answer is short;
- `covers`: how often our interval holds the true smallest size;
- `episodes` and `seconds` of one search, on average.

Every stock method runs with 1, 4, 16 and 64 replicates a trial, and the best one is shown: the
fewest episodes to 5%, then the most answers within 5%. All stop after the same number of episodes
or trials. Random search, TPE and grid run everywhere, GP where torch is installed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: threads only get in the way

import argparse
import importlib.util
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import optuna

from benchmarks.curves import Question, synthetic
from benchmarks.emulated import TARGETS, emulated
from mechlab.search.certificate import Certifier
from mechlab.search.sampler import MinimumIncentiveSampler, report, wanted_replicates

CLOSE = 0.05
SHARE = 0.8  # of the repeats
REPLICATES = (1, 4, 16, 64)
FRESH = 1_000_000  # first index of the certificate's episodes
CERTIFY = 6_000  # most fresh episodes of one search


@dataclass(frozen=True)
class Limits:
    """Where every stock method stops, and how often each is repeated."""

    repeats: int
    stock_repeats: int
    trials: int
    episodes: int


@dataclass(frozen=True)
class Outcome:
    """One search: after each step episodes so far and the answer's size; then the final answer.

    ``size`` is nan where there is no answer, and ``mean`` the true mean efficiency at it.
    """

    steps: tuple[tuple[int, float], ...]
    size: float
    mean: float
    seconds: float
    covers: bool = False

    @property
    def episodes(self) -> int:
        """Episodes in all."""
        return self.steps[-1][0]


def ours(question: Question, seed: int) -> tuple[Outcome, Outcome]:
    """Return what exploring alone would answer, and the certified answer."""
    start = time.perf_counter()
    sampler = MinimumIncentiveSampler(target=question.target, size=question.size, seed=seed)
    study = optuna.create_study(sampler=sampler)
    steps, episodes = [], 0
    while not sampler.explored(study):
        trial = study.ask()
        params = question.suggest(trial)
        wanted = wanted_replicates(trial)
        report(trial, question.play(params, wanted.start, len(wanted), seed))
        study.tell(trial, question.size(params))
        episodes += len(wanted)
        steps.append((episodes, _believed(sampler, study)))
    explored = Outcome(tuple(steps), steps[-1][1], np.nan, time.perf_counter() - start)
    return explored, _certified(question, seed, sampler.beliefs(study), episodes, start)


def _believed(sampler: MinimumIncentiveSampler, study: optuna.Study) -> float:
    thresholds = [b.threshold for b in sampler.beliefs(study).values()]
    return min((t.mid for t in thresholds if t.reachable >= 0.5), default=np.nan)


def _certified(question: Question, seed: int, beliefs, explored: int, start: float) -> Outcome:
    certifier = Certifier(beliefs, budget=CERTIFY)
    while (batch := certifier.next()) is not None:
        params = question.named(batch.mechanism, batch.params)
        certifier.tell(batch, question.play(params, FRESH + batch.first, batch.count, seed))
    found = certifier.verdict()
    episodes, seconds = explored + found.episodes, time.perf_counter() - start
    if found.status != "certified":
        right = found.status == "unreachable" and np.isnan(question.answer)
        return Outcome(((episodes, np.nan),), np.nan, np.nan, seconds, covers=right)
    mean = question.mean(question.named(found.mechanism, found.params))
    covers = found.interval[0] <= question.answer <= found.interval[1]
    return Outcome(((episodes, found.size),), found.size, mean, seconds, covers)


def stock(question: Question, seed: int, sampler, replicates: int, limits: Limits) -> Outcome:
    """Return a search by one of Optuna's samplers with constraints."""
    start = time.perf_counter()
    study = optuna.create_study(sampler=sampler)
    steps, best = [], (np.inf, None)
    for number in range(min(limits.trials, limits.episodes // replicates)):
        trial = study.ask()
        params = question.suggest(trial)
        mean = float(question.play(params, number * replicates, replicates, seed).mean())
        trial.set_constraint("efficiency", question.target - mean)
        size = question.size(params)
        study.tell(trial, size)
        if mean >= question.target and size < best[0]:
            best = (size, params)
        steps.append(((number + 1) * replicates, best[0] if best[1] else np.nan))
    return _outcome(question, steps, best, start)


def grid(question: Question, seed: int, doses: int, replicates: int) -> Outcome:
    """Return the smallest of evenly spaced doses whose mean reached the target."""
    start = time.perf_counter()
    best: tuple[float, dict | None] = (np.inf, None)
    episodes = 0
    for params in _points(question, doses):
        mean = question.play(params, episodes, replicates, seed).mean()
        episodes += replicates
        if mean >= question.target and question.size(params) < best[0]:
            best = (question.size(params), params)
    return _outcome(question, [(episodes, best[0] if best[1] else np.nan)], best, start)


def _points(question: Question, doses: int) -> Iterator[dict]:
    for name, space in question.space.items():
        each = round(doses ** (1 / len(space)))
        axes = [np.linspace(d.low, d.high, each + 1) for d in space.values()]
        for point in itertools.product(*axes):
            yield question.named(name, dict(zip(space, map(float, point), strict=True)))


def _outcome(question: Question, steps, best, start: float) -> Outcome:
    size, params = best
    mean = question.mean(params) if params else np.nan
    seconds = time.perf_counter() - start
    return Outcome(tuple(steps), size if params else np.nan, mean, seconds)


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
    return bool(abs(size - question.answer) <= CLOSE * question.answer)


def row(question: Question, method: str, outcomes: list[Outcome], certified: bool = False) -> str:
    """Return one line of the table."""
    within = np.mean([close(question, o.size) for o in outcomes])
    answered = [o for o in outcomes if not np.isnan(o.size)]
    short = np.mean(
        [o.mean < question.target for o in outcomes if not np.isnan(o.mean)] or [np.nan]
    )
    covers = f"{np.mean([o.covers for o in outcomes]):7.3f}" if certified else "      -"
    short_text = f"{short:6.3f}" if answered and not np.isnan(short) else "     -"
    needed = to_close(question, outcomes)
    text = f"{needed:7.0f}" if np.isfinite(needed) else f"> {max(o.episodes for o in outcomes):5d}"
    return (
        f"{question.name:11s} {method:22s} {text} {within:7.2f} {short_text} {covers} "
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


def stock_methods() -> dict[str, Callable[[int], optuna.samplers.BaseSampler]]:
    """Return Optuna's samplers by name; GP only where torch is installed."""
    methods = {
        "TPE": lambda seed: optuna.samplers.TPESampler(seed=seed),
        "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    }
    if importlib.util.find_spec("torch"):
        methods["GP"] = lambda seed: optuna.samplers.GPSampler(seed=seed)
    return methods


def compare(question: Question, limits: Limits) -> None:
    """Print the table's lines for one question."""
    pairs = [ours(question, seed) for seed in range(limits.repeats)]
    print(row(question, "ours, exploring", [explored for explored, _ in pairs]), flush=True)
    print(row(question, "ours, certified", [c for _, c in pairs], certified=True), flush=True)
    for method, make in stock_methods().items():
        most = 60 if method == "GP" else limits.trials
        fewer = Limits(limits.repeats, limits.stock_repeats, most, limits.episodes)
        tried = {
            f"{method}, {n} replicates": [
                stock(question, seed, make(seed), n, fewer) for seed in range(limits.stock_repeats)
            ]
            for n in REPLICATES
        }
        print(row(question, *best_of(question, tried)), flush=True)
    tried = {
        f"grid of {doses} x {n}": [
            grid(question, seed, doses, n) for seed in range(limits.stock_repeats)
        ]
        for doses, n in itertools.product((25, 50, 100), REPLICATES)
        if doses * n <= limits.episodes
    }
    print(row(question, *best_of(question, tried)), flush=True)


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
    parser.add_argument("--repeats", type=int, help="searches of ours for each question")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    limits = Limits(20, 5, 100, 4000) if asked.quick else Limits(200, 20, 400, 16_000)
    if asked.repeats:
        limits = Limits(asked.repeats, min(20, asked.repeats), limits.trials, limits.episodes)
    head = (
        "question",
        "method",
        "to 5%",
        "within",
        "short",
        "covers",
        "episodes",
        "seconds",
        "repeats",
    )
    print("{:11s} {:22s} {:>7s} {:>7s} {:>6s} {:>7s} {:>9s} {:>8s} {:>8s}".format(*head))
    for question in questions([n for n in asked.questions.split(",") if n], asked.quick):
        compare(question, limits)


if __name__ == "__main__":
    main()
