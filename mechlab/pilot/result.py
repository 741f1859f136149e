"""What came of a pilot: the answer, what it rests on, and what it cost in live episodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mechlab.mechanism import Mechanism
from mechlab.pilot.confirm import Look
from mechlab.pilot.emulate import Offline
from mechlab.pilot.fit import Fitted
from mechlab.statistics import Summary
from mechlab.study import Study

PilotStatus = Literal["confirmed", "unreachable", "out_of_budget"]


@dataclass(frozen=True)
class Dose:
    """What the study's own agents reached at a size, relative to the target's reference point."""

    candidate: str
    size: float
    episodes: int
    mean: float


@dataclass(frozen=True)
class PilotResult:
    """Outcome of pilot, emulate, search, confirm.

    Attributes:
        study: the study.
        status: ``confirmed``: the episodes of the study's own agents show the size to be enough;
            ``unreachable``: they show the largest in range not to be; ``out_of_budget``.
        candidate, mechanism: the answer.
        interval: (lo, hi) of the smallest sufficient size, from those episodes; ``hi`` is the
            answer's. Where they show no lower end it is that of the range; out of budget, ``hi``
            is where the answer is believed.
        fit: the emulated agents, as fitted at last.
        offline: all candidates as the emulated agents have them, the smallest first.
        looks: what the episodes said each time they were looked at, in order.
        doses: what was played, by candidate and size.
        outcome: ``reached`` (relative to the target's reference point), ``efficiency``, ``spend``
            and ``group_revenue`` at the answer, from the episodes near it.
        episodes: of the study's own agents: ``pilot`` and ``confirm``.
    """

    study: Study
    status: PilotStatus
    candidate: str
    mechanism: Mechanism
    interval: tuple[float, float]
    fit: Fitted
    offline: tuple[Offline, ...]
    looks: tuple[Look, ...]
    doses: tuple[Dose, ...]
    outcome: Mapping[str, Summary]
    episodes: Mapping[str, int]

    @property
    def size(self) -> float:
        """The answer's size."""
        return self.interval[1]

    @property
    def best(self) -> Offline:
        """The answer's candidate as the emulated agents have it."""
        return next(one for one in self.offline if one.candidate == self.candidate)

    def as_json(self) -> dict[str, Any]:
        """Return it as one object, named as that of a search."""
        study = self.study
        return {
            "study": study.name,
            "status": self.status,
            "mechanism": str(self.mechanism),
            "params": self.mechanism.params,
            "size": {
                "measure": study.minimise,
                "value": self.size,
                "interval": list(self.interval),
                "emulated": list(self.best.interval(study.target.confidence)),
            },
            **{name: one.as_json() for name, one in self.outcome.items()},
            "target": study.target.model_dump(),
            "confidence": study.target.confidence,
            "episodes": dict(self.episodes),
            "looks": [asdict(look) for look in self.looks],
            "doses": [asdict(dose) for dose in self.doses],
            "candidates": [
                {
                    "mechanism": one.candidate,
                    "size": one.size,
                    "interval": list(one.interval(study.target.confidence)),
                }
                for one in self.offline
            ],
            "agent": asdict(self.fit.agent.fitted),
            "warnings": list(self.fit.warnings),
        }
