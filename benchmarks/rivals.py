"""Other searches that claim what ours does: a dose shown to be enough, and one to be too little.

Each explores in a way of its own, then plays held-out episodes at two doses around where it puts
the threshold (`claim`), judged by the bounds that ours are judged by. A stage that fails leaves
less error to the next one, and its episodes teach the model, so that no rival ends at its first
bad luck. With one mechanism of one parameter only, on [0, `TOP`].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import isotonic_regression
from scipy.special import expit, ndtr
from scipy.stats import norm

from benchmarks.curves import HELD_OUT, RATE, Array, Question
from benchmarks.searchers import CERTIFY, Outcome
from mechlab.search._replicates import Replicates
from mechlab.search._space import Space
from mechlab.search._threshold import TOLERANCE, Belief
from mechlab.search.bounds import MIN_EPISODES, Sample, Serial, mean_bounds, serial_correlation

TOP = 5000.0
ALPHA = 0.05
SHARE = 0.85  # of the error that is left, for the next stage
BLOCK = 64  # episodes of a dose before the other one's turn
EXPLORE = 2_000  # most episodes of exploring
CLOSE = 0.4  # of the tolerance: doubt about the threshold at which claims begin, as with ours
INSIDE = 0.98 * TOLERANCE  # what two doses take up
SPACE = Space.of(RATE)

Dose = tuple[float, bool]  # with whether it is hoped to be enough


class Model(Protocol):
    """What a rival believes."""

    def tell(self, x: float, values: Array) -> None:
        """Learn from episodes at a dose."""

    def mean(self, x: Array) -> Array:
        """Return mean efficiency at doses."""

    def crossing(self) -> float:
        """Return the threshold: 0 where nothing is needed, inf where the target is out of reach."""


class Lab:
    """Plays one question's episodes, and counts them."""

    def __init__(self, question: Question, seed: int) -> None:
        self.question, self.seed = question, seed
        self.explored = self.held = 0

    def explore(self, model: Model, x: float, count: int) -> Array:
        """Play some episodes, which the model learns."""
        values = self._play(x, self.explored, count)
        self.explored += count
        model.tell(x, values)
        return values

    def held_out(self, doses: list[float], count: int) -> list[Array]:
        """Play held-out episodes of some doses, in turns."""
        parts: list[list[Array]] = [[] for _ in doses]
        for start in range(0, count, BLOCK):
            for x, part in zip(doses, parts, strict=True):
                n = min(BLOCK, count - start)
                part.append(self._play(x, HELD_OUT + self.held, n))
                self.held += n
        return [np.concatenate(part) for part in parts]

    def _play(self, x: float, first: int, count: int) -> Array:
        return self.question.play({"rate": float(x)}, first, count, self.seed)


@dataclass
class Shown:
    """What was shown so far: the largest dose too little, the smallest enough, and whether the
    most efficient one is too little (its dose, otherwise nan)."""

    low: float = -np.inf
    high: float = np.inf
    top: float = np.nan
    contradicted: bool = False

    @property
    def decided(self) -> bool:
        """Whether there is nothing left to show."""
        narrow = self.high - self.low <= TOLERANCE * self.high + 1e-9
        return self.high <= 0.0 or not np.isnan(self.top) or (np.isfinite(self.high) and narrow)

    def judge(self, dose: Dose, values: Array, target: float, level: float, serial: Serial) -> bool:
        """Keep what a dose's episodes show; return whether that is all they will show."""
        x, enough = dose
        lower, upper = mean_bounds(Sample.of(values), level, level, serial)
        if enough and lower >= target and x < self.high:
            self.high, self.contradicted = x, upper < target
        if not enough and upper < target:
            self.low = max(self.low, x)
        return lower >= target or upper < target


