"""The certificate: held-out episodes that show how small an incentive is still enough.

For each mechanism there is a sequential test in stages. A stage plays held-out episodes at a dose
believed just too small (``lower``) and at one believed just enough (``upper``), and judges them in
interim analyses, which share the permitted error (see ``bounds``). Where mean efficiency is shown
to be below the target at the one and not below it at the other, the smallest sufficient size lies
between the two doses. Inside, the ends of its interval are where the bounds of the mean, carried
from dose to dose along the explored shape of the curve, cross the target. A stage that fails leaves
the next one less error to spend; its episodes teach the belief where to look next, and enter no
later claim.

What is assumed: means of ``bounds.MIN_EPISODES`` episodes and more are nearly normal (skewness is
corrected for); along the direction, efficiency is below the target at every size under the lower
end (monotone); between the two doses the curve has the explored shape, moved and stretched to the
means there. With several parameters the direction is the line from no incentive through the
believed answer; as another one may be cheaper, the lower end is moved down by what exploring
expects of that. A size that is measured, such as spend, has bounds of its own at both ends, for
which half of the error is spent. Where exploring expects that it falls again further along the
direction, the cheapest dose there is tried too, and the lower end is moved down to that.

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

__all__ = ["Batch", "Certificate", "Certifier", "Evidence", "Purpose", "Status"]

Status = Literal["certified", "unreachable", "out_of_budget"]

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
        status: "certified": ``params`` are shown sufficient; "unreachable": even the most
            efficient setting was shown insufficient; "out_of_budget": neither in the budget.
        params, size: the answer, the upper end of the interval; where unreachable, the most
            efficient setting and nan; None and nan where nothing is shown. A size that is observed
            is the mean at the answer.
        interval: holds the smallest sufficient size; all mechanisms' intervals do at once, with
            ``confidence``. An end without evidence is nan. Where size is observed, the upper end
            is a bound of the mean size at the answer.
        efficiency: mean at the answer (at the best setting where unreachable), and its interval.
        n: held-out episodes behind ``efficiency``.
        played: the smallest setting that was played and by itself shown to be enough, with the
            upper bound of its size; None where there is none.
        target, confidence: what was asked for.
        stages, episodes: what it took.
        evidence: every dose of every stage.
    """

    mechanism: str
    status: Status
    params: dict[str, Any] | None
    size: float
    interval: tuple[float, float]
    efficiency: tuple[float, float, float]
    n: int
    played: tuple[dict[str, Any], float] | None
    target: float
    confidence: float
    stages: int
    episodes: int
    evidence: tuple[Evidence, ...]


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
        tolerance: how close to the true smallest size an answer should come (in 80 of 100 cases).
        batch: most episodes of one batch.

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
        order: list[Status] = ["certified", "out_of_budget", "unreachable"]
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
        answer = test.best or test.upper
        status: Status = (
            "unreachable" if test.best else "certified" if test.upper else "out_of_budget"
        )
        certified = status == "certified"
        return Certificate(
            mechanism=name,
            status=status,
            params=answer.params if answer else None,
            size=test.upper.size if test.upper and certified else math.nan,
            interval=_interval(test),
            efficiency=(answer.mean, answer.lower, answer.upper) if answer else (math.nan,) * 3,
            n=answer.n if answer else 0,
            played=(test.enough.params, test.enough.most) if test.enough else None,
            target=test.belief.target,
            confidence=self.confidence,
            stages=len(test.stages),
            episodes=test.episodes,
            evidence=tuple(
                replace(evidence, stage=number)
                for number, stage in enumerate(test.stages, start=1)
                for evidence in stage.evidence
            ),
        )


def _interval(test: SequentialTest) -> tuple[float, float]:
    """Return the ends shown; one without evidence is not a number, or infinite.

    Below the start of the range there is no size, so one that is enough there is the lower end too.
    """
    if test.best is not None:
        return math.nan, math.inf
    high = test.upper.most if test.upper else math.inf
    start = test.upper if test.lower is None and test.upper and test.upper.t <= 0.0 else test.lower
    if start is None:
        return math.nan, high
    low = start.least
    if test.belief.size is None:  # sizes may fall again beyond the lower end
        at_upper = test.upper.least if test.upper else math.inf
        beyond = test.stages[-1].direction.smallest_size_from(start.t)
        low = min(low, at_upper, beyond)
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
