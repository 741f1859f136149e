"""What a sweep found: its points, each compared with the first of its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mechlab.statistics import Summary

if TYPE_CHECKING:
    from mechlab.sweep import Sweep


@dataclass(frozen=True)
class Point:
    """One value of what varies, played by one population.

    Attributes:
        line: the population. label: the value.
        measures: of all episodes.
        change: efficiency less that at the first value of the line, episode by episode: episodes of
            one number are pairs, for they share their luck as far as the values allow.
        reached: revenue relative to the target's reference point; None without a target.
        kinds: the kinds of agents.
    """

    line: str
    label: str
    measures: Mapping[str, Summary]
    change: Summary
    reached: Summary | None
    kinds: frozenset[str]

    def as_json(self) -> dict[str, Any]:
        """Return it as one object."""
        return {
            "population": self.line,
            "value": self.label,
            "measures": {name: one.as_json() for name, one in self.measures.items()},
            "change": self.change.as_json(),
            "reached": self.reached and self.reached.as_json(),
        }


@dataclass(frozen=True)
class Swept:
    """What a sweep found: its points, line by line."""

    sweep: Sweep
    points: tuple[Point, ...]

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of agents that played."""
        return frozenset(kind for point in self.points for kind in point.kinds)

    def line(self, name: str) -> tuple[Point, ...]:
        """Return the points of one line."""
        return tuple(point for point in self.points if point.line == name)

    def as_json(self) -> dict[str, Any]:
        """Return it as one object."""
        sweep = self.sweep
        return {
            "sweep": sweep.name,
            "question": sweep.question,
            "game": sweep.game,
            "varies": sweep.vary.name,
            "episodes": sweep.episodes,
            "seed": sweep.seed,
            "points": [point.as_json() for point in self.points],
        }
