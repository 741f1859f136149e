"""The four steps: pilot, emulate, search, confirm."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict

import pandas as pd
from optuna.distributions import FloatDistribution, IntDistribution
from sqlalchemy.engine import make_url

from mechlab.calibrate import PilotFit, fit_episodes
from mechlab.errors import UserError
from mechlab.llm.budget import Spending
from mechlab.llm.session import session_for
from mechlab.llm.transcripts import LiveEpisode, ModelCall, known_cost, open_transcripts
from mechlab.mechanism.candidate import ends
from mechlab.pilot._confirm import Confirmation, Estimate
from mechlab.pilot._design import BEGIN, FEWEST, NARROW, Bracket, believed_size, next_episodes
from mechlab.pilot._emulate import DRAWS, DoseRange, Emulation
from mechlab.pilot._episodes import MEASURES, OwnEpisodes
from mechlab.search.pareto import pareto_table
from mechlab.search.provenance import provenance
from mechlab.search.results import Advice, Answer, SearchResult, Status
from mechlab.search.worker import calm
from mechlab.streams import EXPLORE
from mechlab.study import BASELINE, Study

_EMULATED = "o3"  # all emulated agents can play the same


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

    The study's budget counts episodes of its own agents; ``storage`` is the database URL of live
    agents' calls, which are never paid for twice. Agents that are computed keep no record.

    Raises:
        UserError: for a study without ``[pilot]``, a mixed group, a budget that does not cover
            the pilot, or a candidate whose one free number is not what the study minimises, or
            that emulated agents cannot play.
    """
    run = _Pilot(study, tuple(dose_ranges(study)))
    has_live = "live" in study.group.kinds
    if storage and not has_live:
        raise UserError(
            f"--storage keeps the calls of a pilot's live agents, and {study.group} has none"
        )
    url = storage or (study.record_url if has_live else "")
    with calm(), session_for(study.group, study.live, url, study.name):
        return run.answer(url)


def dose_ranges(study: Study) -> Iterator[DoseRange]:
    """Return the candidates that a pilot searches; raises as ``pilot``."""
    if study.pilot is None:
        raise UserError(f"the study {study.name!r} has no [pilot]")
    if len(set(study.group.members)) > 1:
        raise UserError(f"a pilot is fitted to agents of one sort, got {study.group}")
    if set(study.candidates) == {BASELINE}:
        raise UserError("a pilot searches a range, but mechanisms names none but 'none'")
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
    try:  # what no emulated agent can play is told before anything is spent
        for candidate in study.candidates.values():
            study.play(candidate.lowest, EXPLORE[:1], population=_EMULATED)
    except UserError as error:
        raise UserError(f"a pilot emulates its agents, and {error}") from None


