"""What a search would cost, before anything is spent: from simulations of the search itself."""

from __future__ import annotations

import math
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from mechlab.agents.population import OFFLINE, Population
from mechlab.errors import UserError
from mechlab.llm.estimate import Estimate, estimate
from mechlab.search import search
from mechlab.search.bounds import LOOKS, levels
from mechlab.search.certification import LIVE
from mechlab.search.results import SearchResult, Status
from mechlab.simulation import scenario
from mechlab.streams import PLAN_SEED
from mechlab.study import Study

REPEATS = 6  # searches that are simulated
_POWER = 0.8  # chance to show a difference that is really there


@dataclass(frozen=True)
class Plan:
    """What a search of a study is expected to take.

    Attributes:
        study: name of the study.
        repeats: searches that were simulated, each on other luck.
        episodes: mean number of episodes; exploring and certifying apart in ``explore``,
            ``certify``.
        range: the least and the most episodes that a simulated search took.
        statuses: how many of them ended ``certified``, ``not_reached``, ``out_of_budget``.
        turns: turns of agents in so many episodes: the calls of as many live agents.
        estimate: what the study's live agents cost in so many episodes.
        seconds: mean time of a simulated search on this machine; with live agents, of their calls.
        resolution: the smallest difference between mean efficiency and the target that the rest
            of the budget can show, with 80% power, at one pair of doses.
    """

    study: str
    repeats: int
    episodes: float
    explore: float
    certify: float
    range: tuple[int, int]
    statuses: Mapping[Status, int]
    turns: float
    estimate: Estimate
    seconds: float
    resolution: float

    @property
    def calls(self) -> float:
        """Calls of the study's live agents."""
        return self.estimate.calls

    def as_json(self) -> dict[str, Any]:
        """Return the plan as plain JSON values."""
        values = asdict(self)
        del values["estimate"]
        return {**values, **self.estimate.as_json(), "seconds": self.seconds}


def plan(study: Study, stand_in: str | None = None, storage: str | None = None) -> Plan:
    """Simulate a few searches of a study and say what one is expected to take.

    Args:
        study: the study.
        stand_in: the population that plays in the simulation, where the study's own has live
            agents.
        storage: database URL of the record, whose calls correct the estimate if there are any.

    Raises:
        UserError: for a group with agents that cannot be played offline, or that are unknown.
    """
    found, seconds = zip(
        *(_simulated(_offline(study, stand_in), k) for k in range(REPEATS)), strict=True
    )
    explore = [result.episodes["explore"] for result in found]
    certify = [result.episodes["certify"] for result in found]
    episodes = [sum(both) for both in zip(explore, certify, strict=True)]
    mean, live = float(np.mean(episodes)), "live" in study.group.kinds
    expected = _live_cost(study, storage).times(mean)
    return Plan(
        study=study.name,
        repeats=REPEATS,
        episodes=mean,
        explore=float(np.mean(explore)),
        certify=float(np.mean(certify)),
        range=(min(episodes), max(episodes)),
        statuses=dict(Counter(result.best.status for result in found)),
        turns=mean * study.played.agents * study.played.rounds,
        estimate=expected,
        seconds=expected.seconds if live else float(np.median(seconds)),
        resolution=_resolution(study, found),
    )


def _live_cost(study: Study, storage: str | None) -> Estimate:
    """Return the cost of an episode: the mean over the candidates, as each has its own prompts.

    Episodes are played in batches, at once.
    """
    rules = [candidate.lowest for candidate in study.candidates.values()]
    batches = [
        scenario(study.played, study.group.members, one, LIVE, study.seed, study.condition)
        for one in rules
    ]
    url = storage or study.record_url
    return estimate(batches, study.live, url).times(1 / (LIVE * len(rules)))


def _offline(study: Study, stand_in: str | None) -> Study:
    """Return the study with a population that can be played offline."""
    if stand_in:
        Population.of(stand_in, study.played.agents)  # what is wrong with it is told in one line
    other = study.model_copy(update={"population": stand_in}) if stand_in else study
    online = other.group.kinds - OFFLINE
    if online:
        raise UserError(
            f"population: a plan plays scripted and emulated agents only, got {other.group} "
            f"({', '.join(sorted(online))}): name some in their place, like --stand-in o3"
        )
    return other


def _simulated(study: Study, number: int) -> tuple[SearchResult, float]:
    """Search once on other luck, in a record that is thrown away; return result and seconds."""
    other = study.model_copy(update={"seed": study.seed + PLAN_SEED + number})
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        result = search(other, None if other.pilot else f"sqlite:///{folder}/plan.db")
        return result, time.perf_counter() - begun


def _resolution(study: Study, found: tuple[SearchResult, ...]) -> float:
    """Return the difference that a pair of doses shows by the last look at the first stage.

    With an equal share of the error; a mechanism that is likely to suffice will have more.
    """
    explore = np.mean([result.episodes["explore"] for result in found])
    each = (study.budget.episodes - explore) / 2.0
    deviations = [result.best.attainment.sd for result in found]
    if each < 2 or np.isnan(deviations).all():
        return math.nan
    alpha = (1.0 - study.target.confidence) / len(study.mechanisms)
    quantiles = float(ndtri(1.0 - levels(LOOKS, alpha)[-1]) + ndtri(_POWER))
    return quantiles * float(np.nanmean(deviations)) / math.sqrt(each)
