"""The certificate: held-out episodes that show how small an incentive is still enough.

For each mechanism there is a sequential test in stages. A stage plays held-out episodes at a dose
believed just too small (``lower``) and at one believed just enough (``upper``), in turns, and
judges each by its own episodes at looks that share the permitted error (see ``bounds``). The answer
is the smallest dose that was shown to be enough; the lower end of its interval is the largest dose
that was shown to be too little. What exploring believes chooses the doses, and proves nothing. A
stage that fails leaves the next one less error to spend; its episodes teach the belief where to
look next.

What is assumed:
- Episodes are independent, or their dependence shows in blocks of those played in turn: then the
  blocks count (see ``bounds.serial_correlation``).
- Means of ``bounds.MIN_EPISODES`` episodes and more are nearly normal, apart from skewness and
  from rare episodes that were not seen.
- Efficiency is below the target at every dose under the lower end (monotone). The answer does not
  rest on it. With several parameters the doses lie on the line from no incentive through the
  believed answer; another one may be cheaper, so the lower end is moved down by what exploring
  expects of that, and is an estimate. So it is where size is measured, such as spend, which may
  fall again further along the line; the cheapest dose there is tried too.

Mechanisms share the permitted error (Bonferroni), so that all their intervals hold at once: each in
proportion to its chance to reach the target, as exploring left it, since one that never suffices
hardly needs any.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from mechlab.search._analysis import Evidence
from mechlab.search._direction import Purpose
from mechlab.search._sequential import SequentialTest
from mechlab.search._threshold import TOLERANCE, Belief
from mechlab.search.bounds import Serial

__all__ = ["Batch", "Certificate", "Certifier", "Evidence", "Purpose", "Status"]

Status = Literal["certified", "not_reached", "out_of_budget"]

MIN_CHANCE = 0.1  # that a mechanism counts with in sharing the error, so that none has next to none


@dataclass(frozen=True)
class Batch:
    """Held-out episodes to play.

    Attributes:
        mechanism: which one ("" where the study has only one).
        params: its setting.
        first, count: the episodes' indices are first, ..., first + count - 1. Whoever plays them
            must give them luck that exploring had no part of. Mechanisms share indices, so that
            luck is common where they are compared.
        purpose: whether the dose is hoped to be enough ("upper") or too little ("lower").
    """

    mechanism: str
    params: dict[str, Any] = field(hash=False)
    first: int
    count: int
    purpose: Purpose


@dataclass(frozen=True)
class Certificate:
    """The answer for one mechanism.

    Attributes:
        mechanism: which one.
        status: "certified": ``answer`` was shown to be enough; "not_reached": the setting believed
            to be the most efficient was shown to be too little, and none to be enough;
            "out_of_budget": neither in the budget.
        answer: the dose itself, with what its own episodes showed (the most efficient one where the
            target was not reached); None where nothing is shown.
        interval: holds the smallest sufficient size; all mechanisms' intervals do at once, with
            ``confidence``. An end without evidence is nan, or infinite. Where size is observed, the
            upper end is a bound of the mean size at the answer.
        lower_shown: whether the lower end is a dose that was shown to be too little; otherwise it
            is an estimate.
        target, confidence: what was asked for.
        stages, episodes: what it took.
        evidence: every dose of every stage, at its latest look.
        contrary: doses shown to be too little although larger than the answer.
        serial: how far episodes that were played one after the other were alike.
    """

    mechanism: str
    status: Status
    answer: Evidence | None
    interval: tuple[float, float]
    lower_shown: bool
    target: float
    confidence: float
    stages: int
    episodes: int
    evidence: tuple[Evidence, ...]
    contrary: tuple[Evidence, ...]
    serial: Serial

    @property
    def params(self) -> dict[str, Any] | None:
        """The setting of the answer."""
        return self.answer.params if self.answer else None

    @property
    def size(self) -> float:
        """The (mean) size at a certified answer, nan where there is none."""
        return self.answer.size if self.answer and self.status == "certified" else math.nan


class Certifier:
    """Says which held-out episodes to play, and what they prove. It plays nothing itself.

    Play the batches that are ``open`` and tell what came out, until it is ``done``. What it says
    depends only on the beliefs and on what it was told, so a search is resumed by telling a new
    certifier the recorded batches again, in the same order, and any number of workers may play the
    open batches.

    Args:
        beliefs: what exploring found, by mechanism.
        confidence: of all intervals together.
        budget: most held-out episodes to play. The most promising mechanism comes first.
        tolerance: largest width of an interval, as a share of its upper end.
        batch: most episodes of one batch; neighbouring ones are compared for dependence.

    >>> import numpy as np, optuna
    >>> from mechlab.search.sampler import MinimumIncentiveSampler, report, wanted_replicates
    >>> optuna.logging.set_verbosity(optuna.logging.ERROR)
    >>> rng = np.random.default_rng(0)
    >>> def play(rate, count):
    ...     return rate + rng.normal(0, 0.02, count)
    >>> sampler = MinimumIncentiveSampler(target=0.5, size=lambda params: params["rate"], seed=0)
    >>> study = optuna.create_study(sampler=sampler)
    >>> while not sampler.explored(study.trials):
    ...     trial = study.ask()
    ...     rate = trial.suggest_float("rate", 0, 1)
    ...     report(trial, play(rate, len(wanted_replicates(trial))))
    ...     _ = study.tell(trial, rate)
    >>> certifier = Certifier(sampler.beliefs(study.trials))
    >>> while not certifier.done:
    ...     for batch in certifier.open():
    ...         certifier.tell(batch, play(batch.params["rate"], batch.count))
    >>> certificate = certifier.verdict()
    >>> certificate.status, certificate.interval[0] < 0.5 < certificate.interval[1]
    ('certified', True)
    """

    def __init__(
        self,
        beliefs: Mapping[str, Belief],
        *,
        confidence: float = 0.95,
        budget: int = 10_000,
        tolerance: float = TOLERANCE,
        batch: int = 64,
    ) -> None:
        self.confidence, self.budget = confidence, budget
        self._waiting = sorted(beliefs.items(), key=lambda item: _promise(item[1]))
        self._alphas = {n: (1.0 - confidence) * share for n, share in _shares(beliefs).items()}
        self._new_test = partial(SequentialTest, tolerance=tolerance, batch=batch)
        self._tests: dict[str, SequentialTest] = {}
        self._advance()

    def open(self) -> list[Batch]:
        """Return the batches that can be played now and were not told yet, in order."""
        for name, test in self._tests.items():
            if batches := test.open():
                return [Batch(name, d.params, first, n, d.purpose) for d, first, n in batches]
        return []

    @property
    def done(self) -> bool:
        """Whether nothing more can be played: all is decided, or the budget is spent."""
        return not self.open()

    def tell(
        self, batch: Batch, efficiency: Sequence[float], size: Sequence[float] | None = None
    ) -> None:
        """Record a batch; one that was recorded before changes nothing.

        Args:
            batch: one that was open.
            efficiency: of its episodes, in order.
            size: observed size of its episodes, where size is observed.

        Raises:
            ValueError: where the number of episodes is not the batch's.
        """
        if len(efficiency) != batch.count:
            raise ValueError(f"a batch of {batch.count} episodes got {len(efficiency)} values")
        self._tests[batch.mechanism].tell(batch.first, efficiency, size)
        self._advance()

    def extend(self, budget: int) -> None:
        """Go on with a larger budget; what was told and what it spent of the error stand."""
        self.budget = max(budget, self.budget)
        self._advance()

    @property
    def episodes(self) -> int:
        """Held-out episodes told so far."""
        return sum(test.episodes for test in self._tests.values())

    @property
    def certificates(self) -> dict[str, Certificate]:
        """What is known of every mechanism that was begun, decided or not."""
        return {name: self._certificate(name, test) for name, test in self._tests.items()}

    def verdict(self) -> Certificate | None:
        """Return the answer: the smallest certified size of all mechanisms; None until done."""
        if not self.done or not self._tests:
            return None
        order: list[Status] = ["certified", "out_of_budget", "not_reached"]
        return min(
            self.certificates.values(),
            key=lambda c: (order.index(c.status), c.size if c.status == "certified" else 0.0),
        )

    def _advance(self) -> None:
        """Where nothing is left to play, go on with a test whose budget was exhausted, otherwise
        with the next mechanism."""
        while not self.open():
            left = self.budget - self.episodes
            if any(test.resume(left) for test in self._tests.values()):
                return
            if not self._waiting:
                return
            name, belief = self._waiting.pop(0)
            self._tests[name] = self._new_test(belief, alpha=self._alphas[name], budget=left)

    def _certificate(self, name: str, test: SequentialTest) -> Certificate:
        status: Status = (
            "certified" if test.upper else "not_reached" if test.best else "out_of_budget"
        )
        return Certificate(
            mechanism=name,
            status=status,
            answer=test.upper or test.best,
            interval=_interval(test),
            lower_shown=test.belief.space.one_dimensional and test.belief.size is not None,
            target=test.belief.target,
            confidence=self.confidence,
            stages=len(test.stages),
            episodes=test.episodes,
            evidence=tuple(
                replace(evidence, stage=number)
                for number, stage in enumerate(test.stages, start=1)
                for _, evidence in sorted(stage.evidence.items())
            ),
            contrary=tuple(test.contrary),
            serial=test.serial,
        )


def _interval(test: SequentialTest) -> tuple[float, float]:
    """Return the ends shown; one without evidence is not a number, or infinite.

    Below the start of the range there is no size, so one that is enough there is the lower end too.
    """
    high = test.upper.most if test.upper else math.inf
    start = test.upper if test.lower is None and test.upper and test.upper.t <= 0.0 else test.lower
    if start is None:
        return math.nan, high
    low = start.least
    if test.belief.size is None:  # sizes may fall again beyond the lower end
        at_upper = test.upper.least if test.upper else math.inf
        beyond = test.stages[-1].direction.smallest_size_from(start.t)
        low = min(low, at_upper, max(beyond, 0.0) if start.least >= 0.0 else beyond)
    cheaper = 1.0 + test.excess if test.lower else 1.0
    return low / cheaper if low > 0.0 else low * cheaper, high


def _shares(beliefs: Mapping[str, Belief]) -> dict[str, float]:
    """Return each mechanism's part of the permitted error; held-out episodes do not move it."""
    chances = {name: max(MIN_CHANCE, b.threshold.reachable) for name, b in beliefs.items()}
    return {name: chance / sum(chances.values()) for name, chance in chances.items()}


def _promise(belief: Belief) -> tuple[bool, float]:
    """Order by how likely and how small an answer looks."""
    threshold = belief.threshold
    return threshold.reachable < 0.5, threshold.median
