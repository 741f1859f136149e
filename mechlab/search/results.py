"""What a search found: the answer, the evidence for it, and how to obtain it again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pandas as pd

from mechlab.checks.requirements import Audit, audit
from mechlab.mechanism import Mechanism
from mechlab.search.pareto import Place, ranking
from mechlab.statistics import Summary
from mechlab.study import Study

if TYPE_CHECKING:
    from mechlab.llm.transcripts import LiveEpisode, ModelCall
from pathlib import Path
from typing import Protocol

from mechlab.registry import Registry


class Renderer(Protocol):
    """Shows the results of one kind."""

    def write(self, result: Any, path: Path) -> Path:
        """Write the HTML report, or a figure (.png, .svg, .pdf), and return the path."""

    def html(self, result: Any) -> str:
        """Return a short account as HTML, for a notebook."""


RENDERERS = Registry[Renderer]("renderer", "mechlab.renderers")


class Renderable:
    """A result that its renderer shows.

    Class attributes:
        renderer: the renderer's name.
    """

    renderer: ClassVar[str]

    def report(self, path: str | Path) -> Path:
        """Write the HTML report, or a figure (.png, .svg, .pdf), and return the path.

        Raises:
            UserError: where the file cannot be written, or is of another kind.
        """
        return RENDERERS.get(self.renderer).write(self, Path(path))

    def _repr_html_(self) -> str:
        return RENDERERS.get(self.renderer).html(self)


Status = Literal["certified", "estimated", "not_reached", "out_of_budget"]


@dataclass(frozen=True)
class Answer:
    """The answer of one candidate mechanism of a study, certified or the best so far.

    Attributes:
        candidate: the candidate's name in the study.
        status: ``certified``: ``mechanism`` was played and shown to be enough; ``not_reached``: the
            setting believed to be the most efficient was shown to be too little, and none to be
            enough; ``out_of_budget``: neither; ``estimated``: a pilot's regression says that
            ``mechanism`` is enough.
        mechanism: the mechanism with its parameters, as it was certified, or the best known.
        size: value of the study's measure of size.
        interval: lower and upper end: the lower was shown not to be sufficient, the upper to be,
            at the study's confidence; nan where nothing was shown. That all below the lower end is
            insufficient too rests on monotonicity.
        lower_shown: whether the lower end is a dose that was shown to be too little; otherwise it
            is an estimate.
        bounds: lower and upper bound of mean attainment at ``mechanism``, each by itself, at the
            error that the certificate spent; nan where nothing is shown.
        attainment: group revenue over that of the target's reference point, in held-out episodes
            at ``mechanism``; of no episodes where nothing is shown.
        efficiency, spend, subsidy: of the same episodes; efficiency is relative to perfect play,
            whatever the target is relative to; spend and subsidy are in money per episode.
        spend_share: mean spend over mean group revenue of the same episodes.
    """

    candidate: str
    status: Status
    mechanism: Mechanism
    size: float
    interval: tuple[float, float]
    lower_shown: bool
    bounds: tuple[float, float]
    attainment: Summary
    efficiency: Summary
    spend: Summary
    subsidy: Summary
    spend_share: float

    @property
    def found(self) -> bool:
        """Whether there is a size that is enough, certified or estimated."""
        return self.status in ("certified", "estimated")

    @property
    def shown(self) -> tuple[float, float]:
        """What is shown of the smallest sufficient size: infinite where nothing is."""
        low, high = self.interval
        return -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high


@dataclass(frozen=True)
class Assumption:
    """Something that a certificate rests on, and what its own episodes say of it.

    Attributes:
        name: what is assumed.
        holds: what they say; None where they cannot tell.
        words: the same in a sentence, with figures.
    """

    name: str
    holds: bool | None
    words: str


@dataclass(frozen=True)
class Advice:
    """What agents emulated from a pilot said of where to play; a study with ``[pilot]`` has it.

    Attributes:
        size: smallest sufficient size of the emulated agents for the answer's candidate, inf where
            there is none. interval: central interval of the draws of the fit.
        curve: their dose response for it: ``size, attainment``.
        candidates: one row each, the smallest first: ``candidate, size, lower, upper``.
        estimates: what the study's own episodes said at each interim analysis, in order:
            ``candidate, episodes, lowest, highest`` (doses), ``size, lower, upper, bend, width``.
        propensities: of the best fit and of each draw, one row each.
        warnings: what the pilot could not identify.
    """

    size: float
    interval: tuple[float, float]
    curve: pd.DataFrame
    candidates: pd.DataFrame
    estimates: pd.DataFrame
    propensities: pd.DataFrame
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the advice and what the answer's interval rests on, as plain values."""
        return {
            "interval_rests_on": "regression of the study's own episodes",
            "size": self.size,
            "interval": list(self.interval),
            "candidates": self.candidates.to_dict("records"),
            "estimates": self.estimates.to_dict("records"),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class SearchResult(Renderable):
    """Outcome of ``mechlab.search``: answers in order of certified size, and all the evidence.

    Attributes:
        study: the study as it was read.
        answers: one for each candidate that was taken up; the first is the study's answer. The
            baseline is among them where it had a chance; where it is certified, it is the only one.
        trials: the trials of exploring, one row each: ``number, candidate, state, size, attainment,
            attainment_lower, attainment_upper, spend, subsidy, episodes, started, finished`` and a
            column for each parameter (named ``candidate.parameter``).
        evidence: the certifier's doses on held-out episodes, one row each: ``candidate, stage,
            look, purpose`` (``upper`` or ``lower``: which end of the interval it is to show),
            ``size, attainment, lower, upper`` (one-sided bounds at ``level``), ``level`` (the error
            of this claim at this look), ``p`` (its p-value), ``spent`` (error of the stage so far),
            ``episodes, verdict`` (``sufficient``, ``insufficient``, ``undecided``) and the
            parameters; then doses that no look judged, with their 95% interval (verdict
            ``measured``).
        curves: for each candidate with one parameter, the fitted dose response: ``dose, size, mean,
            lower, upper``.
        calls: model calls made. cost_usd: what they cost, in US dollars; nan where a price is
            unknown.
        storage: URL of the record, with any password masked; "" where none is kept.
        provenance: what rebuilds the run: study text, seeds, versions, commit, platform, command.
        pareto: what attainment costs: one row for each setting that was played, all its episodes
            together: ``candidate, size, episodes, held_out`` (how many of them were), means and
            intervals ``attainment, attainment_lower, attainment_upper`` and the same of ``spend``
            and ``subsidy``; ``spend_pareto, subsidy_pareto``: whether no other setting has better
            means; ``spend_dominated, subsidy_dominated``: whether another one is surely better in
            both; and the parameters. The intervals hold all at once, with the study's confidence.
        assumptions: what the certificate rests on, with the result of each check.
        effect: mean attainment at the answer less that without a mechanism, with its 95% interval;
            of no episodes where one of them was not played.
        reused: other searches of the same question under other seeds or targets that stand beside
            this one's record: among many answers, some err by chance.
        spoken: live episodes with all their turns, in the order of their beginning.
        stopped: the cap on calls, tokens or money that ended the search; "" where none did.
        advice: of emulated agents, where the study has a ``[pilot]``; the interval then rests on a
            regression of the study's own episodes instead of the certifier's test of a dose.
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
    assumptions: tuple[Assumption, ...] = ()
    effect: Summary | None = None
    reused: tuple[str, ...] = ()
    spoken: tuple[tuple[LiveEpisode, list[ModelCall]], ...] = ()
    stopped: str = ""
    advice: Advice | None = None

    @property
    def best(self) -> Answer:
        """The study's answer."""
        return self.answers[0]

    @cached_property
    def audit(self) -> Audit:
        """What a deviator would gain under the answer, and requirements that it does not meet."""
        return audit(self.best.mechanism, self.study.played, self.study.require)

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
