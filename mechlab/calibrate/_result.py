"""The result of a fit to figures (agents and residuals), and how any fit is stored."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mechlab.agents.emulated import Emulated
from mechlab.calibrate.published import Figure
from mechlab.errors import UserError


@dataclass(frozen=True)
class Residual:
    """A published figure beside ours.

    Attributes:
        figure: the published figure.
        ours: our mean over held-out episodes; nan where we do not measure it.
        fitted: whether the fit used it.
        reason: why it did not; empty where it did.
    """

    figure: Figure
    ours: float
    fitted: bool
    reason: str = ""

    @property
    def inside(self) -> bool:
        """Whether ours lies in the published interval, or within 10% where there is none."""
        return self.figure.holds(self.ours)

    @property
    def factor(self) -> float:
        """How many times too large or too small ours is; nan where that has no meaning."""
        if not self.ours > 0.0 or not self.figure.target > 0.0:
            return math.nan
        return max(self.ours / self.figure.target, self.figure.target / self.ours)

    @property
    def row(self) -> dict[str, Any]:
        """It as a row of the stored fit."""
        f = self.figure
        row = {
            "condition": f.condition,
            "metric": f.metric,
            "source": f.source,
            "published": f.value,
            "ci95": f.ci95,
            "measure": f.measure,
            "target": f.target,
            "tolerance": f.tolerance,
            "ours": self.ours,
            "factor": self.factor,
            "inside": self.inside if f.measure else None,
            "fitted": self.fitted,
            "reason": self.reason,
        }
        return {name: plain(value) for name, value in row.items()}


@dataclass(frozen=True)
class FigureFit:
    """Emulated agents fitted to published figures, with every residual.

    Attributes:
        agents: by the name of the model.
        residuals: every published figure beside ours, in the order of the file.
        seed: seed of the calibration.
        episodes: held-out episodes of each run behind ``ours``.
    """

    agents: Mapping[str, Emulated]
    residuals: tuple[Residual, ...]
    seed: int
    episodes: int

    @property
    def inside(self) -> float:
        """Share of the fitted figures that ours lie inside."""
        fitted = [r.inside for r in self.residuals if r.fitted]
        return sum(fitted) / len(fitted)

    @property
    def content(self) -> dict[str, Any]:
        """The stored form of the fit."""
        fitted = [r.inside for r in self.residuals if r.fitted]
        models = {
            name: {
                "parameters": asdict(agent.fitted),
                "borrowed": list(agent.borrowed),
                "figures": [r.row for r in self.residuals if r.figure.model == name],
            }
            for name, agent in self.agents.items()
        }
        others = [r for r in self.residuals if r.figure.model not in self.agents]
        return {
            "about": "Stand-ins fitted to published figures by mechlab.calibrate.",
            "seed": self.seed,
            "episodes": self.episodes,
            "fitted": len(fitted),
            "inside": sum(fitted),
            "models": models,
            "others": [{"model": r.figure.model, **r.row} for r in others],
        }

    def save(self, path: str | Path) -> Path:
        """Write the fit as JSON; raises ``UserError`` where the file cannot be written."""
        return write(self.content, path)


def write(content: Mapping[str, Any], path: str | Path) -> Path:
    """Write a fit's stored form as JSON; raises ``UserError`` where it cannot be written."""
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write the fit to {path}: {error.strerror}") from None
    return Path(path)


def plain(value: Any) -> Any:
    """Round a number to six digits, no more than a fit has; nan, which JSON lacks, is null."""
    if not isinstance(value, float):
        return value
    return None if math.isnan(value) else float(f"{value:.6g}")
