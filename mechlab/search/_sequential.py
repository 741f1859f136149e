"""The sequential test of one mechanism: stages with interim analyses, until it is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from mechlab.search._analysis import Endpoint, Evidence, InterimAnalysis
from mechlab.search._design import DOUBT, Design, design, single_dose
from mechlab.search._direction import Direction, Dose
from mechlab.search._replicates import Replicates
from mechlab.search._threshold import Belief
from mechlab.search.bounds import MIN_EPISODES, Sample, alpha_spent
from mechlab.streams import CERTIFY

MAX_ANALYSES = 4  # of one stage: by then it has 3.4 times the episodes that it was designed for
GROWTH = 1.5  # of a stage's episodes, from each analysis to the next: its error shrinks by a fifth
WIDEST = 1.4  # tolerances of an interval: the truth, if in its middle, is 0.7 below the answer

Values = tuple[tuple[float, ...], tuple[float, ...]]  # of a batch: efficiency, and observed size


@dataclass
class Stage:
    """Doses with held-out episodes; dose number k owns a fixed run of episode indices.

    Attributes:
        direction: on which the doses lie, with what was believed before.
        design: the doses, and their episodes at the first analysis.
        first: the first index that belongs to the stage.
        analysis: number of the interim analysis that comes next, from 0.
        values: what was measured, by the first index of the batch.
        evidence: what each dose showed at the latest analysis.
    """

    direction: Direction
    design: Design
    first: int
    analysis: int = 0
    values: dict[int, Values] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()

    def episodes_by(self, analysis: int) -> int:
        """Return the episodes that each dose has by an analysis."""
        return int(self.design.n * GROWTH**analysis)

    @property
    def reserved(self) -> int:
        """Indices that one dose may come to need."""
        return self.episodes_by(MAX_ANALYSES - 1)

    @property
    def end(self) -> int:
        """The first index that belongs to a later stage."""
        return self.first + self.reserved * len(self.design.doses)

    @property
    def episodes(self) -> int:
        """Episodes played."""
        return sum(len(efficiency) for efficiency, _ in self.values.values())

    def batches(self, most: int) -> list[tuple[Dose, int, int]]:
        """Return dose, first index and count of all batches up to the present analysis."""
        edges = [0, *(self.episodes_by(analysis) for analysis in range(self.analysis + 1))]
        return [
            (dose, self.first + k * self.reserved + at, min(most, stop - at))
            for k, dose in enumerate(self.design.doses)
            for start, stop in pairwise(edges)
            for at in range(start, stop, most)
        ]

    def measured(self, k: int) -> Values:
        """Return efficiency and observed size of all episodes of dose k, in order of index."""
        begin = self.first + k * self.reserved
        batches = [self.values[i] for i in sorted(self.values) if 0 <= i - begin < self.reserved]
        efficiency, size = (tuple(v for batch in batches for v in batch[m]) for m in (0, 1))
        return efficiency, size

    def analyse(self, alpha: float) -> InterimAnalysis:
        """Return the interim analysis of all that was measured, with the error it may spend."""
        doses = self.design.doses
        measured = [self.measured(k) for k in range(len(doses))]
        samples, sizes = ([Sample.of(values[m]) for values in measured] for m in (0, 1))
        return InterimAnalysis(self.direction, doses, samples, sizes, alpha)


class SequentialTest:
    """All stages about one mechanism, and the claims that hold.

    All claims ever made hold at once, for their errors add up to at most ``alpha``; so ends of
    the interval that were shown in different stages may be combined.

    Args:
        belief: what exploring found.
        alpha: permitted error of all claims together.
        tolerance: how close to the true smallest size the answer should come, as a share of it.
        budget: most held-out episodes.
        batch: most episodes of one batch.

    Attributes:
        stages: in order; the last one is being played, or decided the test.
        analyses: how many there were, in all stages.
        upper, lower: ends of the interval, as far as they are shown.
        enough: the smallest dose that was played and shown to be enough.
        best: the most efficient setting, once shown to be too little.
        excess: share by which the cheapest direction may be cheaper than the one taken.
        exhausted: whether the budget does not suffice to go on.
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
        self.enough: Endpoint | None = None
        self.best: Endpoint | None = None
        self.excess = 0.0
        self.exhausted = False
        # One larger dose that may cost less is tried last (see `_try_larger_dose`)
        self._tried_larger = self._trying_larger = False
        self._next_stage()

    @property
    def episodes(self) -> int:
        """Held-out episodes played."""
        return sum(stage.episodes for stage in self.stages)

    @property
    def decided(self) -> bool:
        """Whether the interval is shown and narrow, or the target shown to be out of reach.

        Where one valid setting is left inside the interval, one more stage may decide about it.
        """
        if self.best is not None:
            return True
        if self.upper is None:
            return False
        if self.upper.t <= 0.0:
            return True
        if self.lower is None:
            return False
        width = self.upper.size - self.lower.size  # what doubt there is of a measured size stays
        narrow = width <= WIDEST * self.tolerance * abs(self.upper.size)
        inside = self.stages[-1].direction.settings_between(self.lower.t, self.upper.t)
        return narrow or inside == 0 or (inside == 1 and len(self.stages) > 1)

    def open(self) -> list[tuple[Dose, int, int]]:
        """Return the batches (dose, first index, count) that are still to be played."""
        if (self.decided and not self._trying_larger) or self.exhausted:
            return []
        stage = self.stages[-1]
        return [batch for batch in stage.batches(self.batch) if batch[1] not in stage.values]

    def tell(
        self, first: int, efficiency: Sequence[float], size: Sequence[float] | None = None
    ) -> None:
        """Record a batch; after the last one before an interim analysis, analyse.

        A batch that was recorded before changes nothing.

        Args:
            first: index of the batch's first episode.
            efficiency: of each episode.
            size: observed size of each episode, where size is observed.
        """
        owner = next(stage for stage in self.stages if stage.first <= first < stage.end)
        if first in owner.values:
            return
        owner.values[first] = (tuple(efficiency), tuple(size) if size is not None else ())
        if owner is self.stages[-1] and not self.open():
            self._analyse(owner)

    def resume(self, left: int) -> bool:
        """Go on where the budget was exhausted, with so many episodes left.

        Returns:
            Whether there is something to play now.
        """
        if not self.exhausted or left < MIN_EPISODES:
            return False
        self.budget = self.episodes + left
        self._next_stage()
        return not self.exhausted

    @property
    def _alpha(self) -> float:
        """Error that the next interim analysis may spend."""
        return self.alpha * alpha_spent(self.analyses)

    def _next_stage(self, least: int = MIN_EPISODES) -> None:
        """Design the next stage, of at least so many episodes a dose where the budget allows it."""
        left = self.budget - self.episodes
        self.exhausted = left < MIN_EPISODES
        if self.exhausted:
            return
        direction = self._next_direction()
        plan = design(direction, self._alpha, self.tolerance, least, left)
        self.exhausted = plan.n < MIN_EPISODES
        if not self.exhausted:
            self._begin(direction, plan)

    def _begin(self, direction: Direction, plan: Design) -> None:
        first = self.stages[-1].end if self.stages else 0
        self.stages.append(Stage(direction, plan, first))

    def _next_direction(self) -> Direction:
        """Return the direction of the earlier stages, or another one where that leads nowhere."""
        if self.stages:
            same = Direction(self.belief, self.stages[-1].direction.aim)
            if np.isfinite(same.crossings).mean() >= DOUBT:
                return same
            self.lower = None  # what was too little there may be enough here
        self.excess = float(self.belief.draws.excess.mean())
        return Direction(self.belief, self.belief.best)

    def _analyse(self, stage: Stage) -> None:
        """Analyse a stage, and say how to go on: decided, more episodes, or another stage."""
        analysis = stage.analyse(self._alpha)
        self.analyses += 1
        stage.evidence = analysis.evidence()
        upper, lower, promising = analysis.upper(), analysis.lower(), analysis.promising()
        self._keep(upper, lower)
        enough = analysis.enough()
        if enough and (self.enough is None or enough.most < self.enough.most):
            self.enough = enough
        if self.decided and not self._trying_larger:
            self._try_larger_dose()
            return
        played = analysis.samples[0].n
        more = len(analysis.doses) * (stage.episodes_by(stage.analysis + 1) - played)
        affordable = stage.analysis + 1 < MAX_ANALYSES and self.episodes + more <= self.budget
        if self._trying_larger and (upper or not affordable or not promising):
            self._trying_larger = False
        elif affordable and promising:
            stage.analysis += 1
        else:
            self.belief = self._updated_belief()
            self._next_stage(2 * played if promising else MIN_EPISODES)

    def _try_larger_dose(self) -> None:
        """Begin a stage at a larger dose, once, where it is believed to cost less than the answer.

        What is measured may fall again: a fine so large that everybody answers is never paid.
        """
        left = self.budget - self.episodes
        if self._tried_larger or self.belief.size is not None or not self.upper or not self.lower:
            return
        self._tried_larger = True
        direction = self.stages[-1].direction
        t, size = direction.cheapest(self.upper.t)
        if size < (1.0 - self.tolerance) * self.upper.size and left >= MIN_EPISODES:
            dose = direction.dose(t, "upper")
            self._begin(direction, single_dose(direction, dose, self._alpha, (MIN_EPISODES, left)))
            self._trying_larger = True

    def _keep(self, upper: Endpoint | None, lower: Endpoint | None) -> None:
        """Keep the ends just shown where they are closer than those shown before."""
        if lower is not None and np.isinf(lower.t):
            self.best = lower
        elif lower is not None and (self.lower is None or lower.least > self.lower.least):
            self.lower = lower
        if upper is not None and (self.upper is None or upper.most < self.upper.most):
            self.upper = upper

    def _updated_belief(self) -> Belief:
        """Return the belief with the latest stage's episodes among its trials.

        Their replicate indices are those of their episodes, which no trial of exploring shares.
        """
        stage = self.stages[-1]
        efficiencies, sizes = [], []
        for k, dose in enumerate(stage.design.doses):
            x = tuple(self.belief.space.encode([dose.params])[0])
            first = CERTIFY.start + stage.first + k * stage.reserved
            efficiency, size = stage.measured(k)
            efficiencies.append(Replicates(x, first, efficiency))
            if size:
                sizes.append(Replicates(x, first, size))
        return replace(
            self.belief,
            efficiencies=(*self.belief.efficiencies, *efficiencies),
            observed_sizes=(*self.belief.observed_sizes, *sizes),
        )
