"""All episodes that a study's own agents played, and what is left to play."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mechlab.calibrate.episodes import tallied
from mechlab.errors import UserError
from mechlab.flows import Array
from mechlab.measures import ratio
from mechlab.mechanism import Mechanism
from mechlab.simulate import Episodes, simulate
from mechlab.statistics import Summary, summarise
from mechlab.study import Study

FIRST = 1 << 42  # number of the first: exploring, certifying and emulated agents never come near it


@dataclass
class Played:
    """Episodes of a study's own agents, each with a number of its own."""

    study: Study
    runs: list[Episodes] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    @property
    def left(self) -> int:
        """How many the budget still allows."""
        return self.study.budget.episodes - len(self)

    def play(self, mechanism: Mechanism, episodes: int) -> Episodes:
        """Play fresh episodes, as many as the budget allows."""
        run = simulate(
            self.study.played,
            self.study.group.members,
            mechanism,
            episodes=min(episodes, self.left),
            seed=self.study.seed,
            condition=self.study.condition,
            first=FIRST + len(self),
        )
        self.runs.append(run)
        return run

    def reached(self, run: Episodes) -> Array:
        """Return revenue of each episode relative to the target's reference point, (B,)."""
        reference = run.reference(self.study.target.relative_to)
        reached = ratio(run["group_revenue"], reference)
        if not np.isfinite(reached).all():
            raise UserError(
                f"efficiency is undefined: a reference point of {self.study.game!r} earns nothing"
            )
        return reached

    def table(self) -> pd.DataFrame:
        """Return all episodes as calibration reads them."""
        return pd.concat(map(tallied, self.runs), ignore_index=True)

    def at(self, mechanism: Mechanism) -> dict[str, Summary]:
        """Return what the episodes at a mechanism measured."""
        some = [run for run in self.runs if run.mechanism == mechanism]
        parts = {
            name: [run[name] for run in some] for name in ("efficiency", "spend", "group_revenue")
        }
        parts["reached"] = [self.reached(run) for run in some]
        return {name: summarise(np.concatenate([*values, []])) for name, values in parts.items()}
