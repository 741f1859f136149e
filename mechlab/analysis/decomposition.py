"""Decomposition: what limits a group, and whether the remedy that this suggests works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from mechlab.agents.population import Member, Population
from mechlab.agents.scenario import Scenario
from mechlab.errors import UserError
from mechlab.games.base import Game, make_game
from mechlab.mechanism import Mechanism, Stack, parse
from mechlab.simulation import play, scenario
from mechlab.statistics import Summary, summarise

PUBLISHED = "sharing_bonus(rate=1000)"  # the incentive of the published study
NEAR = 0.9  # of perfect play: near-optimal, as in the targets of this lab's studies
REPAIRS = {"cooperation": "incentive", "competence": "protocol", "both": "both", "neither": "none"}
CONDITIONS = ("baseline", "auto_request", "auto_fulfill", "auto_both")
INTERVENTIONS = ("protocol", "incentive", "both")
_DRAWS = 20_000  # of the means: a chance is then known to half a percent

Diagnosis = Literal["cooperation", "competence", "both", "neither"]


@dataclass(frozen=True)
class Intervention:
    """What a mechanism does: efficiency, and its gain in pairs of episodes with the same luck."""

    mechanism: str
    efficiency: Summary
    gain: Summary


@dataclass(frozen=True)
class Decomposition:
    """The limits of a group, and the interventions that test them.

    Attributes:
        episodes: of each condition and each intervention.
        efficiency, perfect: of each condition; ``perfect`` is that of perfect agents, the most that
            can be reached there.
        chances: probability, given the episodes, that each diagnosis limits the group.
        interventions: ``protocol`` (for competence), ``incentive`` (for cooperation), ``both``.
        margin: gain of the suggested intervention above that of the best other one; where both are
            suggested, above that of the better one alone; where none is, the gain of both.
    """

    game: Game
    population: str
    kinds: frozenset[str]
    episodes: int
    seed: int
    efficiency: Mapping[str, Summary]
    perfect: Mapping[str, Summary]
    chances: Mapping[Diagnosis, float]
    interventions: Mapping[str, Intervention]
    margin: Summary

    @property
    def cooperation(self) -> Summary:
        """Efficiency where the system asks and the agents answer."""
        return self.efficiency["auto_request"]

    @property
    def competence(self) -> Summary:
        """Efficiency where the agents ask and the system answers."""
        return self.efficiency["auto_fulfill"]

    @property
    def diagnosis(self) -> Diagnosis:
        """What most likely limits the group."""
        return max(self.chances, key=lambda name: self.chances[name])

    @property
    def suggests(self) -> str:
        """The intervention that the diagnosis suggests, a key of ``interventions``, or ``none``."""
        return REPAIRS[self.diagnosis]

    @property
    def borne_out(self) -> bool | None:
        """Whether the interventions bear the suggestion out; None where they leave it open.

        Where one is suggested, its margin must lie above 0; where none is, even both together must
        gain less than what near-optimal leaves open (1 - ``NEAR``).
        """
        low, high = self.margin.ci95
        if self.suggests == "none":
            return True if high < 1 - NEAR else False if low > 1 - NEAR else None
        return True if low > 0 else False if high < 0 else None

    def as_json(self) -> dict[str, Any]:
        """Return it as one object; means have their intervals and numbers of episodes."""
        return {
            "game": self.game.name,
            "settings": self.game.params,
            "population": self.population,
            "kinds": sorted(self.kinds),
            "episodes": self.episodes,
            "seed": self.seed,
            "near": NEAR,
            "conditions": {name: one.as_json() for name, one in self.efficiency.items()},
            "perfect": {name: one.as_json() for name, one in self.perfect.items()},
            "cooperation": self.cooperation.as_json(),
            "competence": self.competence.as_json(),
            "diagnosis": self.diagnosis,
            "chances": dict(self.chances),
            "suggests": self.suggests,
            "interventions": {name: asdict(one) for name, one in self.interventions.items()},
            "margin": self.margin.as_json(),
            "borne_out": self.borne_out,
        }


def decompose(  # noqa: PLR0913 - what an episode is made of
    game: str | Game = "sharing",
    population: str | Member | Sequence[str | Member] = "o3",
    *,
    episodes: int = 200,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    incentive: str | Mechanism = PUBLISHED,
) -> Decomposition:
    """Take a group's failure apart: which side of communication limits it, and what repairs it.

    Args:
        game, population, seed, settings: as in ``simulate``.
        episodes: of each of the four conditions and the three interventions; at least two.
        incentive: what is tried as the incentive; by default that of the published study.

    Raises:
        UserError: for a game without the four conditions, fewer than two episodes, and as
            ``simulate``.

    >>> silent = decompose(population="silent", episodes=5)
    >>> silent.diagnosis, silent.suggests
    ('cooperation', 'incentive')
    """
    asked = scenarios(
        game, population, episodes=episodes, seed=seed, settings=settings, incentive=incentive
    )
    group, played = asked["baseline"].population, asked["baseline"].game
    measured = {name: play(one)["efficiency"] for name, one in asked.items()}
    ours = {name: summarise(values) for name, values in measured.items()}
    gains = {name: measured[name] - measured["baseline"] for name in INTERVENTIONS}
    perfect = Population.of("perfect", played.agents)
    best = {name: play(replace(asked[name], population=perfect)) for name in CONDITIONS}
    chances = _chances(measured["auto_request"], measured["auto_fulfill"])
    return Decomposition(
        game=played,
        population=str(group),
        kinds=group.kinds,
        episodes=episodes,
        seed=seed,
        efficiency={name: ours[name] for name in CONDITIONS},
        perfect={name: summarise(episodes["efficiency"]) for name, episodes in best.items()},
        chances=chances,
        interventions={
            name: Intervention(str(asked[name].mechanism), ours[name], summarise(gain))
            for name, gain in gains.items()
        },
        margin=_margin(REPAIRS[max(chances, key=lambda name: chances[name])], gains),
    )


def scenarios(  # noqa: PLR0913 - what an episode is made of
    game: str | Game,
    population: str | Member | Sequence[str | Member],
    *,
    episodes: int,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    incentive: str | Mechanism = PUBLISHED,
) -> dict[str, Scenario]:
    """Return by name what the group itself plays; arguments and errors as in ``decompose``."""
    played = make_game(game, settings)
    missing = set(CONDITIONS) - set(played.conditions)
    if missing:
        raise UserError(
            f"to decompose takes the conditions {', '.join(CONDITIONS)}; the game "
            f"{played.name!r} has only: {', '.join(played.conditions)}"
        )
    if episodes < 2:
        raise UserError(f"episodes must be at least 2, for an interval, got {episodes}")
    group = Population.of(population, played.agents).members
    paid = parse(incentive) if isinstance(incentive, str) else incentive
    both = Stack.of(paid, parse("protocol"))
    tried = {"protocol": parse("protocol"), "incentive": paid, "both": both}
    settled = {name: (parse("none"), name) for name in CONDITIONS}
    settled |= {name: (mechanism, "baseline") for name, mechanism in tried.items()}
    return {
        name: scenario(played, group, mechanism, episodes, seed, condition)
        for name, (mechanism, condition) in settled.items()
    }


def _chances(cooperation: np.ndarray, competence: np.ndarray) -> dict[Diagnosis, float]:
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


def _margin(suggested: str, gains: Mapping[str, np.ndarray]) -> Summary:
    """Return by how much the suggested intervention gains more than its best rival."""
    if suggested == "none":
        return summarise(gains["both"])
    rivals = [name for name in ("protocol", "incentive") if name != suggested]
    best = max(rivals, key=lambda name: float(np.nanmean(gains[name])))
    return summarise(gains[suggested] - gains[best])
