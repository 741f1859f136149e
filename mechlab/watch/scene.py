"""What a watched search shows at one moment, in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Meter:
    """How much is used up, and of which cap; None where there is none."""

    name: str
    used: float
    cap: float | None


@dataclass(frozen=True)
class Standing:
    """How far one candidate is: where its smallest size is believed to lie, and what is shown."""

    candidate: str
    trials: int
    believed: str
    shown: str
    status: str


@dataclass(frozen=True)
class Worker:
    """What one worker does, and how many seconds ago it was heard of."""

    name: str
    doing: str
    silence: float
    alive: bool


@dataclass(frozen=True)
class Scene:
    """A search at one moment.

    Attributes:
        phase: ``exploring``, ``certifying``, or ``at rest`` where nobody is at work.
        meters: what is used up of the budget.
        standings: one for each candidate. workers: who is at work.
        recent: the latest trials, a row each: number, candidate, setting, efficiency, state.
    """

    phase: str
    meters: tuple[Meter, ...]
    standings: tuple[Standing, ...]
    workers: tuple[Worker, ...]
    recent: tuple[tuple[str, ...], ...]
