"""What a search found: the answer, the evidence for it, and how to obtain it again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pandas as pd

from mechlab.mechanism import Mechanism
from mechlab.rendering import Renderable
from mechlab.search.pareto import Place, ranking
from mechlab.statistics import Summary
from mechlab.study import Study

if TYPE_CHECKING:
    from mechlab.llm.transcripts import LiveEpisode, ModelCall

Status = Literal["certified", "unreachable", "out_of_budget"]


@dataclass(frozen=True)
class Answer:
    """The answer of one candidate mechanism of a study, certified or the best so far.

    Attributes:
        candidate: the candidate's name in the study.
        status: ``certified``; ``unreachable``: shown insufficient at its best; ``out_of_budget``.
        mechanism: the mechanism with its parameters; at the certified size, or the best known.
        size: value of the study's measure of size.
        interval: (lo, hi): lo shown not sufficient, hi shown sufficient, at the study's confidence;
            nan where not shown.
        reached: efficiency relative to the target's reference point, of fresh episodes at
            ``mechanism``; of no episodes where nothing is shown.
        efficiency, spend, subsidy: of the same episodes; efficiency is relative to perfect play,
            whatever the target is relative to; spend and subsidy are in money an episode.
        spend_share: mean spend over mean group revenue of the same episodes.
    """

    candidate: str
    status: Status
    mechanism: Mechanism
    size: float
    interval: tuple[float, float]
    reached: Summary
    efficiency: Summary
    spend: Summary
    subsidy: Summary
    spend_share: float

    @property
    def shown(self) -> tuple[float, float]:
        """What is shown of the smallest sufficient size: infinite where nothing is.

        Where no size is enough, both ends are infinite.
        """
        if self.status == "unreachable":
            return math.inf, math.inf
        low, high = self.interval
        return -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high


@dataclass(frozen=True)
class SearchResult(Renderable):
    """Outcome of ``mechlab.search``: answers in order of certified size, and all the evidence.

    Attributes:
        study: the study as it was read.
        answers: one for each candidate that was taken up; the first is the study's answer. The
            baseline is among them where it had a chance; where it is certified, it is the only one.
        trials: the explorer's trials, a row each: ``number, candidate, state, size, efficiency,
            efficiency_lo, efficiency_hi, spend, subsidy, episodes, started, finished`` and a column
            for each parameter (named ``candidate.parameter``). Efficiency, here and below, is
            relative to the target's reference point.
        evidence: the certifier's doses on fresh episodes, a row each: ``candidate, stage,
            purpose`` (``upper`` or ``lower``), ``size, efficiency, lo, hi`` (one-sided bounds at
            the error spent), ``episodes, verdict`` (``sufficient``, ``insufficient``,
            ``undecided``) and the parameters; then doses that no stage judged, with their 95%
            interval (verdict ``measured``; purpose ``answer`` for the answer's own episodes).
        curves: for each candidate with one parameter, the fitted dose response: ``dose, size, mean,
            lo, hi``.
        calls: model calls made. cost_usd: what they cost, in US dollars.
        storage: URL of the record, with any password masked.
        provenance: what rebuilds the run: study text, seeds, versions, commit, platform, command.
        pareto: what efficiency costs, a row a setting that was played, explored or fresh, all its
            episodes together: ``candidate, size, episodes, fresh`` (how many of them were), means
            and intervals ``efficiency, efficiency_lo, efficiency_hi`` and the same of ``spend`` and
            ``subsidy``; ``spend_pareto, subsidy_pareto``: whether no other setting has better
            means; ``spend_dominated, subsidy_dominated``: whether another one is surely better in
            both; and the parameters. The intervals hold all at once, with the study's confidence.
        spoken: live episodes with all their turns, in the order of their beginning.
        stopped: the cap on calls, tokens or money that ended the search; "" where none did.
    """

    renderer: ClassVar[str] = "search"

    study: Study
    answers: tuple[Answer, ...]
    trials: pd.DataFrame
    evidence: pd.DataFrame
    curves: Mapping[str, pd.DataFrame]
    calls: int
    cost_usd: float
    storage: str
    provenance: Mapping[str, Any]
    pareto: pd.DataFrame = field(default_factory=pd.DataFrame)
    spoken: tuple[tuple[LiveEpisode, list[ModelCall]], ...] = ()
    stopped: str = ""

    @property
    def best(self) -> Answer:
        """The study's answer."""
        return self.answers[0]

    @property
    def episodes(self) -> dict[str, int]:
        """Episodes played: ``explore`` and ``certify``."""
        return {
            "explore": int(self.trials["episodes"].sum()),
            "certify": int(self.evidence["episodes"].sum()),
        }

    @property
    def ranking(self) -> list[Place]:
        """The candidates by the size that they need, with the ranks that the intervals leave open.

        The intervals of all candidates hold at once, so a difference is supported where two of
        them do not meet.
        """
        return ranking({answer.candidate: answer.shown for answer in self.answers})
