"""The four steps: pilot, emulate, search, confirm."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict

import pandas as pd
from optuna.distributions import FloatDistribution, IntDistribution
from sqlalchemy.engine import make_url

from mechlab.errors import UserError
from mechlab.llm.budget import Spending
from mechlab.llm.session import session_for
from mechlab.llm.transcripts import LiveEpisode, ModelCall, open_transcripts
from mechlab.mechanism.candidate import ends
from mechlab.pilot._confirm import Confirmation, Estimate
from mechlab.pilot._design import BEGIN, FEWEST, NARROW, Bracket, believed_size, next_episodes
from mechlab.pilot._emulate import DoseRange, Emulation, Emulators
from mechlab.pilot._episodes import OwnEpisodes
from mechlab.search.pareto import pareto_table
from mechlab.search.provenance import provenance
from mechlab.search.results import Advice, Answer, SearchResult, Status
from mechlab.search.worker import calm
from mechlab.store import record_url
from mechlab.study import BASELINE, Study


def pilot(study: Study, storage: str | None = None) -> SearchResult:
    """Answer a study that has a ``[pilot]`` table with few episodes of its own agents.

    1. Pilot: a few episodes in the middle of each candidate's range.
    2. Emulate: fit emulated agents to them, with draws that carry the fit's uncertainty.
    3. Search: find the smallest sufficient size of the fit and of each draw, which costs no calls.
    4. Confirm: play held-out episodes on both sides of it, and estimate from them where the target
       is reached. The first of them join the fit, which then stays; step 4 goes on until the
       interval is narrow or the budget is used up.

    The interval of the answer rests on a regression of the study's own episodes (Fieller's
    interval, widened by the believed bend of the curve), not on the certifier's test of a dose.

    Args:
        study: the study; its budget counts episodes of its own agents.
        storage: database URL of live agents' calls, which are never paid for twice.

    Raises:
        UserError: for a study without ``[pilot]``, a mixed group, a budget that does not cover
            the pilot, or a candidate whose one free number is not what the study minimises.
    """
    run = _Pilot(study, tuple(dose_ranges(study)))
    url = storage or record_url(study.name)
    with calm(), session_for(study.group, study.live, url, study.name):
        return run.answer(url)


def dose_ranges(study: Study) -> Iterator[DoseRange]:
    """Return the candidates that a pilot searches; raises as ``pilot``."""
    if study.pilot is None:
        raise UserError(f"the study {study.name!r} has no [pilot]")
    if len(set(study.group.members)) > 1:
        raise UserError(f"a pilot is fitted to agents of one sort, got {study.group}")
    for name, candidate in study.candidates.items():
        free = candidate.space
        number = [n for n, d in free.items() if isinstance(d, (FloatDistribution, IntDistribution))]
        if name != BASELINE and list(free) == number == [study.minimise]:
            yield DoseRange(study, name, study.minimise, *map(float, ends(free[study.minimise])))
        elif name != BASELINE:
            raise UserError(
                f"a pilot searches candidates whose one free number is what the study minimises "
                f"({study.minimise}); {name} has {', '.join(free) or 'none'}"
            )


class _Pilot:
    """The steps of a pilot and all that was played in them.

    Args:
        study: with a ``[pilot]``.
        candidates: its candidates.

    Raises:
        UserError: for a budget that does not cover the pilot and ``FEWEST`` episodes.
    """

    def __init__(self, study: Study, candidates: tuple[DoseRange, ...]) -> None:
        assert study.pilot is not None
        self.study, self.candidates = study, {one.name: one for one in candidates}
        self.own = OwnEpisodes(study)
        self.brackets: dict[str, Bracket] = {}
        self.estimates: list[Estimate] = []
        needed = study.pilot.episodes * len(candidates) + FEWEST
        if study.budget.episodes < needed:
            raise UserError(
                f"budget.episodes must cover the pilot and {FEWEST} more, at least {needed}, "
                f"got {study.budget.episodes}"
            )

    def answer(self, storage: str) -> SearchResult:
        """Play until the interval is narrow, the target out of reach, or the budget used up."""
        assert self.study.pilot is not None
        for candidate in self.candidates.values():
            self.own.play(candidate, candidate.middle, self.study.pilot.episodes, pilot=True)
        while True:
            if not self.estimates:  # once the answer has been bracketed, the curve stays
                emulators = Emulators.fitted(self.study, self.own.table())
                emulations = self._emulated(emulators)
            emulation = min(emulations, key=self._believed)
            candidate = self.candidates[emulation.candidate]
            if candidate.name not in self.brackets:
                self._begin(candidate, emulation)
                continue
            confirmation = self._confirmation(candidate, emulation, emulators)
            self.estimates.append(confirmation.estimate())
            status = self._status(candidate)
            if status:
                advice = _advice(self.study, emulation, emulations, emulators, self.estimates)
                answer = self._answer(status, confirmation, emulations)
                return self._result(answer, advice, storage)
            self._go_on(candidate, emulation)

    def _emulated(self, emulators: Emulators) -> tuple[Emulation, ...]:
        """Return what the emulated agents say of each candidate, the smallest first."""
        every = [one.emulated(emulators.agent, emulators.draws) for one in self.candidates.values()]
        return tuple(sorted(every, key=lambda emulation: emulation.size))

    def _believed(self, emulation: Emulation) -> float:
        candidate = self.candidates[emulation.candidate]
        latest = {estimate.candidate: estimate for estimate in self.estimates}
        measured = self.own.measured(candidate)
        groups = measured.groupby("size")["attainment"].mean()
        means = dict(zip(groups.index.astype(float), groups.astype(float), strict=True))
        return believed_size(candidate, emulation, latest.get(emulation.candidate), means)

    def _begin(self, candidate: DoseRange, emulation: Emulation) -> None:
        bracket = self.brackets[candidate.name] = Bracket.first(candidate, emulation)
        self._play(candidate, bracket.doses(min(emulation.size, candidate.high), BEGIN))

    def _go_on(self, candidate: DoseRange, emulation: Emulation) -> None:
        estimate = self.estimates[-1]
        size = min(self._believed(emulation), candidate.high)
        bracket = self.brackets[candidate.name].moved(candidate, size, estimate.bend)
        self.brackets[candidate.name] = bracket
        count = next_episodes(estimate) if math.isfinite(estimate.size) else BEGIN
        self._play(candidate, bracket.doses(size, count))

    def _play(self, candidate: DoseRange, doses: Mapping[float, int]) -> None:
        for size, episodes in doses.items():
            if min(episodes, self.own.left) > 0:
                self.own.play(candidate, size, episodes)

    def _confirmation(
        self, candidate: DoseRange, emulation: Emulation, emulators: Emulators
    ) -> Confirmation:
        episodes, bracket = self.own.measured(candidate), self.brackets[candidate.name]
        near = episodes[episodes["size"].map(bracket.near)]
        return Confirmation(candidate, emulation.curve, near, candidate.inverse(emulators.agent))

    def _status(self, candidate: DoseRange) -> Status | None:
        """Return how the latest estimate decides the study, None where it does not."""
        estimate = self.estimates[-1]
        enough = estimate.episodes >= FEWEST
        shown = enough and math.isfinite(estimate.upper)
        lower = max(estimate.lower, candidate.low)
        narrow = estimate.upper - lower <= NARROW * estimate.upper
        if shown and (estimate.upper <= candidate.low or narrow):
            return "certified"
        if enough and estimate.lower == math.inf and estimate.highest >= candidate.high:
            return "unreachable"
        if self.own.left:
            return None
        return "certified" if shown else "out_of_budget"

    def _answer(
        self, status: Status, confirmation: Confirmation, emulations: tuple[Emulation, ...]
    ) -> Answer:
        estimate, candidate = self.estimates[-1], confirmation.candidate
        size = {
            "certified": estimate.upper,
            "unreachable": candidate.high,
            "out_of_budget": min(min(map(self._believed, emulations)), candidate.high),
        }[status]
        measures = ("efficiency", "spend", "subsidy")
        spend, revenue = (confirmation.at(size, name) for name in ("spend", "group_revenue"))
        return Answer(
            candidate=candidate.name,
            status=status,
            mechanism=candidate.at(size),
            size=size,
            interval=(min(max(estimate.lower, candidate.low), size), size),
            attainment=confirmation.at(size, "attainment"),
            **{name: confirmation.at(size, name) for name in measures},
            spend_share=spend.mean / revenue.mean if revenue.mean else math.nan,
        )

    def _result(self, answer: Answer, advice: Advice, storage: str) -> SearchResult:
        spent = Spending()
        live: tuple[tuple[LiveEpisode, list[ModelCall]], ...] = ()
        if "live" in self.study.group.kinds:
            with open_transcripts(storage) as transcripts:
                spent = transcripts.spending(self.study.name)
                live = transcripts.of_run(self.study.name)
        return SearchResult(
            study=self.study,
            answers=(answer,),
            trials=self.own.trials(),
            evidence=self.own.evidence(),
            curves={},
            calls=spent.calls,
            cost_usd=spent.dollars,
            storage=make_url(storage).render_as_string(),
            provenance=provenance(self.study),
            pareto=pareto_table(self.study, self.own.played()),
            spoken=live,
            advice=advice,
        )


def _advice(
    study: Study,
    emulation: Emulation,
    emulations: tuple[Emulation, ...],
    emulators: Emulators,
    estimates: list[Estimate],
) -> Advice:
    """Return what the emulated agents said, as plain numbers."""
    confidence = study.target.confidence
    ends_of = {one.candidate: one.interval(confidence) for one in emulations}
    agents = {"best fit": emulators.agent}
    agents |= {f"draw {number}": agent for number, agent in enumerate(emulators.draws)}
    return Advice(
        size=emulation.size,
        interval=ends_of[emulation.candidate],
        curve=emulation.curve.frame(),
        candidates=pd.DataFrame(
            [(one.candidate, one.size, *ends_of[one.candidate]) for one in emulations],
            columns=["candidate", "size", "lower", "upper"],
        ),
        estimates=pd.DataFrame([asdict(estimate) for estimate in estimates]),
        propensities=pd.DataFrame(
            [{"agent": name, **asdict(agent.fitted)} for name, agent in agents.items()]
        ),
        warnings=emulators.warnings,
    )
