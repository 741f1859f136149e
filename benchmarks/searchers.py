"""The searches that are compared: ours, Optuna's own samplers, and a grid."""

from __future__ import annotations

import importlib.util
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna

from benchmarks.curves import HELD_OUT, Question
from mechlab.search.certifier import Certificate, Certifier
from mechlab.search.sampler import Belief, MinimumIncentiveSampler, report, wanted_replicates

CERTIFY = 6_000  # most held-out episodes of one search
Params = dict[str, Any]


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

    ``size`` is nan where there is no answer, and ``mean`` the true mean efficiency at it;
    ``covers`` tells whether all intervals hold what they claim to hold.
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
    start = time.process_time()
    sampler = MinimumIncentiveSampler(target=question.target, size=question.size, seed=seed)
    study = optuna.create_study(sampler=sampler)
    steps: list[tuple[int, float]] = []
    episodes = 0
    while not sampler.explored(study.trials):
        trial = study.ask()
        params = question.suggest(trial)
        wanted = wanted_replicates(trial)
        report(trial, question.play(params, wanted.start, len(wanted), seed))
        study.tell(trial, question.size(params))
        episodes += len(wanted)
        steps.append((episodes, _believed(sampler.beliefs(study.trials))))
    explored = Outcome(tuple(steps), steps[-1][1], np.nan, time.process_time() - start)
    return explored, _certified(question, seed, sampler.beliefs(study.trials), episodes, start)


def _believed(beliefs: Mapping[str, Belief]) -> float:
    thresholds = [belief.threshold for belief in beliefs.values()]
    return min((t.median for t in thresholds if t.reachable >= 0.5), default=np.nan)


def _certified(
    question: Question, seed: int, beliefs: Mapping[str, Belief], explored: int, start: float
) -> Outcome:
    certifier = Certifier(beliefs, budget=CERTIFY)
    while not certifier.done:
        for batch in certifier.open():
            params = question.named(batch.mechanism, batch.params)
            certifier.tell(batch, question.play(params, HELD_OUT + batch.first, batch.count, seed))
    certificate = certifier.verdict()
    assert certificate is not None
    episodes, seconds = explored + certifier.episodes, time.process_time() - start
    covers = all(_holds(question, one) for one in certifier.certificates.values())
    if certificate.status != "certified" or certificate.params is None:
        return Outcome(((episodes, np.nan),), np.nan, np.nan, seconds, covers)
    mean = question.mean(question.named(certificate.mechanism, certificate.params))
    return Outcome(((episodes, certificate.size),), certificate.size, mean, seconds, covers)


def _holds(question: Question, certificate: Certificate) -> bool:
    """Whether a certificate's interval holds its mechanism's smallest size."""
    truth = question.answers[certificate.mechanism]
    if certificate.status == "not_reached":
        return bool(np.isnan(truth))
    low, high = certificate.interval
    return bool(low <= (np.inf if np.isnan(truth) else truth) <= high)


def stock(
    question: Question,
    seed: int,
    sampler: optuna.samplers.BaseSampler,
    replicates: int,
    limits: Limits,
) -> Outcome:
    """Return a search by one of Optuna's samplers with constraints."""
    start = time.process_time()
    study = optuna.create_study(sampler=sampler)
    steps: list[tuple[int, float]] = []
    best: tuple[float, Params | None] = (np.inf, None)
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
    start = time.process_time()
    best: tuple[float, Params | None] = (np.inf, None)
    episodes = 0
    for params in _points(question, doses):
        mean = float(question.play(params, episodes, replicates, seed).mean())
        episodes += replicates
        if mean >= question.target and question.size(params) < best[0]:
            best = (question.size(params), params)
    return _outcome(question, [(episodes, best[0] if best[1] else np.nan)], best, start)


def _points(question: Question, doses: int) -> Iterator[Params]:
    for name, space in question.space.items():
        each = round(doses ** (1 / len(space)))
        axes = [np.linspace(d.low, d.high, each + 1) for d in space.values()]
        for point in itertools.product(*axes):
            yield question.named(name, dict(zip(space, map(float, point), strict=True)))


def _outcome(
    question: Question,
    steps: list[tuple[int, float]],
    best: tuple[float, Params | None],
    start: float,
) -> Outcome:
    size, params = best
    mean = question.mean(params) if params else np.nan
    seconds = time.process_time() - start
    return Outcome(tuple(steps), size if params else np.nan, mean, seconds)


def stock_samplers() -> dict[str, Callable[[int], optuna.samplers.BaseSampler]]:
    """Return Optuna's samplers by name; GP only where torch is installed."""
    methods: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {
        "TPE": lambda seed: optuna.samplers.TPESampler(seed=seed),
        "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    }
    if importlib.util.find_spec("torch"):
        methods["GP"] = lambda seed: optuna.samplers.GPSampler(seed=seed)
    return methods