def claim(lab: Lab, model: Model, sequential: bool = False) -> Outcome:
    """Show two doses to be enough and too little; as far as the budget goes.

    Args:
        lab: where to play.
        model: says where, and learns.
        sequential: judge at 16, 32, 64, ... episodes with error 1/2, 1/6, 1/12, ... (a test of
            power one); otherwise once, after as many episodes as the model says are needed.
    """
    shown, left = Shown(), ALPHA
    while not shown.decided:
        alpha, budget = SHARE * left, CERTIFY - lab.held
        left -= alpha
        doses = _doses(model, lab, shown, alpha, budget)
        n = min(budget // len(doses), 4096 if sequential else _needed(model, lab, doses, alpha))
        if n < MIN_EPISODES:
            break
        looks = [16 << k for k in range(9) if 16 << k <= n] if sequential else [n]
        values = {dose: np.zeros(0) for dose in doses}
        waiting = doses
        for k, look in enumerate(looks):
            new = lab.held_out([x for x, _ in waiting], look - len(values[waiting[0]]))
            for dose, more in zip(waiting, new, strict=True):
                values[dose] = np.append(values[dose], more)
            level = alpha / ((k + 1) * (k + 2)) if sequential else alpha
            serial = serial_correlation([*values.values()], BLOCK)
            judged = partial(shown.judge, target=lab.question.target, level=level, serial=serial)
            waiting = [dose for dose in waiting if not judged(dose, values[dose])]
            if not waiting:
                break
        if len(doses) == 1 and np.isinf(shown.high) and doses[0] == (shown.low, False):
            shown.top = shown.low  # the most efficient one, by `_doses`
        for (x, _), played in values.items():
            model.tell(x, played)
    return _outcome(lab, shown)


def _outcome(lab: Lab, shown: Shown) -> Outcome:
    low, high, top = shown.low, shown.high, shown.top
    episodes, q = lab.explored + lab.held, lab.question
    if high <= 0.0:
        low = 0.0
    if np.isfinite(high):
        truth = np.inf if np.isnan(q.answer) else q.answer
        mean = q.mean({"rate": high})
        holds = bool(low <= truth <= high)
        return Outcome("certified", episodes, (low, high), mean, holds, shown.contradicted)
    if not np.isnan(top):
        return Outcome("not_reached", episodes, covers=q.mean({"rate": top}) < q.target)
    holds = bool(np.isnan(q.answer) or low <= q.answer)
    return Outcome("out_of_budget", episodes, covers=holds)


def _doses(model: Model, lab: Lab, shown: Shown, alpha: float, budget: int) -> list[Dose]:
    """Return doses with whether they are hoped to be enough; further apart where too dear."""
    low, high = shown.low, shown.high
    at = model.crossing()
    if np.isinf(at) and np.isinf(high):
        return [(_peak(model), False)]
    if at <= 0.0 and np.isinf(low):
        return [(0.0, True)]
    at = min(at, TOP, high * 0.999)
    at = max(at, 1.0, low * 1.001)
    width = INSIDE
    while True:
        up = min(at / (1.0 - width / 2.0), TOP)
        down = up * (1.0 - width)
        if np.isfinite(low) and at < low * (1.0 + 0.7 * INSIDE):  # one end stands
            pair = [(min(low / (1.0 - INSIDE), TOP), True)]
        elif np.isfinite(high) and at > high * (1.0 - 0.7 * INSIDE):
            pair = [(high * (1.0 - INSIDE), False)]
        else:
            pair = [(max(down, low), False)] * (down > low) + [(up, True)] * (up < high)
        if pair and len(pair) * _needed(model, lab, pair, alpha) <= budget:
            return pair
        width *= 1.5
        if width > 1.0:
            return pair or [((low + high) / 2.0, True)]


def _peak(model: Model) -> float:
    x = np.linspace(0.0, TOP, 101)
    return float(x[int(np.argmax(model.mean(x)))])


def _needed(model: Model, lab: Lab, doses: list[Dose], alpha: float) -> int:
    """Return the episodes that show each dose to lie on its side, with a chance of 98%."""
    sd, target, most = model.sd, lab.question.target, MIN_EPISODES
    means = model.mean(np.array([x for x, _ in doses]))
    for (_, enough), mean in zip(doses, means, strict=True):
        gap = max((mean - target) * (1.0 if enough else -1.0), 0.05 * sd, 1e-4)
        room = max(target if enough else 1.0 - target, 0.05)
        unseen = 2.0 * math.log(alpha) / math.log1p(-min(gap / room, 0.9))
        most = max(most, math.ceil((sd * (norm.isf(alpha) + 2.0) / gap) ** 2), math.ceil(unseen))
    return most


class Table:
    """Means of all doses, made monotone, with a smooth curve through them."""

    def __init__(self, target: float) -> None:
        self.target = target
        self.sums: dict[float, list[float]] = {}  # episodes, sum, sum of squares

    def tell(self, x: float, values: Array) -> None:
        """Learn from episodes at a dose."""
        old = self.sums.get(float(x), [0.0, 0.0, 0.0])
        new = (len(values), float(values.sum()), float((values**2).sum()))
        self.sums[float(x)] = [a + b for a, b in zip(old, new, strict=True)]

    @property
    def sd(self) -> float:
        """Standard deviation of an episode, of the doses whose means are nearest the target."""
        rows = sorted(self.sums.values(), key=lambda s: abs(s[1] / s[0] - self.target))[:4]
        squares = sum(s[2] - s[1] ** 2 / s[0] for s in rows)
        return float(max(squares / max(sum(s[0] - 1.0 for s in rows), 1.0), 1e-6) ** 0.5)

    def mean(self, x: Array) -> Array:
        """Return mean efficiency at doses."""
        doses = np.array(sorted(self.sums))
        n, total = np.array([self.sums[d][:2] for d in doses]).T
        if len(doses) < 2:
            return np.full(len(x), float(total[0] / n[0]))
        fitted = isotonic_regression(total / n, weights=n).x
        curve = PchipInterpolator(doses, fitted)
        return np.asarray(curve(np.clip(x, doses[0], doses[-1])))

    def crossing(self) -> float:
        """Return the middle of where the curve meets the target."""
        x = np.unique(np.concatenate([[0.0], np.geomspace(0.5, TOP, 1500)]))
        enough = self.mean(x) >= self.target
        if not enough.any():
            return np.inf
        first = int(np.argmax(enough))
        return float(x[first] + x[first - 1]) / 2.0 if first else 0.0


class Bisector(Table):
    """Probabilistic bisection: a density of the threshold over a grid, the last cell beyond."""

    def __init__(self, target: float) -> None:
        super().__init__(target)
        self.x = np.unique(np.concatenate([np.geomspace(1.0, TOP, 1200), np.linspace(0, TOP, 801)]))
        width = np.diff(self.x, prepend=0.0) + 1.0
        self.log = np.log(width / width.sum())
        self.beyond = math.log(0.1)

    @property
    def weights(self) -> Array:
        """Chance that the threshold is at each dose; last, that it is beyond the range."""
        log = np.append(self.log, self.beyond)
        w = np.exp(log - log.max())
        return np.asarray(w / w.sum())

    def quantile(self, q: float) -> float:
        """Return a quantile, inf beyond the range."""
        return float(np.append(self.x, np.inf)[np.searchsorted(np.cumsum(self.weights), q)])

    def crossing(self) -> float:
        """Return the median."""
        at = self.quantile(0.5)
        return 0.0 if at < 0.5 else at

    def learn(self, x: float, enough: bool, p: float) -> None:
        """Reweigh: the threshold lies at or below x (enough) with probability p, else above."""
        below = self.x <= x
        self.log += np.log(np.where(below == enough, p, 1.0 - p))
        self.beyond += math.log(1.0 - p if enough else p)

    def tell(self, x: float, values: Array) -> None:
        """Learn from episodes at a dose: the side of their mean, as sure as its error makes it."""
        super().tell(x, values)
        error = max(self.sd, 1e-3) / len(values) ** 0.5
        z = (float(values.mean()) - self.target) / error
        p = min(max(float(ndtr(abs(z))), 0.51), 0.95)
        self.learn(x, z >= 0.0, p)


def bisection(question: Question, seed: int) -> Outcome:
    """Probabilistic bisection (Waeber, Frazier & Henderson 2013): at the median of the density a
    sequential test of power one says on which side the threshold lies; then such tests at both
    ends. A test that lasts too long is stopped, and its mean counts as far as it goes."""
    lab, model = Lab(question, seed), Bisector(question.target)
    for x in (0.0, TOP):
        lab.explore(model, x, 16)
    for _ in range(60):
        spread = model.quantile(0.84) - model.quantile(0.16)
        at = min(model.quantile(0.5), TOP)
        if lab.explored > EXPLORE or spread < 2.0 * CLOSE * TOLERANCE * max(at, 1.0):
            break
        if model.weights[-1] > 0.95 or model.crossing() <= 0.0:
            break
        values = np.zeros(0)
        for k in range(5):
            more = lab._play(at, lab.explored, 16 if k == 0 else len(values))
            lab.explored += len(more)
            values = np.append(values, more)
            level = 0.1 / ((k + 1) * (k + 2))
            lower, upper = mean_bounds(Sample.of(values), level)
            if lower >= question.target or upper < question.target:
                break
        model.tell(at, values)
    return claim(lab, model, sequential=True)


class Straddle:
    """A Gaussian process: the model that our own search believes in."""

    def __init__(self, target: float) -> None:
        self.target = target
        self.trials: tuple[Replicates, ...] = ()
        self.belief: Belief | None = None

    def tell(self, x: float, values: Array) -> None:
        """Learn from episodes at a dose."""
        first = sum(len(t.values) for t in self.trials)
        self.trials += (Replicates((float(x) / TOP,), first, tuple(map(float, values))),)
        short = self.belief.shortlist_for(len(self.trials)) if self.belief else None
        size = _rate
        self.belief = Belief(SPACE, self.target, 0.95, self.trials, size, (), short)

    @property
    def known(self) -> Belief:
        """The belief after all trials."""
        assert self.belief is not None
        return self.belief

    @property
    def sd(self) -> float:
        """Standard deviation of an episode whose mean is the target."""
        return float(self.known.posterior.data.variance_at(np.array([self.target]))[0] ** 0.5)

    def mean(self, x: Array) -> Array:
        """Return mean efficiency at doses."""
        return self.known.posterior.mean(np.asarray(x)[:, None] / TOP)

    def crossing(self) -> float:
        """Return the median of the threshold."""
        threshold = self.known.threshold
        return threshold.median if threshold.reachable >= 0.5 else np.inf

    def next_dose(self) -> float:
        """Return the dose with the largest 1.96 sd - |mean - target|."""
        near = np.nan_to_num(self.known.threshold.median, nan=TOP)
        x = np.concatenate([np.linspace(0.0, TOP, 41), near * np.linspace(0.7, 1.3, 25)])
        x = np.clip(x, 0.0, TOP)
        curves = self.known.draw(x[:, None] / TOP)
        gain = 1.96 * curves.std(axis=0) - np.abs(curves.mean(axis=0) - self.target)
        return float(x[int(np.argmax(gain))])


def _rate(params: object) -> float:
    return float(params["rate"])  # type: ignore[index]


def straddle(question: Question, seed: int) -> Outcome:
    """Gaussian-process straddle (Bryan et al. 2005): explore where the target may be crossed; then
    two doses with a fixed sample size."""
    lab, model = Lab(question, seed), Straddle(question.target)
    for x in (TOP, 0.0, TOP / 2.0):
        lab.explore(model, x, 4)
    for step in range(24):
        t = model.known.threshold
        sure = t.reachable < 0.02 or (
            t.reachable > 0.9 and t.spread < CLOSE * TOLERANCE * max(t.median, 1.0)
        )
        if sure:
            break
        lab.explore(model, model.next_dose(), 4 if step < 6 else 16)
    return claim(lab, model)


class Logistic:
    """Curves floor + rise / (1 + (middle / x)^steepness), logistic in the log of the dose: a grid
    of middles and steepnesses, with floor and rise integrated out exactly."""

    MISFIT = 0.005  # sd of a mean about the curve: none is exactly logistic

    def __init__(self, target: float, seed: int) -> None:
        self.target, self.data = target, Table(target)
        self.rng = np.random.default_rng([seed, 5])
        middle, steep = np.meshgrid(np.geomspace(1.0, 10_000.0, 80), np.geomspace(0.6, 40.0, 24))
        self.middle, self.steep = middle.ravel(), steep.ravel()

    def tell(self, x: float, values: Array) -> None:
        """Learn from episodes at a dose."""
        self.data.tell(x, values)
        self.__dict__.pop("particles", None)

    @property
    def sd(self) -> float:
        """Standard deviation of an episode."""
        return self.data.sd

    def _shape(self, x: Array, middle: Array, steep: Array) -> Array:
        log = np.log(np.maximum(np.asarray(x, dtype=float), 1e-6))
        return np.asarray(expit(steep[:, None] * (log - np.log(middle)[:, None])))

    @cached_property
    def particles(self) -> tuple[Array, Array, Array, Array]:
        """Draws of middle, steepness, floor and rise from the posterior."""
        doses = np.array(sorted(self.data.sums))
        n, total = np.array([self.data.sums[d][:2] for d in doses]).T
        y, noise = total / n, self.sd**2 / n + self.MISFIT**2
        h = self._shape(doses, self.middle, self.steep)
        basis = np.stack([np.ones_like(h), h], axis=2)  # (M, D, 2)
        prior, sd = np.array([0.3, 0.5]), np.array([0.4, 0.5])
        precision = np.einsum("mdi,d,mdj->mij", basis, 1.0 / noise, basis) + np.diag(sd**-2)
        right = np.einsum("mdi,d,d->mi", basis, 1.0 / noise, y) + prior / sd**2
        best = np.linalg.solve(precision, right[:, :, None])[:, :, 0]
        log = 0.5 * np.einsum("mi,mi->m", right, best) - 0.5 * np.linalg.slogdet(precision)[1]
        weight = np.exp(log - log.max())
        chosen = self.rng.choice(len(weight), 400, p=weight / weight.sum())
        factor = np.linalg.cholesky(np.linalg.inv(precision[chosen]))
        floor, rise = (best[chosen] + (factor @ self.rng.normal(size=(400, 2, 1)))[:, :, 0]).T
        return self.middle[chosen], self.steep[chosen], floor, rise

    def curves(self, x: Array) -> Array:
        """Return the drawn curves (S, G) at doses."""
        middle, steep, floor, rise = self.particles
        return np.asarray(floor[:, None] + rise[:, None] * self._shape(x, middle, steep))

    def mean(self, x: Array) -> Array:
        """Return mean efficiency at doses."""
        return np.asarray(self.curves(np.asarray(x)).mean(axis=0))

    @property
    def thresholds(self) -> Array:
        """The threshold of each drawn curve, 0 or inf where it has none."""
        middle, steep, floor, rise = self.particles
        share = np.clip((self.target - floor) / np.maximum(rise, 1e-9), 1e-12, 1.0 - 1e-12)
        x = middle * (share / (1.0 - share)) ** (1.0 / steep)
        x = np.where(floor >= self.target, 0.0, np.where(x > TOP, np.inf, x))
        return np.asarray(np.where((rise <= 0.0) & (floor < self.target), np.inf, x))

    def crossing(self) -> float:
        """Return the median of the threshold."""
        return float(np.sort(self.thresholds)[200])

    def next_dose(self, count: int) -> float:
        """Return the dose after which the entropy of the threshold is expected to be least."""
        found = self.thresholds
        inside = found[(found > 0.0) & np.isfinite(found)]
        x = np.geomspace(5.0, TOP, 24)
        if len(inside):
            x = np.append(x, np.quantile(inside, np.linspace(0.02, 0.98, 17)))
        x = np.append(x, 0.0)
        bins = np.round(np.log(np.clip(found, 1.0, 2.0 * TOP)) / 0.015).astype(int)
        member = np.eye(bins.max() + 1)[bins]  # (S, B)
        curves, sd = self.curves(x), (self.sd**2 / count + self.MISFIT**2) ** 0.5
        outcomes = np.quantile(curves, (0.05, 0.25, 0.5, 0.75, 0.95), axis=0)  # (O, G)
        like = np.exp(-0.5 * ((outcomes[:, None, :] - curves[None]) / sd) ** 2) + 1e-300
        joint = np.einsum("osg,sb->ogb", like / like.sum(axis=1, keepdims=True), member)
        entropy = -(joint * np.log(joint + 1e-12)).sum(axis=2).mean(axis=0)
        return float(x[int(np.argmin(entropy))])


def psi(question: Question, seed: int) -> Outcome:
    """QUEST+ (Watson 2017) or Psi (Kontsevich & Tyler 1999): play the dose after which the entropy
    of the threshold of a parametric curve is expected to be least; then the two doses."""
    lab, model = Lab(question, seed), Logistic(question.target, seed)
    for x in (TOP, 0.0, TOP / 2.0):
        lab.explore(model, x, 4)
    for step in range(40):
        found = np.sort(model.thresholds)
        low, median, high = np.minimum(found[[64, 200, 336]], 10.0 * TOP)
        sure = high < 0.5 or np.isinf(found[8]) or high - low < 2.0 * CLOSE * TOLERANCE * median
        if sure:
            break
        count = 4 if step < 10 else 16
        lab.explore(model, model.next_dose(count), count)
    return claim(lab, model)


def pilot(question: Question, seed: int) -> Outcome:
    """Two-stage design: a pilot grid, and a finer one where the curve that fits it may cross the
    target; then two doses with the sample size that the fit says is needed."""
    lab, model = Lab(question, seed), Logistic(question.target, seed)
    for x in [0.0, *np.geomspace(TOP / 64.0, TOP, 7)]:
        lab.explore(model, x, 8)
    found = model.thresholds
    inside = found[(found > 0.0) & np.isfinite(found)]
    if len(inside) > 20:
        for x in np.quantile(inside, (0.05, 0.25, 0.5, 0.75, 0.95)):
            lab.explore(model, x, 16)
    return claim(lab, model)


RIVALS: dict[str, Callable[[Question, int], Outcome]] = {
    "bisection": bisection,
    "straddle": straddle,
    "pilot": pilot,
    "QUEST+": psi,
}
