"""Runs of a pilot: the episodes of one condition under one mechanism, and what affects them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.special import expit

from mechlab.agents.base import Agent
from mechlab.agents.emulated import STEPS, VIEW, Emulated, Propensities
from mechlab.agents.population import Population
from mechlab.agents.response import behaviours
from mechlab.calibrate._scales import Scale, values_at
from mechlab.calibrate.episodes import columns, counted
from mechlab.errors import UserError
from mechlab.flows import Array
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism, parse
from mechlab.mechanism.incentives import Incentives
from mechlab.simulation import simulate

_MOVED = {
    "baseline": ("ask", "answer", "submit", "repeat", "breadth", "volunteer", "chatter"),
    "auto_request": ("ask", "answer_system", "submit", "repeat", "breadth", "volunteer", "chatter"),
    "auto_fulfill": ("ask", "submit", "breadth", "volunteer", "chatter"),
    "auto_both": ("ask", "submit", "breadth", "volunteer", "chatter"),
}
_SHIFTED = ("ask", "answer", "answer_system", "submit")  # by the protocol and a hidden view
_PAID = ("answer", "answer_system")
_CHANCES = (*_SHIFTED, "repeat", "breadth")  # probabilities, fitted as logits


@dataclass(frozen=True)
class Run:
    """The episodes of a pilot in one condition under one mechanism.

    Attributes:
        condition, mechanism: of the game.
        pay: marginal payment of an answer over the game's unit.
        advised, hidden: whether the protocol is in force, and whether the view is hidden.
        statistics: names of the S statistics.
        counts: (n, S), those of each episode.
    """

    condition: str
    mechanism: str
    pay: float
    advised: bool
    hidden: bool
    statistics: tuple[str, ...]
    counts: Array

    @property
    def name(self) -> str:
        """Its name in messages: the condition, and the mechanism if there is one."""
        return self.condition if self.mechanism == "none" else f"{self.condition}, {self.mechanism}"

    @property
    def moved(self) -> tuple[str, ...]:
        """The propensities that have an effect in its condition."""
        return _MOVED[self.condition]

    def behaviour(self, scales: Sequence[Scale], places: Array) -> Array:
        """Return the propensities of ``moved`` for agents at some places (D, P), as (D, F)."""
        at = {
            s.name: x * (s.step or 1.0) for s, x in zip(scales, places.T, strict=True)
        }  # chances as logits
        shift = at["protocol"] * self.advised + at["hidden"] * self.hidden
        paid = at["payment"] * self.pay
        rows = []
        for name in self.moved:
            change = shift * (name in _SHIFTED) + paid * (name in _PAID)
            nothing = np.zeros(len(places))
            rows.append(expit(at[name] + change) if name in _CHANCES else at.get(name, nothing))
        return np.stack(rows, axis=1)

    def played(self, game: Game, behaviour: Array, episodes: int, seed: int) -> Array:
        """Play groups of agents of some propensities (D, F), each with luck of its own.

        Returns the statistics of n episodes of each, (D, n, S).
        """
        groups = []
        for number, row in enumerate(behaviour.tolist()):
            outcome = simulate(
                game,
                _Fixed("fixed", tuple(zip(self.moved, row, strict=True))),
                condition=self.condition,
                episodes=episodes,
                seed=seed,
                first=number * episodes,
            )
            counts = counted(outcome)
            groups.append(np.stack([counts[name] for name in self.statistics], axis=1))
        return np.stack(groups)


@dataclass(frozen=True)
class _Fixed(Agent):
    """An agent that responds to nothing: the mechanism's effect is in its propensities."""

    row: tuple[tuple[str, float], ...]
    responds: ClassVar[bool] = False

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        return dict(self.row)


def runs_of(table: pd.DataFrame, game: Game, agent: Emulated) -> list[Run]:
    """Split the table of a pilot into its runs; ``agent`` is typical of them.

    ``UserError`` for a mechanism that hides only a part of the view or advises some steps alone.
    """
    runs, statistics = [], columns(table)
    for (condition, mechanism), rows in table.groupby(["condition", "mechanism"], sort=False):
        rule = parse(str(mechanism))
        for some, known in ((rule.advises, STEPS), (rule.hides, VIEW)):
            if some and some != known:
                raise UserError(
                    f"a pilot under {mechanism!r} cannot be fitted: only all of "
                    f"{', '.join(sorted(known))} together"
                )
        run = Run(
            condition=str(condition),
            mechanism=str(mechanism),
            pay=_pay(rule, str(condition), game, agent),
            advised=bool(rule.advises),
            hidden=bool(rule.hides),
            statistics=tuple(statistics),
            counts=rows[statistics].to_numpy(float),
        )
        runs.append(run)
    return runs


def _pay(rule: Mechanism, condition: str, game: Game, agent: Emulated) -> float:
    """Return the mean marginal payment of an answer over the game's unit, among such agents.

    It is the change of the logit of answering in an agent that responds to payments alone, by 1.
    """
    fitted = replace(agent.fitted, payment=1.0, protocol=0.0, hidden=0.0)
    group = Population.of(replace(agent, fitted=fitted), game.agents)
    answer = behaviours(game, group, rule, condition)[:, :, game.propensities.index("answer")]
    chance = np.clip(answer, 1e-12, 1 - 1e-12)
    before = np.log(fitted.answer / (1 - fitted.answer))
    return float((np.log(chance / (1 - chance)) - before).mean())


def agent_at(scales: Sequence[Scale], places: Array, name: str = "candidate") -> Emulated:
    """Return the agent at some places (P,) on the scales."""
    return Emulated(name, Propensities(**values_at(scales, places)))
