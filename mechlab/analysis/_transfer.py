"""Transfer: a mechanism certified in one study, in other games and among other agents.

Amounts of money are scaled by the games' units of account, so that a bonus of a tenth of a task's
reward becomes a bonus of a tenth of a token. Every setting is played with and without the mechanism
on the same seeds, which the search never played.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pandas as pd

from mechlab.agents.population import Population
from mechlab.errors import UserError
from mechlab.games.base import Game, make_game
from mechlab.mechanism import Mechanism
from mechlab.simulation import Episodes
from mechlab.statistics import Summary, summarise
from mechlab.streams import TRANSFER
from mechlab.study import BASELINE, Study

_Outcome = Literal["enough", "helps", "no effect", "harms", "not needed", "not played"]

COLUMNS = (
    *("game", "population", "mechanism", "outcome"),
    *("attainment", "attainment_lower", "attainment_upper", "baseline"),
    *("change", "change_lower", "change_upper", "spend_share", "episodes", "why"),
)


def transfer(study: Study, mechanism: Mechanism) -> pd.DataFrame:
    """Play a mechanism in every game and among every population of a study's ``[transfer]``.

    Returns the rows of ``mechlab.analysis.findings.transferred``, the study's own setting first.
    """
    return pd.DataFrame(list(_rows(study, mechanism)), columns=list(COLUMNS))


def _rows(study: Study, mechanism: Mechanism) -> Iterator[dict[str, Any]]:
    others = study.transfer
    if others is None:
        return
    for game in dict.fromkeys((study.game, *others.games)):
        for population in dict.fromkeys((study.population, *others.populations)):
            row = {"game": game, "population": population, "mechanism": "", "why": ""}
            try:
                played = study.played if game == study.game else make_game(game)
                scaled = mechanism.scaled(played.unit / study.played.unit)
                row["mechanism"] = str(scaled)
                yield row | _measured(study, played, population, scaled)
            except UserError as reason:
                yield row | {"outcome": "not played", "episodes": 0, "why": str(reason)}


def _measured(study: Study, game: Game, population: str, mechanism: Mechanism) -> dict[str, Any]:
    """Return the figures of one setting; ``UserError`` where it cannot be played."""
    group = Population.of(population, game.agents)
    if "live" in group.kinds:
        raise UserError("live agents cost money: play them in a study of their own")
    assert study.transfer is not None
    episodes = study.transfer.episodes
    condition = study.condition if game == study.played else game.conditions[0]

    def play(rules: str | Mechanism) -> Episodes:
        return study.play(
            rules, TRANSFER[:episodes], population=group.members, game=game, condition=condition
        )

    paid, unpaid = play(mechanism), play(BASELINE)
    reference = paid.reference(study.target.relative_to)
    if not (reference > 0.0).all():
        raise UserError(f"its {study.target.relative_to} is not above 0: no efficiency")
    after, before = (e["group_revenue"] / reference for e in (paid, unpaid))
    attainment, baseline, change = map(summarise, (after, before, after - before))
    spend, revenue = float(paid["spend"].sum()), float(paid["group_revenue"].sum())
    return {
        "outcome": _outcome(study.target.efficiency, attainment, baseline, change),
        "attainment": attainment.mean,
        "attainment_lower": attainment.ci95[0],
        "attainment_upper": attainment.ci95[1],
        "baseline": float(before.mean()),
        "change": change.mean,
        "change_lower": change.ci95[0],
        "change_upper": change.ci95[1],
        "spend_share": spend / revenue if revenue else np.nan,
        "episodes": len(paid),
    }


def _outcome(target: float, attainment: Summary, baseline: Summary, change: Summary) -> _Outcome:
    """Return the outcome in a word; see ``transfer``."""
    if baseline.ci95[0] >= target:
        return "not needed"
    if attainment.ci95[0] >= target:
        return "enough"
    lower, upper = change.ci95
    if lower > 0.0:
        return "helps"
    return "harms" if upper < 0.0 else "no effect"
