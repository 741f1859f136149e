"""What a report shows of a search beyond the search itself, as data: replays, checks, transfer.

The verdict of a search rests on none of it. Everything comes from stored seeds, so that it is the
same each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mechlab.agents.emulated import Emulated, stored
from mechlab.analysis._transfer import COLUMNS, transfer
from mechlab.analysis.decomposition import CONDITIONS, PUBLISHED, Decomposition, decompose
from mechlab.checks import Fixed, Verdicts, check
from mechlab.search.results import SearchResult
from mechlab.simulation import Episodes
from mechlab.streams import EXPLORE
from mechlab.study import BASELINE

_EPISODES = 200  # of each replay and condition: intervals of about a percent, in a second
_FREE = frozenset({"scripted", "emulated"})  # kinds of agents that cost nothing to play again
_COLUMNS = (
    *("condition", "measure", "target", "tolerance", "ours", "factor", "inside", "fitted"),
    *("reason", "source"),
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
        agent: its name.
        figures: a row for each published figure that is measured here: ``condition``, ``measure``,
            ``target`` (published), ``tolerance``, ``ours``, ``factor`` (how many times too large or
            too small; nan where that has no meaning), ``inside`` and ``fitted`` (booleans),
            ``reason`` (why it was not fitted), ``source``.
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
    """What a report shows of a search beyond the search itself.

    Attributes:
        replay: the answer played again; None for live agents and a user's own.
        decomposition: what limits the group; None as for ``replay``, and where the game lacks the
            conditions for it.
        fits: of each emulated agent of the published models in the group.
        checks: what the answer promises in its game.
        transfer: the answer in other games and groups; see ``transferred``.
    """

    replay: Replay | None
    decomposition: Decomposition | None
    fits: tuple[MemberFit, ...]
    checks: Verdicts
    transfer: pd.DataFrame


def findings(result: SearchResult) -> Findings:
    """Play the answer of a search again, take its group apart, check it, and see what carries over.

    No model is called: what would need live agents is left out.
    """
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
    study, best = result.study, result.best
    if best.status != "certified":
        return pd.DataFrame(columns=list(COLUMNS))
    return transfer(study, best.mechanism)


def _replay(result: SearchResult) -> Replay | None:
    study, best = result.study, result.best
    if not study.group.kinds <= _FREE:
        return None

    numbers, plain = EXPLORE[:_EPISODES], study.played.conditions[0]
    return Replay(
        answer=study.play(best.mechanism, numbers),
        baseline=study.play(BASELINE, numbers),
        references={
            name: study.play(BASELINE, numbers, population=Fixed.of(row), condition=plain)
            for name, row in study.played.references.items()
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
            yield MemberFit(name, _figures(rows), tuple(models[name]["borrowed"]))


def _figures(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)[list(_COLUMNS)]
    frame["factor"] = pd.to_numeric(frame["factor"])  # None, where it is undefined, becomes nan
    return frame
