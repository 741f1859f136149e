"""The attempts to certify one mechanism, one after another, until it is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from mechlab.search.analysis import End, Evidence, Look
from mechlab.search.bounds import LEAST, Sample, spent
from mechlab.search.design import Design, alone, design
from mechlab.search.direction import Dose, Ray
from mechlab.search.replicates import Play
from mechlab.search.threshold import Belief
from mechlab.streams import CERTIFY

LOOKS = 4  # looks of one attempt
GROWTH = 1.5  # of the sample sizes, from each look to the next
WIDEST = 1.4  # an interval this many tolerances wide is narrow enough

Told = tuple[tuple[float, ...], tuple[float, ...]]  # efficiencies, and sizes where observed


@dataclass
class Attempt:
    """Doses played afresh; dose k owns a fixed run of episode indices."""

    ray: Ray
    design: Design
    first: int
    look: int = 0
    told: dict[int, Told] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()

    @property
    def reserved(self) -> int:
        """Indices that one dose may come to need."""
        return self.upto(LOOKS - 1)

    def upto(self, look: int) -> int:
        """Return the episodes that a dose has by a look."""
        return int(self.design.n * GROWTH**look)

    @property
    def end(self) -> int:
        """The first index that belongs to a later attempt."""
        return self.first + self.reserved * len(self.design.doses)

    @property
    def episodes(self) -> int:
        """Episodes told."""
        return sum(len(efficiency) for efficiency, _ in self.told.values())

    def batches(self, most: int) -> list[tuple[Dose, int, int]]:
        """Return dose, first index and count of all batches up to the present look."""
        edges = [0, *(self.upto(look) for look in range(self.look + 1))]
        return [
            (dose, self.first + k * self.reserved + at, min(most, stop - at))
            for k, dose in enumerate(self.design.doses)
            for start, stop in pairwise(edges)
            for at in range(start, stop, most)
        ]

    def values(self, k: int, which: int) -> list[float]:
        """Return the efficiencies (0) or sizes (1) told of dose k, in order of index."""
        begin = self.first + k * self.reserved
        mine = [i for i in sorted(self.told) if begin <= i < begin + self.reserved]
        return [float(v) for i in mine for v in self.told[i][which]]

    def judged(self, alpha: float) -> Look:
        """Return the look at all that was told."""
        doses = self.design.doses
        samples, sizes = (
            [Sample.of(self.values(k, which)) for k in range(len(doses))] for which in (0, 1)
        )
        return Look(self.ray, doses, samples, sizes, alpha)


class Quest:
    """Everything fresh about one mechanism: attempts, and the claims that hold.

    All claims ever made hold at once, for their errors add up to at most ``alpha``; so ends of
    the interval that were shown in different attempts may be combined.

    Args:
        belief: what exploring found.
        alpha: permitted error of all claims together.
        tolerance: how close to the true smallest size the answer should come.
        budget: most fresh episodes.
        batch: most episodes of one batch.
    """

    def __init__(
        self, belief: Belief, *, alpha: float, tolerance: float, budget: int, batch: int
    ) -> None:
        self.belief, self.alpha, self.tolerance = belief, alpha, tolerance
        self.budget, self.batch = budget, batch
        self.attempts: list[Attempt] = []
        self.looks = 0
        self.hi: End | None = None
        self.lo: End | None = None
        self.best: End | None = None  # the most efficient setting, once shown to be too little
        self.detour = 0.0  # share by which the cheapest way may be cheaper than the one taken
        self.broke = False
        self.chased = self.chasing = False  # a larger dose that may cost less (see ``_chase``)
        self._begin()

    @property
    def episodes(self) -> int:
        """Fresh episodes told."""
        return sum(attempt.episodes for attempt in self.attempts)

    @property
    def decided(self) -> bool:
        """Whether the interval is shown and narrow, or the target shown to be out of reach."""
        if self.best is not None:
            return True
        if self.hi is None:
            return False
        if self.hi.t <= 0.0:
            return True
        if self.lo is None:
            return False
        wide = self.hi.size - self.lo.size  # what doubt there is of a measured size stays
        narrow = wide <= WIDEST * self.tolerance * abs(self.hi.size)
        between = self.attempts[-1].ray.between(self.lo.t, self.hi.t)
        return narrow or between == 0 or (between == 1 and len(self.attempts) > 1)

    def open(self) -> list[tuple[Dose, int, int]]:
        """Return the batches (dose, first index, count) not told yet."""
        if (self.decided and not self.chasing) or self.broke:
            return []
        attempt = self.attempts[-1]
        return [b for b in attempt.batches(self.batch) if b[1] not in attempt.told]

    def tell(
        self, first: int, efficiency: Sequence[float], size: Sequence[float] | None = None
    ) -> None:
        """Record a batch; when it is the last of a look, judge it."""
        owner = next(a for a in self.attempts if a.first <= first < a.end)
        if first in owner.told:
            return
        owner.told[first] = (tuple(efficiency), tuple(size) if size is not None else ())
        if owner is self.attempts[-1] and not self.open():
            self._judge(owner)

    def resume(self, left: int) -> bool:
        """Go on where the budget had run out, with so many episodes left; whether it can."""
        if not self.broke or left < LEAST:
            return False
        self.budget = self.episodes + left
        self._begin()
        return not self.broke

    def _begin(self, least: int = LEAST) -> None:
        """Plan the next attempt; where the budget allows less than planned, play what it allows."""
        left = self.budget - self.episodes
        self.broke = left < LEAST
        if self.broke:
            return
        first = self.attempts[-1].end if self.attempts else 0
        ray = self._aimed()
        plan = design(ray, self.alpha * spent(self.looks), self.tolerance, least, left)
        self.broke = plan.n < LEAST
        if not self.broke:
            self.attempts.append(Attempt(ray, plan, first))

    def _aimed(self) -> Ray:
        """Return the ray of the earlier attempts, or another one where that leads nowhere."""
        if self.attempts:
            same = Ray(self.belief, self.attempts[-1].ray.aim)
            if np.isfinite(same.crossings).mean() >= 0.5:
                return same
            self.lo = None  # what was too little there may be enough here
        self.detour = float(self.belief.drawn.excess.mean())
        return Ray(self.belief, self.belief.best)

    def _judge(self, attempt: Attempt) -> None:
        look = attempt.judged(self.alpha * spent(self.looks))
        self.looks += 1
        attempt.evidence = look.evidence()
        self._hold(look.hi(), look.lo())
        if self.decided and not self.chasing:
            self._chase()
            return
        more = len(look.doses) * (attempt.upto(attempt.look + 1) - look.samples[0].n)
        affordable = attempt.look + 1 < LOOKS and self.episodes + more <= self.budget
        if self.chasing and (look.hi() or not affordable or not look.promising()):
            self.chasing = False
        elif affordable and look.promising():
            attempt.look += 1
        else:
            self.belief = self._taught()
            self._begin(2 * look.samples[0].n if look.promising() else LEAST)

    def _chase(self) -> None:
        """Try a larger dose once, where it is believed to cost less than the answer.

        What is measured may fall again: a fine so large that everybody answers is never paid.
        """
        left = self.budget - self.episodes
        if self.chased or self.belief.size is not None or not self.hi or not self.lo:
            return
        self.chased = True
        ray = self.attempts[-1].ray
        t, size = ray.cheapest(self.hi.t)
        if size < (1.0 - self.tolerance) * self.hi.size and left >= LEAST:
            alpha = self.alpha * spent(self.looks)
            plan = alone(ray, ray.dose(t, "hi"), alpha, (LEAST, left))
            self.attempts.append(Attempt(ray, plan, self.attempts[-1].end))
            self.chasing = True

    def _hold(self, hi: End | None, lo: End | None) -> None:
        if lo is not None and np.isinf(lo.t):
            self.best = lo
        elif lo is not None and (self.lo is None or lo.least > self.lo.least):
            self.lo = lo
        if hi is not None and (self.hi is None or hi.most < self.hi.most):
            self.hi = hi

    def _taught(self) -> Belief:
        """Return the belief with the latest attempt's episodes."""
        attempt = self.attempts[-1]
        plays, sizes = [], []
        for k, dose in enumerate(attempt.design.doses):
            x = tuple(self.belief.space.encode([dose.params])[0])
            first = CERTIFY.start + attempt.first + k * attempt.reserved
            plays.append(Play(x, first, tuple(attempt.values(k, 0))))
            if attempt.values(k, 1):
                sizes.append(Play(x, first, tuple(attempt.values(k, 1))))
        return replace(
            self.belief,
            plays=(*self.belief.plays, *plays),
            observed=(*self.belief.observed, *sizes),
        )
