"""The certificate: fresh episodes that show how small an incentive is still enough.

For each mechanism the certifier makes attempts. An attempt plays fresh episodes at a dose
believed just too small (`lo`) and at one believed just enough (`hi`), and judges them at planned
looks (`sequences` says at what error). Where mean efficiency is shown to be below the target at
the one and not below it at the other, the interval for the smallest sufficient size lies between
the two doses; inside, its ends are where the bounds of the mean, carried from dose to dose along
the explored shape of the curve, cross the target. An attempt that fails leaves the next one less
error to spend; its episodes teach the belief where to look next, and enter no later claim.

What is assumed: means of `bounds.MIN_EPISODES` episodes and more are nearly normal (skewness is
corrected for); along the way, efficiency is below the target at every size under `lo` (monotone);
between the two neighbouring doses the curve has the explored shape, moved and stretched to the
fresh means. With several parameters the way is the line from no incentive through the believed
answer (`ray`); as another way may be cheaper, the lower end is moved down by what exploring expects
of that. A size that is measured, such as spend, has bounds of its own at both ends (`expense`), for
which half of the error is spent. Where exploring expects that it falls again further along the way,
the cheapest dose there is tried too, and the lower end is moved down to that. Mechanisms share the
permitted error (Bonferroni), so that all their intervals hold at once: each in proportion to its
chance to reach the target, as exploring left it, since one that never suffices hardly needs any.
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

Status = Literal["certified", "unreachable", "out_of_budget"]

LEAST_CHANCE = 0.1  # to reach the target: a mechanism has a share of the error as if it had that


@dataclass(frozen=True)
class Batch:
    """Fresh episodes to play.

    Attributes:
        mechanism: which one ("" where the study has only one).
        params: its setting.
        first, count: the episodes' indices are first, ..., first + count - 1. They are fresh as
            long as exploring uses luck of another kind. Mechanisms share indices, so that luck is
            common where they are compared.
        purpose: whether the dose is hoped to be enough ("upper") or too small ("lower").
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
        status: "certified": ``params`` are shown sufficient; "unreachable": even the most
            efficient setting was shown insufficient; "out_of_budget": neither in the budget.
        params, size: the answer, the upper end of the interval; where unreachable, the most
            efficient setting and nan; None and nan where nothing is shown. A size that is observed
            is the mean at the answer.
        interval: holds the smallest sufficient size; all mechanisms' intervals do at once, with
            ``confidence``. An end without evidence is nan. Where size is observed, the upper end
            is a bound of the mean size at the answer.
        efficiency: mean at the answer (at the best setting where unreachable), and its interval.
        n: fresh episodes behind ``efficiency``.
        attempts, episodes: what it took.
        evidence: every dose of every attempt.
    """

    mechanism: str
    status: Status
    params: dict[str, Any] | None
    size: float
    interval: tuple[float, float]
    efficiency: tuple[float, float, float]
    n: int
    target: float
    confidence: float
    stages: int
    episodes: int
    evidence: tuple[Evidence, ...]


class Certifier:
    """Says which fresh episodes to play, and what they prove. It plays nothing itself.

    What it says depends only on the beliefs and on what it was told, so a search is resumed by
    telling a new certifier the recorded batches again, in the order in which they were told, and
    any number of workers may play the batches in ``open``.

    Args:
        beliefs: what exploring found, by mechanism.
        confidence: of all intervals together.
        budget: most fresh episodes to play. The most promising mechanism comes first.
        tolerance: how close to the true smallest size an answer should come (in 80 of 100 cases).
        batch: most episodes of one batch.
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
        self._start_test = partial(SequentialTest, tolerance=tolerance, batch=batch)
        self._tests: dict[str, SequentialTest] = {}
        self._issued: set[tuple[str, int]] = set()
        self._advance()

    def open(self) -> list[Batch]:
        """Return the batches that can be played now and were not told yet, in order."""
        for name, test in self._tests.items():
            if batches := test.open():
                return [Batch(name, d.params, first, n, d.purpose) for d, first, n in batches]
        return []

    def extend(self, budget: int) -> None:
        """Go on with a larger budget; what was told and what it spent of the error stand."""
        self.budget = max(budget, self.budget)
        self._advance()

    def next(self) -> Batch | None:
        """Return the next batch not handed out before; None to wait for those that are, or at
        the end (see ``done``)."""
        for batch in self.open():
            if (batch.mechanism, batch.first) not in self._issued:
                self._issued.add((batch.mechanism, batch.first))
                return batch
        return None

    def tell(
        self, batch: Batch, efficiency: Sequence[float], size: Sequence[float] | None = None
    ) -> None:
        """Record a batch's episodes in order; a batch told again changes nothing.

        Raises:
            ValueError: where the number of episodes is not the batch's.
        """
        if len(efficiency) != batch.count:
            raise ValueError(f"a batch of {batch.count} episodes got {len(efficiency)} values")
        self._tests[batch.mechanism].tell(batch.first, efficiency, size)
        self._advance()

    @property
    def episodes(self) -> int:
        """Fresh episodes told so far."""
        return sum(test.episodes for test in self._tests.values())

    @property
    def done(self) -> bool:
        """Whether nothing more can be played: all is decided, or the budget is spent."""
        return not self.open()

    @property
    def certificates(self) -> dict[str, Certificate]:
        """What is known of every mechanism that was begun, decided or not."""
        return {name: self._certificate(name, q) for name, q in self._tests.items()}

    def verdict(self) -> Certificate | None:
        """Return the answer once all is done: the smallest certified size of all mechanisms."""
        if not self.done or not self._tests:
            return None
        order: list[Status] = ["certified", "out_of_budget", "unreachable"]
        return min(
            self.certificates.values(),
            key=lambda c: (order.index(c.status), c.size if c.status == "certified" else 0.0),
        )

    def _advance(self) -> None:
        """Where nothing is left to play, take up what broke for lack of budget, then the next."""
        while not self.open():
            left = self.budget - self.episodes
            if any(test.resume(left) for test in self._tests.values()):
                return
            if not self._waiting:
                return
            name, belief = self._waiting.pop(0)
            self._tests[name] = self._start_test(belief, alpha=self._alphas[name], budget=left)

    def _certificate(self, name: str, test: SequentialTest) -> Certificate:
        found = test.best or test.upper
        status: Status = (
            "unreachable" if test.best else "certified" if test.upper else "out_of_budget"
        )
        certified = status == "certified"
        return Certificate(
            mechanism=name,
            status=status,
            params=found.params if found else None,
            size=test.upper.size if test.upper and certified else math.nan,
            interval=_interval(test),
            efficiency=(found.mean, found.lower, found.upper) if found else (math.nan,) * 3,
            n=found.n if found else 0,
            target=test.belief.target,
            confidence=self.confidence,
            stages=len(test.stages),
            episodes=test.episodes,
            evidence=tuple(
                replace(evidence, stage=number)
                for number, attempt in enumerate(test.stages, start=1)
                for evidence in attempt.evidence
            ),
        )


def _interval(test: SequentialTest) -> tuple[float, float]:
    """Return the ends shown; without evidence for the lower one it is the range's own end."""
    if test.best is not None:
        return math.nan, math.inf
    high = test.upper.most if test.upper else math.inf
    if test.lower is not None:
        low = test.lower.least
        if test.belief.size is None:
            own = test.upper.least if test.upper else math.inf  # it may lie beyond what cost more
            low = min(low, own, test.stages[-1].direction.smallest_size_beyond(test.lower.t))
        return low / (1.0 + test.detour), high
    least = float(test.belief.draws.size.min())
    return min(least, high), high


def _shares(beliefs: Mapping[str, Belief]) -> dict[str, float]:
    """Return the part of the permitted error for each mechanism; fresh episodes do not move it."""
    chances = {name: max(LEAST_CHANCE, b.threshold.reachable) for name, b in beliefs.items()}
    return {name: chance / sum(chances.values()) for name, chance in chances.items()}


def _promise(belief: Belief) -> tuple[bool, float]:
    """Order by how likely and how cheap an answer looks."""
    threshold = belief.threshold
    return threshold.reachable < 0.5, threshold.median
