"""What limits a group: cooperation or competence, found by automating one side of communication.

Where the system asks in the agents' names (``auto_request``), answering is left to them: what the
group then earns is its **cooperation**. Where the system answers (``auto_fulfill``), asking is left
to them: its **competence**. Both are efficiencies, relative to the ceiling, so that they compare
with published figures (Yadav, Black and Sourbut, arXiv 2604.07821, table 2, which has no
``auto_both``). A side limits the group where that is below ``NEAR``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mechlab.decomposition import NEAR, REPAIRS, Decomposition, Diagnosis, Intervention
from mechlab.errors import UserError
from mechlab.flows import Array
from mechlab.game import Game, make_game
from mechlab.population import Member, Population
from mechlab.simulate import simulate
from mechlab.statistics import Summary, summarise

CONDITIONS = ("baseline", "auto_request", "auto_fulfill", "auto_both")
_DRAWS = 20_000  # of the means, for the chances of the diagnoses


def decompose(  # noqa: PLR0913 - what an episode is made of
    game: str | Game = "sharing",
    population: str | Member | Sequence[str | Member] = "o3",
    *,
    episodes: int = 200,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    incentive: str = "sharing_bonus(rate=1000)",
) -> Decomposition:
    """Take a group's failure apart: which side of communication limits it, and what repairs it.

    Args:
        game, population, seed, settings: as in ``simulate``.
        episodes: of each of the four conditions and the three interventions; at least two.
        incentive: the mechanism that is tried as the incentive; the published one by default.

    Raises:
        UserError: for a game without the four conditions, fewer than two episodes, and as
            ``simulate``.

    >>> found = decompose(population="silent", episodes=5)
    >>> found.diagnosis, found.suggests
    ('cooperation', 'incentive')
    """
    played = make_game(game, settings)
    missing = set(CONDITIONS) - set(played.conditions)
    if missing:
        raise UserError(
            f"to decompose takes the conditions {', '.join(CONDITIONS)}; the game "
            f"{played.name!r} has only: {', '.join(played.conditions)}"
        )
    if episodes < 2:
        raise UserError(f"episodes must be at least 2, for an interval, got {episodes}")
    group = Population.of(population, played.agents)

    def efficiency(
        condition: str, mechanism: str = "none", members: Sequence[Member] = group.members
    ) -> Array:
        return simulate(
            played, members, mechanism, episodes=episodes, seed=seed, condition=condition
        )["efficiency"]

    measured = {condition: efficiency(condition) for condition in CONDITIONS}
    perfect = Population.of("perfect", played.agents).members
    best = {condition: efficiency(condition, members=perfect) for condition in CONDITIONS}
    tried = {"protocol": "protocol", "incentive": incentive, "both": f"{incentive} + protocol"}
    moved = {name: efficiency("baseline", mechanism) for name, mechanism in tried.items()}
    gains = {name: values - measured["baseline"] for name, values in moved.items()}
    chances = _chances(measured["auto_request"], measured["auto_fulfill"])
    return Decomposition(
        game=played,
        population=str(group),
        kinds=group.kinds,
        episodes=episodes,
        seed=seed,
        efficiency={name: summarise(values) for name, values in measured.items()},
        perfect={name: summarise(values) for name, values in best.items()},
        chances=chances,
        interventions={
            name: Intervention(tried[name], summarise(moved[name]), summarise(gains[name]))
            for name in tried
        },
        margin=_margin(REPAIRS[max(chances, key=lambda name: chances[name])], gains),
    )


def _chances(cooperation: Array, competence: Array) -> dict[Diagnosis, float]:
    """Return the probability of each diagnosis.

    The means of n pairs have a bivariate t distribution with n - 1 degrees of freedom around those
    observed (Gelman et al., Bayesian Data Analysis, 3rd ed., section 3.6, flat prior).
    """
    from scipy.stats import multivariate_t

    pairs = np.stack([cooperation, competence])
    pairs = pairs[:, ~np.isnan(pairs).any(axis=0)]
    n = pairs.shape[1]
    if n < 2:
        raise UserError("no diagnosis: efficiency is defined in fewer than two episodes")
    spread = multivariate_t(pairs.mean(axis=1), np.cov(pairs) / n, n - 1, allow_singular=True)
    low = spread.rvs(_DRAWS, random_state=0) < NEAR
    return {
        "cooperation": float((low[:, 0] & ~low[:, 1]).mean()),
        "competence": float((~low[:, 0] & low[:, 1]).mean()),
        "both": float(low.all(axis=1).mean()),
        "neither": float((~low).all(axis=1).mean()),
    }


def _margin(suggested: str, gains: Mapping[str, Array]) -> Summary:
    """Return by how much the suggested intervention gains more than its best rival."""
    if suggested == "none":
        return summarise(gains["both"])
    rivals = [name for name in ("protocol", "incentive") if name != suggested]
    best = max(rivals, key=lambda name: float(np.nanmean(gains[name])))
    return summarise(gains[suggested] - gains[best])
