"""The published study, replicated: every figure beside ours, with interval and residual."""

from __future__ import annotations

import math
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
_NOTHING = Summary(math.nan, math.nan, (math.nan, math.nan), 0)


@dataclass(frozen=True)
class Replica:
    """A published figure and ours.

    Attributes:
        cell: the figure, our mean, and whether the stored fit had tried to meet it.
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
    """How well the figures of one metric are met, and to which side the others are off.

    Attributes:
        metric: its name.
        met, too_large, too_small: numbers of figures; an undefined one is too small.
    """

    metric: str
    met: int
    too_large: int
    too_small: int


@dataclass(frozen=True)
class Replication:
    """All published figures beside ours, in the order of the file.

    Attributes:
        replicas: one for each figure.
        episodes: held-out episodes of each run of ours. seed: their seed.
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
        return tuple(sorted(missed, key=lambda r: -_known(r.cell.factor)))

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
        measured = [r for r in self.replicas if r.measured]
        metrics = dict.fromkeys(r.figure.metric for r in measured)
        return tuple(_pattern(m, [r for r in measured if r.figure.metric == m]) for m in metrics)

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
    played = {key: _play(*key, episodes, seed) for key in sorted(runs)}
    known = _stored()
    replicas = tuple(_replica(f, played, known) for f in figures)
    return Replication(replicas, episodes, seed, tensions([r.cell for r in replicas]))


def _play(model: str, run: tuple[str, str], episodes: int, seed: int) -> Episodes:
    condition, mechanism = run
    agent = AGENTS.get(model)
    return simulate("sharing", agent, mechanism, episodes=episodes, seed=seed, condition=condition)


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
    inside = sum(replica.cell.inside for replica in replicas)
    of = len(replicas)
    return {"inside": inside, "of": of, "share": inside / of if of else math.nan}


def _pattern(metric: str, some: Sequence[Replica]) -> Pattern:
    missed = [replica for replica in some if not replica.cell.inside]
    large = sum(replica.residual > 0 for replica in missed)
    return Pattern(metric, len(some) - len(missed), large, len(missed) - large)


def _known(factor: float) -> float:
    return math.inf if math.isnan(factor) else factor
