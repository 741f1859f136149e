"""What came of a pilot: the answer, what it rests on, and what it cost in live episodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mechlab.mechanism import Mechanism
from mechlab.pilot.confirm import Look
from mechlab.pilot.fit import Fitted
from mechlab.search.widen import Interval, Widened
from mechlab.statistics import Summary
from mechlab.study import Study

PilotStatus = Literal["confirmed", "unreachable", "out_of_budget"]


@dataclass(frozen=True)
class Offline:
    """What the emulated agents say of one candidate.

    Attributes:
        candidate: its name in the study.
        size: smallest sufficient size of the fitted agents; inf where there is none.
        widened: the interval, and how much of its width comes from episodes and from the fit.
    """

    candidate: str
    size: float
    widened: Widened


@dataclass(frozen=True)
class PilotResult:
    """Outcome of pilot, emulate, search, confirm.

    Attributes:
        study: the study.
        status: ``confirmed``: fresh episodes of the study's own agents showed the size to be
            enough; ``unreachable``: they showed the largest in range not to be; ``out_of_budget``.
        candidate, mechanism: the answer.
        interval: (lo, hi) of the smallest sufficient size: ``hi`` is the answer's, shown to be
            enough where it is confirmed; ``lo`` rests on the fit, whose uncertainty it contains,
            or on fresh episodes where those showed more.
        fit: the emulated agents, as fitted at last.
        offline: all candidates as the emulated agents have them, the smallest first.
        looks: all looks at fresh episodes, in order.
        outcome: ``reached`` (relative to the target's reference point), ``efficiency``, ``spend``
            and ``group_revenue`` of the fresh episodes at the answer.
        episodes: of the study's own agents: ``pilot`` and ``confirm``.
    """

    study: Study
    status: PilotStatus
    candidate: str
    mechanism: Mechanism
    interval: Interval
    fit: Fitted
    offline: tuple[Offline, ...]
    looks: tuple[Look, ...]
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
        study, widened = self.study, self.best.widened
        return {
            "study": study.name,
            "status": self.status,
            "mechanism": str(self.mechanism),
            "params": self.mechanism.params,
            "size": {
                "measure": study.smallest,
                "value": self.size,
                "interval": list(self.interval),
                "emulated": list(widened.interval),
                "width_from": {"episodes": widened.episodes, "fit": widened.fit},
            },
            **{name: one.as_json() for name, one in self.outcome.items()},
            "target": study.target.model_dump(),
            "confidence": study.target.confidence,
            "episodes": dict(self.episodes),
            "looks": [asdict(look) for look in self.looks],
            "candidates": [
                {
                    "mechanism": one.candidate,
                    "size": one.size,
                    "interval": list(one.widened.interval),
                }
                for one in self.offline
            ],
            "agent": asdict(self.fit.agent.fitted),
            "warnings": list(self.fit.warnings),
        }
