"""What a report shows of a search beyond the search itself, from stored seeds: always the same.

The verdict of a search rests on none of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from mechlab.agents.emulated import Emulated, stored
from mechlab.agents.population import Population
from mechlab.analysis.decomposition import CONDITIONS, PUBLISHED, Decomposition, decompose
from mechlab.checks import Fixed, Verdicts, check
from mechlab.errors import UserError
from mechlab.games.base import Game, make_game
from mechlab.mechanism import Mechanism
from mechlab.search.results import SearchResult
from mechlab.simulation import Episodes
from mechlab.statistics import Summary, summarise
from mechlab.streams import EXPLORE, TRANSFER
from mechlab.study import BASELINE, Study

_EPISODES = 200  # of each replay and condition: intervals of about a percent, in a second
_FREE = frozenset({"scripted", "emulated"})  # kinds of agents that cost nothing to play again
_FIGURES = (
    *("condition", "measure", "target", "tolerance", "ours", "factor", "inside", "fitted"),
    *("reason", "source"),
)
COLUMNS = (
    *("game", "population", "mechanism", "outcome"),
    *("attainment", "attainment_lower", "attainment_upper", "baseline"),
    *("change", "change_lower", "change_upper", "spend_share", "episodes", "why"),
)


@dataclass(frozen=True)
class Replay:
    """Episodes of the answer, of no mechanism, and of each reference point, at the same seeds."""

    answer: Episodes
    baseline: Episodes
    references: Mapping[str, Episodes]


@dataclass(frozen=True)
class MemberFit:
    """How well an emulated agent meets the published figures.

    Attributes:
        figures: a row for each that is measured here: ``condition, measure, target`` (published),
            ``tolerance, ours, factor`` (how many times too large or too small; nan where that has
            no meaning), ``inside, fitted, reason`` (why it was not fitted), ``source``.
        borrowed: parameters taken from other models, for which no figure of its own was published.
    """

    agent: str
    figures: pd.DataFrame
    borrowed: tuple[str, ...]

    @property
    def fitted(self) -> pd.DataFrame:
        """The figures that the agent was fitted to."""
        return self.figures[self.figures["fitted"].astype(bool)]

    @property
    def missed(self) -> pd.DataFrame:
        """The fitted figures that the agent does not meet."""
        return self.fitted[~self.fitted["inside"].astype(bool)]


@dataclass(frozen=True)
class Findings:
    """The findings on a search.

    Attributes:
        replay: the answer played again; None for live agents and a user's own.
        decomposition: what limits the group; None as for ``replay``, and where the game lacks the
            conditions for it.
        fits: of each emulated agent of the published models in the group.
        checks, transfer: of the answer in its game, and in others; see ``transferred``.
    """

    replay: Replay | None
    decomposition: Decomposition | None
    fits: tuple[MemberFit, ...]
    checks: Verdicts
    transfer: pd.DataFrame


def findings(result: SearchResult) -> Findings:
    """Return the findings on a search; no model is called: what needs live agents is left out."""
    return Findings(
        replay=_replay(result),
        decomposition=_decomposition(result),
        fits=tuple(_fits(result)),
        checks=check(result.best.mechanism, result.study.played),
        transfer=transferred(result),
    )


def transferred(result: SearchResult) -> pd.DataFrame:
    """Play a certified answer in the games and groups of the study's ``[transfer]``.

    Returns:
        A row for each setting, none where the answer is not certified or the study has no such
        table: ``game, population, mechanism`` (scaled), ``outcome`` and, where it was not played,
        ``why``; ``attainment`` with the mechanism, ``baseline`` without it and the ``change``,
        with ends of 95% intervals (``_lower, _upper``); ``spend_share`` of group revenue, and
        ``episodes``. The outcome is ``enough``: the target is reached, by the lower end of the
        interval; ``helps``, ``no effect``, ``harms``: it is not, and the change is surely above 0,
        not surely different from 0, or surely below 0; ``not needed``: the target is reached
        without the mechanism; or ``not played``. Attainment is relative to perfect play in a game
        without the target's reference point.
    """
    if not result.best.found:
        return pd.DataFrame(columns=list(COLUMNS))
    return transfer(result.study, result.best.mechanism)


def _replay(result: SearchResult) -> Replay | None:
    study, best = result.study, result.best
    if not study.group.kinds <= _FREE:
        return None
    numbers, plain = EXPLORE[:_EPISODES], study.played.conditions[0]
    return Replay(
        answer=study.play(best.mechanism, numbers),
        baseline=study.play(BASELINE, numbers),
        references={
            name: study.play(BASELINE, numbers, population=rows, condition=plain)
            for name in study.played.references
            for rows in [[Fixed.of(row) for row in study.played.reference_rows(name)]]
        },
    )


def _decomposition(result: SearchResult) -> Decomposition | None:
    """Take the group apart; the answer is tried as the incentive, where it is one."""
    study, best = result.study, result.best
    if not (study.group.kinds <= _FREE and set(CONDITIONS) <= set(study.played.conditions)):
        return None
    return decompose(
        study.played,
        study.group.members,
        episodes=_EPISODES,
        seed=study.seed,
        incentive=PUBLISHED if best.candidate == BASELINE else best.mechanism,
    )


def _fits(result: SearchResult) -> Iterator[MemberFit]:
    models = stored()["models"]
    emulated = {m.name: None for m in result.study.group.members if isinstance(m, Emulated)}
    for name in (name for name in emulated if name in models):
        rows = [row for row in models[name]["figures"] if row["measure"]]
        if rows:
            frame = pd.DataFrame(rows)[list(_FIGURES)]
            frame["factor"] = pd.to_numeric(frame["factor"])  # None, if undefined, becomes nan
            yield MemberFit(name, frame, tuple(models[name]["borrowed"]))


def transfer(study: Study, mechanism: Mechanism) -> pd.DataFrame:
    """Play a mechanism as ``transferred`` does the answer; the study's own setting comes first."""
    others, rows, fields = study.transfer, [], {}
    if others:
        games, groups = (study.game, *others.games), (study.population, *others.populations)
        fields = dict.fromkeys(product(games, groups))
    for game, population in fields:
        row = {"game": game, "population": population, "mechanism": "", "why": ""}
        try:
            played = study.played if game == study.game else make_game(game)
            scaled = mechanism.scaled(played.unit / study.played.unit)
            row["mechanism"] = str(scaled)
            rows.append(row | _measured(study, played, population, scaled))
        except UserError as reason:
            rows.append(row | {"outcome": "not played", "episodes": 0, "why": str(reason)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


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
        "baseline": float(before.mean()),
        **attainment.columns("attainment"),
        **change.columns("change"),
        "spend_share": spend / revenue if revenue else np.nan,
        "episodes": len(paid),
    }


def _outcome(target: float, attainment: Summary, baseline: Summary, change: Summary) -> str:
    """Return the outcome in a word; see ``transferred``."""
    if baseline.ci95[0] >= target:
        return "not needed"
    if attainment.ci95[0] >= target:
        return "enough"
    lower, upper = change.ci95
    return "helps" if lower > 0.0 else "harms" if upper < 0.0 else "no effect"
