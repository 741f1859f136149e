"""Emulated agents from a file that ``mechlab calibrate`` wrote: ``fit:PATH`` in a population."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from mechlab.agent import FIT
from mechlab.agents.emulated import Emulated, Propensities
from mechlab.errors import UserError, unknown
from mechlab.parameters import param


@dataclass(frozen=True)
class Fitted(Emulated):
    """An agent fitted to the user's own figures or episodes.

    Attributes:
        draws: the propensities that the evidence leaves possible, drawn from the posterior; none
            for a fit of published figures.
        draw: which of them it has: 0 for the best fit, or the number of a draw from 1.
    """

    draws: tuple[Propensities, ...] = ()
    draw: int = param(0, low=0, text="of its parameters: 0 the best fit, else a posterior draw")

    @property
    def what(self) -> str:
        """One line for lists."""
        return f"stand-in, fitted to the evidence in {self.name.removeprefix(FIT)}"

    def tuned(self, values: Mapping[str, Any]) -> Self:
        """Return the agent with the propensities of another draw.

        Raises:
            UserError: for a wrong name or value, or a draw that the fit does not have.
        """
        other = super().tuned(values)
        if other.draw > len(self.draws):
            known = f"draws 1 to {len(self.draws)}" if self.draws else "no posterior draws"
            raise UserError(f"{self.name} has {known}, got draw={other.draw}")
        return replace(other, fitted=self.draws[other.draw - 1]) if other.draw else other


def read_fitted(name: str) -> Fitted:
    """Return the agent that a population calls ``fit:PATH`` or ``fit:PATH#MODEL``.

    Raises:
        UserError: where there is no such file, it holds no fit, or not this model, or several and
            none is named.
    """
    path, _, model = name.removeprefix(FIT).partition("#")
    models = _models(path)
    if not model and len(models) > 1:
        raise UserError(f"{path} holds several models; name one: {FIT}{path}#{next(iter(models))}")
    if model and model not in models:
        raise unknown(f"model of {path}", model, models)
    entry = models[model or next(iter(models))]
    try:
        draws = entry.get("draws") or {}
        columns = zip(*draws.values(), strict=True)
        possible = (dict(zip(draws, values, strict=True)) for values in columns)
        return Fitted(
            name,
            Propensities(**entry["parameters"]),
            tuple(entry["borrowed"]),
            tuple(Propensities(**values) for values in possible),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} holds no fit that can be read: {error}") from None


def _models(path: str) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read the fit in {path or 'no path'}: {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"{path} is no stored fit: {error}") from None
    found = content.get("models") if isinstance(content, dict) else None
    if not found:
        raise UserError(f"{path} is no stored fit: write one with mechlab calibrate")
    models: dict[str, dict[str, Any]] = found
    return models