class _Pilot:
    """The steps of a pilot and all that was played in them; ``UserError`` as ``pilot``."""

    def __init__(self, study: Study, candidates: tuple[DoseRange, ...]) -> None:
        assert study.pilot is not None
        self.study, self.candidates, self.first = study, candidates, study.pilot.episodes
        self.own = OwnEpisodes(study)
        self.brackets: dict[str, Bracket] = {}
        self.estimates: list[Estimate] = []
        needed = self.first * len(candidates) + FEWEST
        if study.budget.episodes < needed:
            raise UserError(
                f"budget.episodes must cover the pilot and {FEWEST} more, at least {needed}, "
                f"got {study.budget.episodes}"
            )

    def answer(self, storage: str) -> SearchResult:
        """Play until the interval is narrow, the target out of reach, or the budget used up."""
        for candidate in self.candidates:
            self.own.play(candidate, candidate.middle, self.first, pilot=True)
        while True:
            if not self.estimates:  # once the answer has been bracketed, the curve stays
                fit, emulations = self._emulated()
            emulation = min(emulations, key=self._believed)
            candidate = emulation.candidate
            if candidate.name not in self.brackets:
                self.brackets[candidate.name] = Bracket.first(emulation)
                self._play(candidate, min(emulation.size, candidate.high), BEGIN)
                continue
            confirmation = self._confirmation(emulation, fit)
            self.estimates.append(confirmation.estimate())
            if status := self._status(candidate):
                answer = self._answer(status, confirmation, emulations)
                return self._result(answer, self._advice(emulation, emulations, fit), storage)
            self._go_on(emulation)

    def _emulated(self) -> tuple[PilotFit, list[Emulation]]:
        """Return a fit, and what its agents say of each candidate, the smallest first."""
        name, seed = self.study.name, self.study.seed
        fit = fit_episodes(self.own.frame, settings=self.study.settings, name=name, seed=seed)
        every = [one.emulated(fit.agent, fit.agents(DRAWS)) for one in self.candidates]
        return fit, sorted(every, key=lambda emulation: emulation.size)

    def _believed(self, emulation: Emulation) -> float:
        latest = {estimate.candidate: estimate for estimate in self.estimates}
        groups = self.own.measured(emulation.candidate).groupby("size")["attainment"].mean()
        means = dict(zip(groups.index.astype(float), groups.astype(float), strict=True))
        return believed_size(emulation, latest.get(emulation.candidate.name), means)

    def _go_on(self, emulation: Emulation) -> None:
        estimate, candidate = self.estimates[-1], emulation.candidate
        size = min(self._believed(emulation), candidate.high)
        bracket = self.brackets[candidate.name].moved(candidate, size, estimate.bend)
        self.brackets[candidate.name] = bracket
        self._play(
            candidate, size, next_episodes(estimate) if math.isfinite(estimate.size) else BEGIN
        )

    def _play(self, candidate: DoseRange, size: float, count: int) -> None:
        """Play some episodes at both ends of a candidate's bracket, whose mean is a size."""
        for dose, episodes in self.brackets[candidate.name].doses(size, count).items():
            if min(episodes, self.own.left) > 0:
                self.own.play(candidate, dose, episodes)

    def _confirmation(self, emulation: Emulation, fit: PilotFit) -> Confirmation:
        candidate = emulation.candidate
        episodes = self.own.measured(candidate)
        near = episodes[episodes["size"].map(self.brackets[candidate.name].near)]
        return Confirmation(emulation, near, candidate.inverse(fit.agent))

    def _status(self, candidate: DoseRange) -> Status | None:
        """Return how the latest estimate decides the study, None where it does not."""
        estimate = self.estimates[-1]
        enough = estimate.episodes >= FEWEST
        shown = enough and math.isfinite(estimate.upper)
        lower = max(estimate.lower, candidate.low)
        narrow = estimate.upper - lower <= NARROW * estimate.upper
        if shown and (estimate.upper <= candidate.low or narrow):
            return "estimated"
        if enough and estimate.lower == math.inf and estimate.highest >= candidate.high:
            return "not_reached"
        if self.own.left:
            return None
        return "estimated" if shown else "out_of_budget"

    def _answer(
        self, status: Status, confirmation: Confirmation, emulations: list[Emulation]
    ) -> Answer:
        estimate, candidate = self.estimates[-1], confirmation.emulation.candidate
        size = {
            "estimated": estimate.upper,
            "not_reached": candidate.high,
            "out_of_budget": min(min(map(self._believed, emulations)), candidate.high),
        }[status]
        at = {name: confirmation.at(size, name) for name in MEASURES}
        revenue = at.pop("group_revenue").mean
        return Answer(
            candidate=candidate.name,
            status=status,
            mechanism=candidate.at(size),
            size=size,
            interval=(min(max(estimate.lower, candidate.low), size), size),
            lower_shown=False,
            bounds=at["attainment"].ci95,
            **at,
            spend_share=at["spend"].mean / revenue if revenue else math.nan,
        )

    def _result(self, answer: Answer, advice: Advice, storage: str) -> SearchResult:
        spent, name = Spending(), self.study.name
        spoken: tuple[tuple[LiveEpisode, list[ModelCall]], ...] = ()
        if "live" in self.study.group.kinds:
            with open_transcripts(storage) as transcripts:
                spent, spoken = transcripts.spending(name), transcripts.of_run(name)
        return SearchResult(
            study=self.study,
            answers=(answer,),
            trials=self.own.trials(),
            evidence=self.own.evidence(),
            curves={},
            calls=spent.calls,
            cost_usd=known_cost(spent, spoken),
            storage=storage and make_url(storage).render_as_string(),
            provenance=provenance(self.study),
            pareto=pareto_table(self.study, self.own.played()),
            spoken=spoken,
            advice=advice,
        )

    def _advice(self, emulation: Emulation, emulations: list[Emulation], fit: PilotFit) -> Advice:
        """Return what the emulated agents said, as plain numbers."""
        agents = {"best fit": fit.agent}
        agents |= {f"draw {number}": agent for number, agent in enumerate(fit.agents(DRAWS))}
        return Advice(
            size=emulation.size,
            interval=emulation.interval(),
            curve=emulation.curve.frame(),
            candidates=pd.DataFrame(
                [(one.candidate.name, one.size, *one.interval()) for one in emulations],
                columns=["candidate", "size", "lower", "upper"],
            ),
            estimates=pd.DataFrame([asdict(estimate) for estimate in self.estimates]),
            propensities=pd.DataFrame(
                [{"agent": name, **asdict(agent.fitted)} for name, agent in agents.items()]
            ),
            warnings=tuple(fit.warnings),
        )
