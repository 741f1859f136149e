"""Emulated agents as questions with known answers: simulated once over a grid of doses.

Efficiency is relative to `sequential` at the same seeds. Between grid doses the mean is
interpolated (monotone cubic), and an episode keeps its deviation from the mean of the nearest grid
dose, so the same index has the same luck at every dose, as in the game itself. Near the boundary
doses are close together and each mean rests on 20,000 episodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq

from benchmarks.curves import HELD_OUT, RATE, Array, Question
from mechlab.mechanism import parse
from mechlab.simulation import simulate

TARGETS = {"o3": 0.8, "gpt-5-mini": 0.8, "deepseek-r1": 0.7}  # all within reach
GRID = np.concatenate([[0.0], np.geomspace(60.0, 5000.0, 24)])
TRUTH_SEED = 1_000_003  # the truth rests on other luck than the episodes that searches play


@dataclass(frozen=True)
class Emulated(Question):
    """A question whose episodes come from a table (doses, episodes) of deviations from the mean."""

    table: Array = field(default_factory=lambda: np.zeros((0, 0)))

    def play(self, params: Mapping[str, Any], first: int, count: int, seed: int) -> Array:
        """Return the efficiency of some episodes; the same index has the same luck."""
        near = int(np.abs(GRID - params["rate"]).argmin())
        half = self.table.shape[1] // 2  # the certificate's episodes are others than exploring's
        start = np.random.default_rng(seed).integers(half) + first
        rows = half * (first >= HELD_OUT) + (start + np.arange(count)) % half
        return self.mean(params) + self.table[near, rows]


def emulated(population: str, *, rows: int = 16_000, truth: int = 20_000) -> Emulated:
    """Simulate a population under the sharing bonus, and find its smallest sufficient rate.

    Args:
        population: one of ``TARGETS``.
        rows: episodes a grid dose that searches may play.
        truth: held-out episodes behind each mean near the boundary.
    """
    target = TARGETS[population]
    played = np.stack([_efficiency(population, rate, rows, 0) for rate in GRID])
    coarse = PchipInterpolator(GRID, played.mean(axis=1))
    guess = _crossing(coarse, target)
    near = guess * np.linspace(0.9, 1.1, 7)
    exact = [_efficiency(population, rate, truth, TRUTH_SEED).mean() for rate in near]
    smooth = np.polynomial.Polynomial.fit(near, exact, 2)
    keep = (near[0] * 0.95 > GRID) | (near[-1] * 1.05 < GRID)
    doses = np.concatenate([GRID[keep], near])
    means = np.concatenate([played.mean(axis=1)[keep], smooth(near)])
    order = np.argsort(doses)
    curve = PchipInterpolator(doses[order], means[order])
    return Emulated(
        name=population,
        target=target,
        space={"": RATE},
        mean=lambda p: float(curve(p["rate"])),
        size=lambda p: p["rate"],
        answers={"": _crossing(curve, target)},
        table=played - played.mean(axis=1, keepdims=True),
    )


def _efficiency(population: str, rate: float, episodes: int, seed: int) -> Array:
    mechanism = parse(f"sharing_bonus(rate={float(rate)!r})")
    played = simulate(population=population, mechanism=mechanism, episodes=episodes, seed=seed)
    return np.asarray(played["group_revenue"] / played.reference("sequential"))


def _crossing(curve: PchipInterpolator, target: float) -> float:
    grid = np.linspace(0.0, 5000.0, 2001)
    enough = np.flatnonzero(curve(grid) >= target)
    first = grid[enough[0]]
    return float(brentq(lambda x: curve(x) - target, max(0.0, first - 2.5), first))
