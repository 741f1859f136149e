"""What carries over: a mechanism certified in one study, in other games and among other agents.

Amounts of money are scaled by the games' units of account, so that a bonus of a tenth of a task's
reward becomes a bonus of a tenth of a token. Every setting is played with and without the mechanism
on the same seeds, which the search never saw.
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
from mechlab.statistics import summarise
from mechlab.streams import TRANSFER
from mechlab.study import BASELINE, Study

Outcome = Literal["enough", "helps", "no effect", "harms", "not needed", "not played"]

COLUMNS = (
    *("game", "population", "mechanism", "outcome", "efficiency", "efficiency_lo"),
    *("efficiency_hi", "baseline", "change", "change_lo", "change_hi", "spend_share"),
    *("episodes", "why"),
)


def transfer(study: Study, mechanism: Mechanism) -> pd.DataFrame:
    """Play a mechanism in every game and among every population of a study's ``[transfer]``.

    Returns:
        A row a setting, the study's own first: ``game, population``; ``mechanism``, scaled; and
        ``outcome``: ``enough``: the target is reached (the lower end of the 95% interval is);
        ``helps``, ``no effect``, ``harms``: it is not, and what the mechanism changes is surely
        above, not surely different from, or surely below 0; ``not needed``: the target is reached
        without it; ``not played``, and ``why``. Then the means with 95% intervals: ``efficiency``
        (relative to the target's reference point, or to perfect play in a game that has no such
        point), that of the same episodes without it (``baseline``), and the ``change``;
        ``spend_share``, the spend over the group revenue; ``episodes``. Not played is nan.
    """
    return pd.DataFrame(list(_rows(study, mechanism)), columns=list(COLUMNS))


def _rows(study: Study, mechanism: Mechanism) -> Iterator[dict[str, Any]]:
    asked = study.transfer
    if asked is None:
        return
    for game in dict.fromkeys((study.game, *asked.games)):
        for population in dict.fromkeys((study.population, *asked.populations)):
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
    reached, before = (e["group_revenue"] / reference for e in (paid, unpaid))
    change, spend = summarise(reached - before), float(paid["spend"].sum())
    efficiency, revenue = summarise(reached), float(paid["group_revenue"].sum())
    return {
        "outcome": _outcome(study.target.efficiency, reached, before),
        "efficiency": efficiency.mean,
        "efficiency_lo": efficiency.ci95[0],
        "efficiency_hi": efficiency.ci95[1],
        "baseline": float(before.mean()),
        "change": change.mean,
        "change_lo": change.ci95[0],
        "change_hi": change.ci95[1],
        "spend_share": spend / revenue if revenue else np.nan,
        "episodes": len(paid),
    }


def _outcome(target: float, reached: Any, before: Any) -> Outcome:
    """Return in a word what the mechanism comes to, given efficiencies with and without it."""
    if summarise(before).ci95[0] >= target:
        return "not needed"
    if summarise(reached).ci95[0] >= target:
        return "enough"
    low, high = summarise(reached - before).ci95
    if low > 0.0:
        return "helps"
    return "harms" if high < 0.0 else "no effect"
