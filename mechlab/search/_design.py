"""The design of one stage of a sequential test: which doses to play, and how many episodes each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from mechlab.search._direction import Direction, Dose
from mechlab.search.bounds import LOOKS, MIN_EPISODES, levels

POWER = 2.0  # normal quantile of the chance that a claim succeeds by the last look, if the curve is
# as believed: 98%, as a stage that fails is played in vain, and early looks save what is not needed
SPARE = 2.0  # times the episodes that exclude what was not seen where the mean is as believed
MAX_EPISODES = 8192  # of a dose in one stage
DOUBT = 0.5  # share of the curves drawn that says whether the target is reached, or already without
SMALLEST = 0.05  # standard deviations of an episode: a dose nearer to the target shows nothing
OFFSETS = (-0.3, -0.15, 0.0, 0.15, 0.3, 0.45)  # of two doses' middle from the boundary, in half
# their distance: it saves episodes where one side takes many more than the other
WIDER = 1.5  # times the distance of two doses, where their episodes are not to be had
INSIDE = 0.98  # share of the tolerance that two doses take up: rounding must not exceed it

Shown = tuple[Dose | None, Dose | None]  # doses shown to be too little, and enough


@dataclass(frozen=True)
class Design:
    """The design of a stage.

    Attributes:
        doses: one or two, in order of size.
        gaps: how far efficiency is believed to be from the target at each.
        n: episodes of each by the last look.
    """

    doses: tuple[Dose, ...]
    gaps: tuple[float, ...]
    n: int

    @property
    def looks(self) -> tuple[int, ...]:
        """Episodes of each dose by each look."""
        wanted = {math.ceil(self.n * share) for share in LOOKS}
        return tuple(sorted(n for n in wanted if n >= MIN_EPISODES)) or (self.n,)

    @property
    def fractions(self) -> tuple[float, ...]:
        """The same as shares of all of them."""
        return tuple(n / self.n for n in self.looks)


@dataclass(frozen=True)
class Designer:
    """Designs a stage on a direction.

    Attributes:
        direction: the direction, with the belief.
        alpha: error that each claim of the stage may spend.
        tolerance: largest difference of two doses' sizes, as a share of the larger one.
        left: most episodes of all doses.
    """

    direction: Direction
    alpha: float
    tolerance: float
    left: int = 2 * MAX_EPISODES

    def design(self, shown: Shown = (None, None)) -> Design:
        """Return the stage that the belief recommends.

        Two doses, one on each side of the believed boundary and as far apart as the tolerance
        allows, or as the doubt about the boundary asks for; one of them, where the other is shown
        already. One dose, too, where the target is believed to be out of reach (the most efficient
        setting), or to be reached without any incentive.

        Args:
            shown: the closest doses that were shown to be too little and to be enough.
        """
        crossings = self.direction.crossings
        if np.isfinite(crossings).mean() < DOUBT and not shown[1]:
            return self.planned((Dose(np.inf, self.direction.belief.most_efficient, "lower"),))
        if (crossings <= 0.0).mean() > DOUBT and not shown[0]:
            return self.planned((self.direction.dose(0.0, "upper"),))
        return self.planned(self._around(shown))

    def planned(self, doses: tuple[Dose, ...]) -> Design:
        """Return a stage of some doses, with the episodes that they need."""
        n, most = max(self._needed(doses)), min(MAX_EPISODES, self.left // len(doses))
        return Design(doses, self._gaps(doses), min(max(n, MIN_EPISODES), most))

    def _around(self, shown: Shown) -> tuple[Dose, ...]:
        """Return doses on both sides of the boundary, those left out that are shown already.

        Doses that would take more episodes than are left lie further apart: little money buys a
        wide interval rather than none.
        """
        below, above = shown
        median, spread = self.direction.crossing
        start, end = below.t if below else 0.0, above.t if above else 1.0
        if below and above:  # what was shown stands above what is believed
            quarter = 0.25 * (end - start)
            median = min(max(median, start + quarter), end - quarter)
        half = max(self._reach(median, (-1.0, 1.0)), spread)
        while True:
            pairs = [(median + (o - 1.0) * half, median + (o + 1.0) * half) for o in OFFSETS]
            if above and median + half >= end:
                pairs = [(end - self._reach(end, (-1.0, 0.0)), end)]
            elif below and median - half <= start:
                pairs = [(start, start + self._reach(start, (0.0, 1.0)))]
            doses = min((self._outside(*pair, start, end) for pair in pairs), key=self._cost)
            if half >= end - start or len(doses) * max(self._needed(doses)) <= self.left:
                return doses
            half *= WIDER

    def _outside(self, low: float, high: float, start: float, end: float) -> tuple[Dose, ...]:
        """Return the nearest valid doses outside two positions, but inside those that are shown;
        where that leaves none, the nearest one between."""
        way = self.direction
        lower = way.dose(way.next_valid(max(low, start), start), "lower")
        upper = way.dose(way.next_valid(min(high, end), end), "upper")
        doses = (lower,) * (lower.t > start or start == 0.0) + (upper,) * (
            upper.t < end or end == 1
        )
        if doses:
            return doses
        middle = (low + high) / 2.0
        t = min(way.positions_between(start, end), key=lambda t: abs(t - middle))
        return (way.dose(t, "upper" if t >= middle else "lower"),)

    def _reach(self, t: float, signs: tuple[float, float]) -> float:
        """Return how far two doses may lie from a position, each by its sign, to be within the
        tolerance."""

        def excess(way: float) -> float:
            ends = np.clip(t + way * np.array(signs), 0.0, 1.0)
            low, high = self.direction.sizes(ends)
            return float(high - low - INSIDE * self.tolerance * abs(high))

        return 1.0 if excess(1.0) <= 0.0 else float(brentq(excess, 0.0, 1.0, xtol=1e-6))

    def _cost(self, doses: tuple[Dose, ...]) -> int:
        """Return the episodes of all doses, each played for as long as itself needs."""
        return sum(self._needed(doses))

    def _needed(self, doses: tuple[Dose, ...]) -> list[int]:
        """Return the episodes that show each dose to lie on its side, if its gap is as believed."""
        claim = self.alpha / self.direction.belief.claims_per_end
        z, target = float(norm.isf(levels(LOOKS, claim)[-1])) + POWER, self.direction.belief.target
        needed = []
        for dose, gap in zip(doses, self._gaps(doses), strict=True):
            room = max(target if dose.purpose == "upper" else 1.0 - target, 0.05)
            unseen = SPARE * math.log(claim) / math.log1p(-min(gap / room, 0.9))  # see `bounds`
            needed.append(math.ceil(max((self._sd * z / gap) ** 2, unseen)))
        return needed

    def _gaps(self, doses: tuple[Dose, ...]) -> tuple[float, ...]:
        """Return how far efficiency is believed to be on the hoped side of the target."""
        means = self.direction.belief.mean([dose.params for dose in doses])
        signs = (1.0 if dose.purpose == "upper" else -1.0 for dose in doses)
        target, least = self.direction.belief.target, max(SMALLEST * self._sd, 1e-4)
        gaps = (s * (float(m) - target) for s, m in zip(signs, means, strict=True))
        return tuple(max(gap, least) for gap in gaps)

    @property
    def _sd(self) -> float:
        """Standard deviation of one episode's efficiency where its mean is the target."""
        belief = self.direction.belief
        return float(belief.posterior.data.variance_at(np.array([belief.target]))[0] ** 0.5)
