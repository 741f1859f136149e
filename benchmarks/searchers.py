"""The searches that are compared: ours, Optuna's own samplers, and a grid."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna

from benchmarks.curves import HELD_OUT, Question
from mechlab.search.certifier import Certificate, Certifier
from mechlab.search.sampler import MinimumIncentiveSampler, report, wanted_replicates

CERTIFY = 6_000  # most held-out episodes of one search
Params = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """Where every stock method stops."""

    trials: int
    episodes: int


@dataclass(frozen=True)
class Outcome:
    """What one search claimed, and what is true of it.

    Attributes:
        status: "certified", "not_reached" or "out_of_budget"; "answered" where nothing is claimed.
        episodes: in all, those of exploring included.
        interval: what is shown to hold the smallest sufficient size; its upper end is the answer.
        mean: the true mean efficiency at the answer.
        covers: whether all that is claimed of the smallest size is true (see `holds`).
        contradicted: whether the answer's own episodes bound it to be below the target.
        steps: episodes so far and the answer's size after each, of those that claim nothing.
    """

    status: str
    episodes: int
    interval: tuple[float, float] = (np.nan, np.nan)
    mean: float = np.nan
    covers: bool = False
    contradicted: bool = False
    steps: tuple[tuple[int, float], ...] = ()

    @property
    def size(self) -> float:
        """The answer's size, nan where there is none."""
        return self.interval[1]


def ours(question: Question, seed: int) -> Outcome:
    """Return the certified answer."""
    sampler = MinimumIncentiveSampler(target=question.target, size=question.size, seed=seed)
    study = optuna.create_study(sampler=sampler)
    explored = 0
    while not sampler.explored(study.trials):
        trial = study.ask()
        params = question.suggest(trial)
        wanted = wanted_replicates(trial)
        report(trial, question.play(params, wanted.start, len(wanted), seed))
        study.tell(trial, question.size(params))
        explored += len(wanted)
    certifier = Certifier(sampler.beliefs(study.trials), budget=CERTIFY)
    while not certifier.done:
        for batch in certifier.open():
            params = question.named(batch.mechanism, batch.params)
            certifier.tell(batch, question.play(params, HELD_OUT + batch.first, batch.count, seed))
    certificate = certifier.verdict()
    assert certificate is not None
    episodes = explored + certifier.episodes
    covers = all(holds(question, one) for one in certifier.certificates.values())
    if certificate.status != "certified" or certificate.answer is None:
        return Outcome(certificate.status, episodes, covers=covers)
    answer = certificate.answer
    mean = question.mean(question.named(certificate.mechanism, answer.params))
    contradicted = answer.upper < question.target
    return Outcome("certified", episodes, certificate.interval, mean, covers, contradicted)


def holds(question: Question, certificate: Certificate) -> bool:
    """Whether what a certificate claims of its mechanism is true: the smallest sufficient size is
    in the interval, or the setting that was shown to be too little is. An end that was not shown
    claims nothing."""
    if certificate.status == "not_reached":
        assert certificate.answer is not None
        params = question.named(certificate.mechanism, certificate.answer.params)
        return bool(question.mean(params) < question.target)
    truth = question.answers[certificate.mechanism]
    low, high = np.nan_to_num(certificate.interval, nan=-np.inf, posinf=np.inf)
    return bool(low <= (np.inf if np.isnan(truth) else truth) <= high)


def stock(
    question: Question,
    seed: int,
    sampler: optuna.samplers.BaseSampler,
    replicates: int,
    limits: Limits,
) -> Outcome:
    """Return a search by one of Optuna's samplers with constraints."""
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
    return _outcome(question, steps, best)


def grid(question: Question, seed: int, doses: int, replicates: int) -> Outcome:
    """Return the smallest of evenly spaced doses whose mean reached the target."""
    best: tuple[float, Params | None] = (np.inf, None)
    episodes = 0
    for params in _points(question, doses):
        mean = float(question.play(params, episodes, replicates, seed).mean())
        episodes += replicates
        if mean >= question.target and question.size(params) < best[0]:
            best = (question.size(params), params)
    return _outcome(question, [(episodes, best[0] if best[1] else np.nan)], best)


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
) -> Outcome:
    size, params = best
    mean = question.mean(params) if params else np.nan
    interval = (np.nan, size if params else np.nan)
    return Outcome("answered", steps[-1][0], interval, mean, steps=tuple(steps))


def stock_samplers() -> dict[str, Callable[[int], optuna.samplers.BaseSampler]]:
    """Return Optuna's samplers by name; GP only where torch is installed."""
    methods: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {
        "TPE": lambda seed: optuna.samplers.TPESampler(seed=seed),
        "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    }
    if importlib.util.find_spec("torch"):
        methods["GP"] = lambda seed: optuna.samplers.GPSampler(seed=seed)
    return methods
