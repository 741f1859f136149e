"""The sequential test of one mechanism: stages with interim analyses, until it is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from mechlab.search._analysis import Evidence, judge
from mechlab.search._design import DOUBT, Design, Designer
from mechlab.search._direction import Direction, Dose
from mechlab.search._replicates import Replicates
from mechlab.search._threshold import Belief
from mechlab.search.bounds import MIN_EPISODES, Sample, Serial, levels, serial_correlation
from mechlab.streams import CERTIFY

SHARE = 0.85  # of the error that is left may go into the next stage; most stages are the first
PROMISING = 0.5  # of the believed distance from the target at which a dose is played on: one that
# turns out nearer takes four times the episodes, so another dose is cheaper
NOTHING = 1e-4  # of the range: where anything above nothing is enough, no interval is narrow

Values = tuple[tuple[float, ...], tuple[float, ...]]  # of a batch: efficiency, and observed size


@dataclass
class Stage:
    """Doses with held-out episodes, played in turns of a block each, so that what drifts in time
    meets all of them.

    Attributes:
        direction: on which the doses lie, with what was believed before.
        design: the doses, and the episodes of each by every look.
        alpha: error that each of its claims may spend. Where efficiency rises with size, only one
            of a stage's two claims can be false, whatever the threshold, so they need not share it.
        first: the first episode index that belongs to the stage.
        block: episodes in a block.
        look: number of the look that comes next, from 0.
        values: what was measured, by the first index of the batch.
        evidence: what each dose showed at its latest look, in order of dose.
    """

    direction: Direction
    design: Design
    alpha: float
    first: int
    block: int
    look: int = 0
    values: dict[int, Values] = field(default_factory=dict)
    evidence: dict[int, Evidence] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """The first index that belongs to a later stage."""
        rounds = -(-self.design.n // self.block)
        return self.first + rounds * self.block * len(self.design.doses)

    @property
    def episodes(self) -> int:
        """Episodes played."""
        return sum(len(efficiency) for efficiency, _ in self.values.values())

    @property
    def spent(self) -> float:
        """Error that was spent at the looks so far."""
        return self.alpha * self.design.fractions[self.look - 1] if self.look else 0.0

    @property
    def unshown(self) -> list[int]:
        """Numbers of the doses that have not shown what they were hoped to show."""
        shown = {k for k, e in self.evidence.items() if e.conclusion != "neither"}
        return [k for k in range(len(self.design.doses)) if k not in shown]

    def missing(self) -> int:
        """Return the episodes that the next look takes."""
        played = self.design.looks[self.look - 1] if self.look else 0
        return len(self.unshown) * (self.design.looks[self.look] - played)

    def batches(self) -> list[tuple[Dose, int, int]]:
        """Return dose, first index and count of all batches up to the next look, in order."""
        edges = [0, *self.design.looks[: self.look + 1]]
        cuts = sorted({*edges, *range(0, edges[-1], self.block)})
        return [
            (self.design.doses[k], self._index(k, start), stop - start)
            for start, stop in pairwise(cuts)
            for k in self.unshown
        ]

    def measured(self, k: int) -> Values:
        """Return efficiency and observed size of all episodes of dose k, in order of playing."""
        turn = self.block * len(self.design.doses)
        own = [i for i in sorted(self.values) if (i - self.first) % turn // self.block == k]
        efficiency, size = (tuple(v for i in own for v in self.values[i][m]) for m in (0, 1))
        return efficiency, size

    def analyse(self, serial: Serial) -> None:
        """Judge the doses that are not shown yet by all that was measured."""
        belief, fractions = self.direction.belief, self.design.fractions
        alpha = self.alpha / belief.claims_per_end
        level = levels(fractions, alpha)[self.look]
        self.look += 1
        for k in self.unshown:
            dose = self.design.doses[k]
            efficiency, sizes = map(Sample.of, self.measured(k))
            size = sizes if belief.size is None else float(belief.size(dose.params))
            shown = judge(dose, belief.target, efficiency, size, level, alpha, serial)
            self.evidence[k] = replace(shown, look=self.look, spent=self.spent)

    def _index(self, k: int, episode: int) -> int:
        """Return the index of an episode of dose k, both counted from 0."""
        turn, rest = divmod(episode, self.block)
        return self.first + (turn * len(self.design.doses) + k) * self.block + rest


class SequentialTest:
    """All stages about one mechanism, and the claims that hold.

    All claims ever made hold at once, as the error that they spend adds up to at most ``alpha``; so
    ends of the interval that were shown in different stages may be combined.

    Args:
        belief: what exploring found.
        alpha: permitted error of all claims together.
        tolerance: largest width of the interval, as a share of its upper end.
        budget: most held-out episodes.
        batch: most episodes of one batch.

    Attributes:
        stages: in order; the last one is being played, or decided the test.
        upper: the smallest dose that was shown to be enough.
        lower: the largest one below it that was shown to be too little.
        best: the most efficient setting, once shown to be too little.
        contrary: doses shown to be too little above one that was shown to be enough: efficiency
            does not rise with size throughout.
        excess: share by which the cheapest direction may be cheaper than the one taken.
        serial: how far neighbouring episodes were alike.
        exhausted: whether the budget does not suffice to go on.
    """

    def __init__(
        self, belief: Belief, *, alpha: float, tolerance: float, budget: int, batch: int
    ) -> None:
        self.belief, self.tolerance = belief, tolerance
        self.budget, self.batch = budget, batch
        self.stages: list[Stage] = []
        self.upper: Evidence | None = None
        self.lower: Evidence | None = None
        self.best: Evidence | None = None
        self.contrary: list[Evidence] = []
        self.excess = 0.0
        self.serial = Serial()
        self.exhausted = False
        self._left = alpha  # error that no stage has spent
        self._turned = 0  # number of the first stage on the present direction
        # One larger dose that may cost less is tried last (see `_try_larger_dose`)
        self._tried_larger = self._trying_larger = False
        self._next_stage()

    @property
    def episodes(self) -> int:
        """Held-out episodes played."""
        return sum(stage.episodes for stage in self.stages)

    @property
    def decided(self) -> bool:
        """Whether the interval is shown and narrow, or the best setting shown to be too little."""
        if self.best is not None:
            return True
        if self.upper is None:
            return False
        if self.upper.t <= 0.0:
            return True
        if self.lower is None:
            return False
        width = self.upper.size - self.lower.size  # what doubt there is of a measured size stays
        narrow = width <= self.tolerance * abs(self.upper.size)
        narrow = narrow or self.upper.t - self.lower.t <= NOTHING
        return narrow or not self.stages[-1].direction.positions_between(self.lower.t, self.upper.t)

    def open(self) -> list[tuple[Dose, int, int]]:
        """Return the batches (dose, first index, count) that are still to be played."""
        if (self.decided and not self._trying_larger) or self.exhausted:
            return []
        stage = self.stages[-1]
        return [batch for batch in stage.batches() if batch[1] not in stage.values]

    def tell(
        self, first: int, efficiency: Sequence[float], size: Sequence[float] | None = None
    ) -> None:
        """Record a batch; after the last one before a look, analyse.

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

    def _next_stage(self) -> None:
        left = self.budget - self.episodes
        self.exhausted = left < MIN_EPISODES
        if self.exhausted:
            return
        direction = self._next_direction()
        plan = self._designer(direction, left).design((self.lower, self.upper))
        self.exhausted = plan.n < MIN_EPISODES
        if not self.exhausted:
            self._begin(direction, plan)

    def _designer(self, direction: Direction, left: int) -> Designer:
        return Designer(direction, SHARE * self._left, self.tolerance, left)

    def _begin(self, direction: Direction, plan: Design) -> None:
        first = self.stages[-1].end if self.stages else 0
        self.stages.append(Stage(direction, plan, SHARE * self._left, first, self.batch))

    def _next_direction(self) -> Direction:
        """Return the direction of the earlier stages, or another one where that leads nowhere."""
        if self.stages:
            same = Direction(self.belief, self.stages[-1].direction.aim)
            if self.upper or np.isfinite(same.crossings).mean() >= DOUBT:
                return same
            self._turned = len(self.stages)  # what was too little there may be enough here
            self.lower = None
        self.excess = float(self.belief.draws.excess.mean())
        return Direction(self.belief, self.belief.best)

    def _analyse(self, stage: Stage) -> None:
        """Analyse a stage, and say how to go on: decided, more episodes, or another stage."""
        every = [s.measured(k)[0] for s in self.stages for k in range(len(s.design.doses))]
        self.serial = serial_correlation(every, self.batch)
        stage.analyse(self.serial)
        self._keep()
        if self.decided and not self._trying_larger:
            self._left -= stage.spent
            self._try_larger_dose()
            return
        belief = self._updated_belief()
        last = stage.look == len(stage.design.looks)
        affordable = not last and self.episodes + stage.missing() <= self.budget
        if stage.unshown and affordable and self._promising(stage, belief):
            return
        self._left -= stage.spent
        if self._trying_larger:
            self._trying_larger = False
            return
        self.belief = belief
        self._next_stage()

    def _promising(self, stage: Stage, belief: Belief) -> bool:
        """Return whether each dose that is not shown yet is still believed to lie far enough on its
        side of the target."""
        doses = [stage.design.doses[k] for k in stage.unshown]
        means = belief.mean([dose.params for dose in doses])
        return all(
            (mean - belief.target) * (1.0 if dose.purpose == "upper" else -1.0) >= PROMISING * gap
            for mean, dose, gap in zip(
                means, doses, (stage.design.gaps[k] for k in stage.unshown), strict=True
            )
        )

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
            plan = self._designer(direction, left).planned((direction.dose(t, "upper"),))
            self._begin(direction, plan)
            self._trying_larger = True

    def _keep(self) -> None:
        """Set the ends of the interval to the closest doses that were shown on this direction.

        What was shown to be too little at a larger dose than the answer's contradicts that
        efficiency rises with size, and bounds nothing.
        """
        shown = [e for stage in self.stages[self._turned :] for e in stage.evidence.values()]
        enough = [e for e in shown if e.conclusion == "sufficient"]
        too_little = [e for e in shown if e.conclusion == "insufficient"]
        self.best = next((e for e in too_little if np.isinf(e.t)), None)
        self.upper = min(enough, key=lambda e: e.most, default=None)
        top = self.upper.t if self.upper else np.inf
        self.lower = max((e for e in too_little if e.t < top), key=lambda e: e.least, default=None)
        self.contrary = [e for e in too_little if self.upper and top <= e.t < np.inf]

    def _updated_belief(self) -> Belief:
        """Return the belief with the latest stage's episodes among its trials.

        Each dose's replicates get indices of their own, which no trial of exploring shares.
        """
        stage = self.stages[-1]
        efficiencies, sizes = [], []
        for k, dose in enumerate(stage.design.doses):
            x = tuple(self.belief.space.encode([dose.params])[0])
            first = CERTIFY.start + stage.first + k * stage.design.n
            efficiency, size = stage.measured(k)
            efficiencies.append(Replicates(x, first, efficiency))
            if size:
                sizes.append(Replicates(x, first, size))
        return replace(
            self.belief,
            efficiencies=(*self.belief.efficiencies, *efficiencies),
            observed_sizes=(*self.belief.observed_sizes, *sizes),
        )
