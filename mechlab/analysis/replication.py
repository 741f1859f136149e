"""The published study, replicated: every figure beside ours, with interval and residual."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from mechlab.agents.base import AGENTS
from mechlab.agents.emulated import stored
from mechlab.analysis.tensions import Tensions, tensions
from mechlab.calibrate import Residual
from mechlab.calibrate.published import Figure, published
from mechlab.simulation import Episodes, simulate
from mechlab.statistics import Summary, summarise

UNKNOWN = "not among the figures of the stored fit"
FAR = 1.5  # times too large or too small: more than half as much again
_NONE = {"met": 0, "too_large": 0, "too_small": 0}
_NOTHING = Summary(math.nan, math.nan, (math.nan, math.nan), 0)


@dataclass(frozen=True)
class Replica:
    """A published figure and ours.

    Attributes:
        cell: the figure, and whether the stored fit tried to meet it.
        ours: our mean with its interval; of no episodes where there is no measure of ours.
    """

    cell: Residual
    ours: Summary

    @property
    def figure(self) -> Figure:
        """The published figure."""
        return self.cell.figure

    @property
    def measured(self) -> bool:
        """Whether it can be compared: what was read from thoughts cannot."""
        return self.figure.measure is not None

    @property
    def residual(self) -> float:
        """Ours less the published, in the measure's unit."""
        return self.ours.mean - self.figure.target

    def as_json(self) -> dict[str, Any]:
        """Return it as one flat object; ``ours`` has its interval and number of episodes."""
        ours = {**self.cell.row, "ours": self.ours.as_json(), "residual": self.residual}
        return {"model": self.figure.model, **ours}


@dataclass(frozen=True)
class Pattern:
    """How many figures of a metric are met, too large, and too small (or undefined)."""

    metric: str
    met: int
    too_large: int
    too_small: int


@dataclass(frozen=True)
class Replication:
    """All published figures beside ours, in the order of the file.

    Attributes:
        episodes, seed: of each run of ours; the episodes are held out.
        tensions: where published figures pull apart.
    """

    replicas: tuple[Replica, ...]
    episodes: int
    seed: int
    tensions: Tensions = field(default_factory=Tensions)

    @cached_property
    def fitted(self) -> tuple[Replica, ...]:
        """Figures that the stored fit tried to meet."""
        return tuple(r for r in self.replicas if r.measured and r.cell.fitted)

    @cached_property
    def held_out(self) -> tuple[Replica, ...]:
        """Figures that can be compared and that the stored fit did not see."""
        return tuple(r for r in self.replicas if r.measured and not r.cell.fitted)

    @property
    def misfits(self) -> tuple[Replica, ...]:
        """Figures that ours miss, the furthest off first."""
        missed = (r for r in self.replicas if r.measured and not r.cell.inside)
        return tuple(sorted(missed, key=lambda r: -np.nan_to_num(r.cell.factor, nan=math.inf)))

    @property
    def far(self) -> tuple[Replica, ...]:
        """The misfits that are off by more than a factor of ``FAR``, or by no defined one."""
        return tuple(r for r in self.misfits if not r.cell.factor <= FAR)

    @property
    def near(self) -> tuple[Replica, ...]:
        """The other misfits."""
        return tuple(r for r in self.misfits if r.cell.factor <= FAR)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """How well each metric is met."""
        sides: dict[str, Counter[str]] = {}
        for replica in self.replicas:
            if replica.measured:
                side = "too_large" if replica.residual > 0 else "too_small"
                count = sides.setdefault(replica.figure.metric, Counter())
                count["met" if replica.cell.inside else side] += 1
        return tuple(Pattern(m, **{**_NONE, **counts}) for m, counts in sides.items())

    def of(self, model: str, condition: str, metric: str) -> Replica | None:
        """Return one figure, None where it was not published."""
        wanted = (model, condition, metric)
        return next((r for r in self.replicas if _key(r.figure) == wanted), None)

    def as_json(self) -> dict[str, Any]:
        """Return it as one object."""
        return {
            "episodes": self.episodes,
            "seed": self.seed,
            "inside": {"fitted": _share(self.fitted), "held_out": _share(self.held_out)},
            "cells": [replica.as_json() for replica in self.replicas],
        }


def replicate(*, episodes: int = 1000, seed: int = 1) -> Replication:
    """Play every published condition with every model's stand-in, and compare all figures.

    Args:
        episodes: of each condition and model; at least two, for an interval.
        seed: not that of the fit, so that the episodes are held out. Figures of one run share them.

    >>> replicate(episodes=2).of("perfect", "baseline", "tasks").figure.value
    204.0
    """
    figures = published()
    runs = {(f.model, f.run) for f in figures if f.measure}
    played = {
        (model, (condition, mechanism)): simulate(
            "sharing",
            AGENTS.get(model),
            mechanism,
            episodes=episodes,
            seed=seed,
            condition=condition,
        )
        for model, (condition, mechanism) in sorted(runs)
    }
    known = _stored()
    replicas = tuple(_replica(f, played, known) for f in figures)
    return Replication(replicas, episodes, seed, tensions([r.cell for r in replicas]))


def _replica(
    figure: Figure,
    played: Mapping[tuple[str, tuple[str, str]], Episodes],
    known: Mapping[tuple[str, str, str], Mapping[str, Any]],
) -> Replica:
    ours = _NOTHING
    if figure.measure:
        ours = summarise(np.asarray(played[figure.model, figure.run][figure.measure]))
    fit = known.get(_key(figure), {"fitted": False, "reason": UNKNOWN})
    return Replica(Residual(figure, ours.mean, fit["fitted"], fit["reason"]), ours)


def _stored() -> dict[tuple[str, str, str], Mapping[str, Any]]:
    """Return what the stored fit says of each figure."""
    fit = stored()
    rows = [(name, row) for name, entry in fit["models"].items() for row in entry["figures"]]
    rows += [(row["model"], row) for row in fit["others"]]
    return {(name, row["condition"], row["metric"]): row for name, row in rows}


def _key(figure: Figure) -> tuple[str, str, str]:
    return figure.model, figure.condition, figure.metric


def _share(replicas: Sequence[Replica]) -> dict[str, Any]:
    inside, of = sum(replica.cell.inside for replica in replicas), len(replicas)
    return {"inside": inside, "of": of, "share": inside / of if of else math.nan}
