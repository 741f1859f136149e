"""The published figures of the eight models, and the run and measure of ours for each."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from mechlab.errors import UserError, unknown

_HIDDEN = "hidden(board=true, notices=true, thoughts=true)"

RUNS: dict[str, tuple[str, str]] = {
    "baseline": ("baseline", "none"),
    "auto_request": ("auto_request", "none"),
    "auto_fulfill": ("auto_fulfill", "none"),
    "policy": ("baseline", "protocol"),
    "incentive_1000": ("baseline", "sharing_bonus(rate=1000)"),
    "limited_visibility": ("baseline", _HIDDEN),
}
"""Condition of the game and mechanism that each published condition stands for."""

MEASURED = {
    "tasks": "tasks",
    "relative_change": "tasks",
    "efficiency": "efficiency",
    "messages_per_task": "messages_per_task",
    "gini": "gini",
    "response_rate": "response_rate",
    "pipeline_efficiency": "pipeline_efficiency",
}
"""Our measure for each published metric; what was read from thoughts has none."""

_COLUMNS = ("model", "condition", "metric", "value", "ci95", "unit", "source")
_SLACK = 0.1  # half-width over the value where no interval is published: the others' median is 9%


@dataclass(frozen=True)
class Figure:
    """One published figure.

    Attributes:
        model, condition, metric: what was measured.
        value: the figure, in ``unit``.
        ci95: half-width of its published 95% interval; nan where none is published.
        source: table of the study.
        target: the value that our measure should have: ``value``, and tasks for a relative change.
    """

    model: str
    condition: str
    metric: str
    value: float
    ci95: float
    unit: str
    source: str
    target: float

    @property
    def measure(self) -> str | None:
        """The name of our measure for its metric; None where there is none."""
        return MEASURED.get(self.metric)

    @property
    def run(self) -> tuple[str, str]:
        """Condition of the game and mechanism that it is measured under."""
        return RUNS[self.condition]

    @property
    def is_headline(self) -> bool:
        """Whether it is its model's tasks in the baseline, which all other figures refer to."""
        return (self.condition, self.metric) == ("baseline", "tasks")

    @property
    def tolerance(self) -> float:
        """Half-width of the interval that ours should fall into: the published one, or 10%."""
        return _SLACK * abs(self.target) if math.isnan(self.ci95) else self.ci95

    def holds(self, ours: float) -> bool:
        """Whether ``ours`` lies within the tolerance of the target; nan does not."""
        return abs(ours - self.target) <= self.tolerance


@lru_cache(maxsize=8)
def published(path: str | Path | None = None) -> tuple[Figure, ...]:
    """Read published figures, one a row; the study's own by default.

    ``UserError`` for a file that cannot be read, or a wrong row, with its line.

    >>> [f.value for f in published() if (f.model, f.metric) == ("o3", "tasks")]
    [34.4, 100.0, 42.0]
    """
    source = Path(path) if path else files("mechlab.data").joinpath("zero_cost_published.csv")
    try:
        rows = list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the figures in {source}: {error}") from None
    missing = set(_COLUMNS) - set(rows[0] if rows else ())
    if missing:
        raise UserError(f"{source}: columns missing: {', '.join(sorted(missing))}")
    baseline = {
        row["model"]: row["value"]
        for row in rows
        if (row["condition"], row["metric"]) == ("baseline", "tasks")
    }
    return tuple(_figure(row, baseline, f"{source}, line {i}") for i, row in enumerate(rows, 2))


def _figure(row: dict[str, str], baseline: dict[str, str], where: str) -> Figure:
    if row["condition"] not in RUNS:
        raise UserError(f"{where}: {unknown('condition', row['condition'], RUNS)}")
    if row["metric"] == "relative_change" and row["model"] not in baseline:
        raise UserError(f"{where}: a relative change needs the baseline tasks of {row['model']!r}")
    try:
        value = float(row["value"])
        ci95 = float(row["ci95"] or "nan")
        relative = row["metric"] == "relative_change"
        target = float(baseline[row["model"]]) * (1.0 + value) if relative else value
    except ValueError as error:
        raise UserError(f"{where}: {error}") from None
    texts = {name: row[name] for name in _COLUMNS if name not in ("value", "ci95")}
    return Figure(**texts, value=value, ci95=ci95, target=target)


def models(figures: Sequence[Figure]) -> tuple[str, ...]:
    """Return the models that have a baseline, in the order of the file; ``perfect`` is scripted.

    >>> models(published())[:2]
    ('gemini-2.5-pro', 'claude-sonnet-4')
    """
    return tuple(f.model for f in figures if f.is_headline and f.model != "perfect")
