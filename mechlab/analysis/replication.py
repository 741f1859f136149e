"""The published study, replicated: every figure beside ours, with interval and residual."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mechlab.agents.base import AGENTS
from mechlab.agents.emulated import stored
from mechlab.analysis.tensions import Tension, tensions
from mechlab.calibrate import Residual
from mechlab.calibrate.published import Figure, published
from mechlab.simulation import Episodes, simulate
from mechlab.statistics import Summary, summarise

UNKNOWN = "not among the figures of the stored fit"
UNKNOWN_MEAN = Summary(math.nan, math.nan, (math.nan, math.nan), 0)


@dataclass(frozen=True)
class Replica(Residual):
    """A published figure beside ours; ``summary`` is of no episodes where we do not measure it."""

    summary: Summary = UNKNOWN_MEAN

    @property
    def measured(self) -> bool:
        """Whether it can be compared: what was read from thoughts cannot."""
        return self.figure.measure is not None

    @property
    def residual(self) -> float:
        """Ours less the published, in the measure's unit."""
        return self.ours - self.figure.target

    def as_json(self) -> dict[str, Any]:
        """Return it as one flat object; ``ours`` has its interval and number of episodes."""
        ours = {**self.row, "ours": self.summary.as_json(), "residual": self.residual}
        return {"model": self.figure.model, **ours}


@dataclass(frozen=True)
class Replication:
    """All published figures beside ours, in the order of the file, and where they pull apart."""

    replicas: tuple[Replica, ...]
    episodes: int
    seed: int
    tensions: tuple[Tension, ...] = ()

    @cached_property
    def fitted(self) -> tuple[Replica, ...]:
        """Figures that the stored fit tried to meet."""
        return tuple(r for r in self.replicas if r.measured and r.fitted)

    @cached_property
    def held_out(self) -> tuple[Replica, ...]:
        """Figures that can be compared and that the stored fit did not see."""
        return tuple(r for r in self.replicas if r.measured and not r.fitted)

    @property
    def misfits(self) -> tuple[Replica, ...]:
        """Figures that ours miss, the furthest off first."""
        missed = (r for r in self.replicas if r.measured and not r.inside)
        return tuple(sorted(missed, key=lambda r: -np.nan_to_num(r.factor, nan=math.inf)))

    @property
    def patterns(self) -> dict[str, Counter[str]]:
        """By metric, how many figures are ``met``, ``too large``, ``too small`` (or undefined)."""
        sides: dict[str, Counter[str]] = {}
        for replica in self.replicas:
            if replica.measured:
                side = "too large" if replica.residual > 0 else "too small"
                count = sides.setdefault(replica.figure.metric, Counter())
                count["met" if replica.inside else side] += 1
        return sides

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
    return Replication(replicas, episodes, seed, tensions(replicas))


def _replica(
    figure: Figure,
    played: Mapping[tuple[str, tuple[str, str]], Episodes],
    known: Mapping[tuple[str, str, str], Mapping[str, Any]],
) -> Replica:
    fit = known.get(_key(figure), {"fitted": False, "reason": UNKNOWN})
    ours = UNKNOWN_MEAN
    if figure.measure:
        ours = summarise(np.asarray(played[figure.model, figure.run][figure.measure]))
    return Replica(figure, ours.mean, fit["fitted"], fit["reason"], ours)


def _stored() -> dict[tuple[str, str, str], Mapping[str, Any]]:
    """Return what the stored fit says of each figure."""
    fit = stored()
    rows = [(name, row) for name, entry in fit["models"].items() for row in entry["figures"]]
    rows += [(row["model"], row) for row in fit["others"]]
    return {(name, row["condition"], row["metric"]): row for name, row in rows}


def _key(figure: Figure) -> tuple[str, str, str]:
    return figure.model, figure.condition, figure.metric


def _share(replicas: Sequence[Replica]) -> dict[str, Any]:
    inside, of = sum(replica.inside for replica in replicas), len(replicas)
    return {"inside": inside, "of": of, "share": inside / of if of else math.nan}
