"""The attempts to certify one mechanism, one after another, until it is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from mechlab.search._analysis import Endpoint, Evidence, InterimAnalysis
from mechlab.search._design import Design, design, single_dose
from mechlab.search._direction import Direction, Dose
from mechlab.search._replicates import Replicates
from mechlab.search._threshold import Belief
from mechlab.search.bounds import MIN_EPISODES, Sample, alpha_spent
from mechlab.streams import CERTIFY

MAX_ANALYSES = 4  # analyses of one attempt
GROWTH = 1.5  # of the sample sizes, from each look to the next
WIDEST = 1.4  # an interval this many tolerances wide is narrow enough

Told = tuple[tuple[float, ...], tuple[float, ...]]  # efficiencies, and sizes where observed


@dataclass
class Stage:
    """Doses played afresh; dose k owns a fixed run of episode indices."""

    direction: Direction
    design: Design
    first: int
    look: int = 0
    told: dict[int, Told] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()

    @property
    def reserved(self) -> int:
        """Indices that one dose may come to need."""
        return self.upto(MAX_ANALYSES - 1)

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

    def judged(self, alpha: float) -> InterimAnalysis:
        """Return the look at all that was told."""
        doses = self.design.doses
        samples, sizes = (
            [Sample.of(self.values(k, which)) for k in range(len(doses))] for which in (0, 1)
        )
        return InterimAnalysis(self.direction, doses, samples, sizes, alpha)


class SequentialTest:
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
        self.stages: list[Stage] = []
        self.analyses = 0
        self.upper: Endpoint | None = None
        self.lower: Endpoint | None = None
        self.best: Endpoint | None = None  # the most efficient setting, once shown to be too little
        self.detour = 0.0  # share by which the cheapest way may be cheaper than the one taken
        self.exhausted = False
        self.chased = self.chasing = False  # a larger dose that may cost less (see ``_chase``)
        self._begin()

    @property
    def episodes(self) -> int:
        """Fresh episodes told."""
        return sum(attempt.episodes for attempt in self.stages)

    @property
    def decided(self) -> bool:
        """Whether the interval is shown and narrow, or the target shown to be out of reach."""
        if self.best is not None:
            return True
        if self.upper is None:
            return False
        if self.upper.t <= 0.0:
            return True
        if self.lower is None:
            return False
        wide = self.upper.size - self.lower.size  # what doubt there is of a measured size stays
        narrow = wide <= WIDEST * self.tolerance * abs(self.upper.size)
        between = self.stages[-1].direction.settings_between(self.lower.t, self.upper.t)
        return narrow or between == 0 or (between == 1 and len(self.stages) > 1)

    def open(self) -> list[tuple[Dose, int, int]]:
        """Return the batches (dose, first index, count) not told yet."""
        if (self.decided and not self.chasing) or self.exhausted:
            return []
        attempt = self.stages[-1]
        return [b for b in attempt.batches(self.batch) if b[1] not in attempt.told]

    def tell(
        self, first: int, efficiency: Sequence[float], size: Sequence[float] | None = None
    ) -> None:
        """Record a batch; when it is the last of a look, judge it."""
        owner = next(a for a in self.stages if a.first <= first < a.end)
        if first in owner.told:
            return
        owner.told[first] = (tuple(efficiency), tuple(size) if size is not None else ())
        if owner is self.stages[-1] and not self.open():
            self._judge(owner)

    def resume(self, left: int) -> bool:
        """Go on where the budget had run out, with so many episodes left; whether it can."""
        if not self.exhausted or left < MIN_EPISODES:
            return False
        self.budget = self.episodes + left
        self._begin()
        return not self.exhausted

    def _begin(self, least: int = MIN_EPISODES) -> None:
        """Plan the next attempt; where the budget allows less than planned, play what it allows."""
        left = self.budget - self.episodes
        self.exhausted = left < MIN_EPISODES
        if self.exhausted:
            return
        first = self.stages[-1].end if self.stages else 0
        direction = self._aimed()
        plan = design(
            direction, self.alpha * alpha_spent(self.analyses), self.tolerance, least, left
        )
        self.exhausted = plan.n < MIN_EPISODES
        if not self.exhausted:
            self.stages.append(Stage(direction, plan, first))

    def _aimed(self) -> Direction:
        """Return the direction of the earlier attempts, or another one where that leads nowhere."""
        if self.stages:
            same = Direction(self.belief, self.stages[-1].direction.aim)
            if np.isfinite(same.crossings).mean() >= 0.5:
                return same
            self.lower = None  # what was too little there may be enough here
        self.detour = float(self.belief.draws.excess.mean())
        return Direction(self.belief, self.belief.best)

    def _judge(self, attempt: Stage) -> None:
        look = attempt.judged(self.alpha * alpha_spent(self.analyses))
        self.analyses += 1
        attempt.evidence = look.evidence()
        self._hold(look.upper(), look.lower())
        if self.decided and not self.chasing:
            self._chase()
            return
        more = len(look.doses) * (attempt.upto(attempt.look + 1) - look.samples[0].n)
        affordable = attempt.look + 1 < MAX_ANALYSES and self.episodes + more <= self.budget
        if self.chasing and (look.upper() or not affordable or not look.promising()):
            self.chasing = False
        elif affordable and look.promising():
            attempt.look += 1
        else:
            self.belief = self._updated_belief()
            self._begin(2 * look.samples[0].n if look.promising() else MIN_EPISODES)

    def _chase(self) -> None:
        """Try a larger dose once, where it is believed to cost less than the answer.

        What is measured may fall again: a fine so large that everybody answers is never paid.
        """
        left = self.budget - self.episodes
        if self.chased or self.belief.size is not None or not self.upper or not self.lower:
            return
        self.chased = True
        direction = self.stages[-1].direction
        t, size = direction.cheapest(self.upper.t)
        if size < (1.0 - self.tolerance) * self.upper.size and left >= MIN_EPISODES:
            alpha = self.alpha * alpha_spent(self.analyses)
            plan = single_dose(direction, direction.dose(t, "upper"), alpha, (MIN_EPISODES, left))
            self.stages.append(Stage(direction, plan, self.stages[-1].end))
            self.chasing = True

    def _hold(self, hi: Endpoint | None, lo: Endpoint | None) -> None:
        if lo is not None and np.isinf(lo.t):
            self.best = lo
        elif lo is not None and (self.lower is None or lo.least > self.lower.least):
            self.lower = lo
        if hi is not None and (self.upper is None or hi.most < self.upper.most):
            self.upper = hi

    def _updated_belief(self) -> Belief:
        """Return the belief with the latest attempt's episodes."""
        attempt = self.stages[-1]
        plays, sizes = [], []
        for k, dose in enumerate(attempt.design.doses):
            x = tuple(self.belief.space.encode([dose.params])[0])
            first = CERTIFY.start + attempt.first + k * attempt.reserved
            plays.append(Replicates(x, first, tuple(attempt.values(k, 0))))
            if attempt.values(k, 1):
                sizes.append(Replicates(x, first, tuple(attempt.values(k, 1))))
        return replace(
            self.belief,
            efficiencies=(*self.belief.efficiencies, *plays),
            observed_sizes=(*self.belief.observed_sizes, *sizes),
        )
