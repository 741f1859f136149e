"""Gives account of a search: answers, trials, evidence and curves, all from the record."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from mechlab.llm.transcripts import LiveEpisode, ModelCall, Transcripts, known_cost
from mechlab.mechanism.candidate import ends
from mechlab.search._threshold import Belief
from mechlab.search.bounds import unseen_share
from mechlab.search.certification import Certification
from mechlab.search.certifier import Certificate
from mechlab.search.pareto import Played, pareto_table
from mechlab.search.provenance import provenance
from mechlab.search.results import Answer, Assumption, SearchResult
from mechlab.search.trials import (
    ATTAINMENT,
    MECHANISM,
    begun,
    outcome,
    setting,
    short_names,
    sizes,
    without_mechanism,
)
from mechlab.statistics import Summary, difference, summarise
from mechlab.store import Outcome, Store
from mechlab.study import BASELINE, Study

_ORDER = ("certified", "out_of_budget", "not_reached")
_DOSES = 101  # points of a fitted curve
_TRIALS = (
    *("number", "candidate", "state", "size", "attainment", "attainment_lower", "attainment_upper"),
    *("spend", "subsidy", "episodes", "started", "finished"),
)
_EVIDENCE = (
    *("candidate", "stage", "look", "purpose", "size", "attainment", "lower", "upper", "level"),
    *("p", "spent", "episodes", "verdict"),
)


def result(store: Store, certification: Certification) -> SearchResult:
    """Return what the record of a search comes to."""
    trials = begun(store.trials())
    transcripts = Transcripts(store.engine)
    spent, spoken = transcripts.spending(store.study.name), _spoken(store)
    answers = _answers(certification)
    return SearchResult(
        study=store.study,
        answers=answers,
        trials=_frame(_TRIALS, (_trial(store.study, trial) for trial in trials)),
        evidence=_frame(_EVIDENCE, _evidence(certification)),
        curves=dict(_curves(store.study, certification.beliefs)),
        calls=spent.calls,
        cost_usd=known_cost(spent, spoken),
        stopped=certification.stopped,
        pareto=pareto_table(store.study, _played(trials, certification)),
        assumptions=tuple(_assumptions(certification, answers[0])),
        effect=_effect(trials, certification, answers[0]),
        reused=tuple(store.same_question()),
        spoken=spoken,
        storage=store.url,
        provenance=provenance(store.study),
    )


def _spoken(store: Store) -> tuple[tuple[LiveEpisode, list[ModelCall]], ...]:
    """Return the live episodes of a search with all their calls."""
    if "live" not in store.study.group.kinds:
        return ()
    return Transcripts(store.engine).of_run(store.study.name)


def _frame(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    found = list(rows)
    more = dict.fromkeys(name for row in found for name in row if name not in columns)
    return pd.DataFrame(found, columns=[*columns, *more])


def _trial(study: Study, trial: FrozenTrial) -> dict[str, Any]:
    row = {
        "number": trial.number,
        "candidate": trial.params.get(MECHANISM),
        "state": trial.state.name,
        "episodes": len(outcome(trial).get(ATTAINMENT, ())),
        "started": trial.datetime_start,
        "finished": trial.datetime_complete,
        **{name: value for name, value in trial.params.items() if name != MECHANISM},
    }
    if row["episodes"]:
        row |= _measured(study, trial)
    return row


def _measured(study: Study, trial: FrozenTrial) -> dict[str, float]:
    name, params = setting(trial)
    told = dict(outcome(trial))
    attainment = summarise(np.array(told[ATTAINMENT]))
    return {
        "size": float(np.mean(sizes(study, name, params, told))),
        "attainment": attainment.mean,
        "attainment_lower": attainment.ci95[0],
        "attainment_upper": attainment.ci95[1],
        "spend": float(np.mean(told["spend"])),
        "subsidy": float(np.mean(told["subsidy"])),
    }


def _played(trials: Sequence[FrozenTrial], certification: Certification) -> Iterator[Played]:
    for trial in trials:
        if trial.state == TrialState.COMPLETE:
            yield trial.params[MECHANISM], without_mechanism(trial.params), outcome(trial), False
    for batch, told in certification.told:
        yield batch.mechanism, batch.params, told, True


def _evidence(certification: Certification) -> Iterator[dict[str, Any]]:
    """Return what the certifier judged, then the doses that were interrupted."""
    judged = []
    for name, certificate in certification.certificates.items():
        for shown in certificate.evidence:
            judged.append((name, shown.params))
            yield {
                "candidate": name,
                "stage": shown.stage,
                "look": shown.look,
                "purpose": shown.purpose,
                "size": shown.size,
                "attainment": shown.mean,
                "lower": shown.lower,
                "upper": shown.upper,
                "level": shown.level,
                "p": shown.p,
                "spent": shown.spent,
                "episodes": shown.n,
                "verdict": "undecided" if shown.conclusion == "neither" else shown.conclusion,
                **shown.params,
            }
    yield from _measured_only(certification, judged)


def _measured_only(certification: Certification, judged: list[Any]) -> Iterator[dict[str, Any]]:
    done = list(judged)
    for batch, _ in certification.told:
        if (batch.mechanism, batch.params) in done:
            continue
        done.append((batch.mechanism, batch.params))
        outcomes = certification.outcomes(batch.mechanism, batch.params)
        attainment = _summary(outcomes, ATTAINMENT)
        yield {
            "candidate": batch.mechanism,
            "purpose": "effect" if batch.mechanism == BASELINE else batch.purpose,
            "size": _mean_size(certification.study, batch.mechanism, batch.params, outcomes),
            "attainment": attainment.mean,
            "lower": attainment.ci95[0],
            "upper": attainment.ci95[1],
            "episodes": attainment.n,
            "verdict": "measured",
            **batch.params,
        }


def _answers(certification: Certification) -> tuple[Answer, ...]:
    """Return an answer for each candidate that the certificate took up or had no budget for."""
    study, certificates = certification.study, certification.certificates
    if certification.enough:
        return (_answer(certification, certificates[BASELINE]),)
    found = [_answer(certification, certificate) for certificate in certificates.values()]
    missing = [n for n in study.candidates if n not in certificates and n != BASELINE]
    if not found and not missing:
        missing = [BASELINE]
    found += [_undecided(certification, name) for name in missing]
    return tuple(sorted(found, key=partial(_rank, study.tie_break)))


def _rank(tie_break: str, answer: Answer) -> tuple[int, float, float, float]:
    """Order certified answers by size and, of equal size, by the study's other size; the others by
    how efficient their best is."""
    efficiency = answer.efficiency.mean if math.isfinite(answer.efficiency.mean) else 0.0
    certified = answer.status == "certified"
    sizes = (answer.size, getattr(answer, tie_break).mean) if certified else (0.0, 0.0)
    return _ORDER.index(answer.status), *sizes, -efficiency


def _answer(certification: Certification, certificate: Certificate) -> Answer:
    """Return the answer of a certificate."""
    shown = certificate.answer
    return _stated(
        certification,
        certificate.mechanism,
        certificate.params,
        status=certificate.status,
        interval=certificate.interval,
        lower_shown=certificate.lower_shown,
        bounds=(shown.lower, shown.upper) if shown else (math.nan, math.nan),
        size=certificate.size,
    )


def _undecided(certification: Certification, name: str) -> Answer:
    """Return the answer of a candidate that the budget did not reach."""
    nothing = math.nan, math.nan
    return _stated(
        certification,
        name,
        None,
        status="out_of_budget",
        interval=nothing,
        lower_shown=False,
        bounds=nothing,
        size=math.nan,
    )


def _stated(
    certification: Certification, name: str, params: Mapping[str, Any] | None, **fields: Any
) -> Answer:
    """Return an answer with what held-out episodes at its setting measured."""
    study = certification.study
    if params is None:
        params = _likeliest(certification, name)
    outcomes = certification.outcomes(name, params)
    spend, revenue = _summary(outcomes, "spend"), _summary(outcomes, "group_revenue")
    return Answer(
        candidate=name,
        mechanism=study.candidates[name].build(short_names(name, params)),
        attainment=_summary(outcomes, ATTAINMENT),
        efficiency=_summary(outcomes, "efficiency"),
        spend=spend,
        subsidy=_summary(outcomes, "subsidy"),
        spend_share=spend.mean / revenue.mean if revenue.mean else math.nan,
        **fields,
    )


def _likeliest(certification: Certification, name: str) -> dict[str, Any]:
    """Return the setting that is most likely the answer, where none is shown."""
    if name in certification.beliefs:
        return certification.beliefs[name].best
    candidate = certification.study.candidates[name]
    return {f"{name}.{p}": ends(free)[0] for p, free in candidate.space.items()}


def _summary(outcomes: Sequence[Outcome], measure: str) -> Summary:
    return summarise(np.array([value for o in outcomes for value in o[measure]]))


def _mean_size(
    study: Study, name: str, params: Mapping[str, Any], outcomes: Sequence[Outcome]
) -> float:
    known = study.size(name, short_names(name, params))
    if known is not None:
        return known
    return float(np.mean([value for o in outcomes for value in o[study.minimise]]))


def _assumptions(certification: Certification, answer: Answer) -> Iterator[Assumption]:
    """Yield what the certificate of the study's answer rests on."""
    certificate = certification.certificates.get(answer.candidate)
    if certificate is None or certificate.answer is None:
        return
    yield _independence(certificate, certification.study.group.offline)
    yield _normality(_attained(certification, certificate), 1.0 - certificate.confidence)
    if certificate.status == "certified":
        yield _monotonicity(certificate)


def _independence(certificate: Certificate, offline: bool) -> Assumption:
    serial, own = certificate.serial, " Each has random numbers of its own." if offline else ""
    if math.isnan(serial.p):
        words = f"Too few held-out episodes to compare blocks of neighbouring ones.{own}"
        return Assumption("episodes are independent", True if offline else None, words)
    if serial.inflation > 1.0:
        words = (
            f"Neighbouring held-out episodes are alike (p = {serial.p:.2g}); means are taken to "
            f"vary {serial.inflation:.1f} times as much as if they were not.{own}"
        )
        return Assumption("episodes are independent", False, words)
    words = (
        f"Blocks of neighbouring ones differ no more than they should (p = {serial.p:.2g}).{own}"
    )
    return Assumption("episodes are independent", True, words)


def _normality(attained: Sequence[float], alpha: float) -> Assumption:
    lost = sum(value <= 0.0 for value in attained)
    rare = f"up to {unseen_share(len(attained), alpha):.1%} may, and the bounds allow for it"
    collapsed = (
        f"{lost:,} of them earned nothing" if lost else f"none of them earned nothing: {rare}"
    )
    words = f"Means of {len(attained):,} episodes, with a correction for skewness; {collapsed}."
    return Assumption("means are nearly normal", None, words)


def _monotonicity(certificate: Certificate) -> Assumption:
    words = "That nothing under the lower end is enough rests on it; the answer does not."
    if certificate.contrary:
        above = ", ".join(str(evidence.params) for evidence in certificate.contrary)
        words += f" It is refuted: {above}, beyond the answer, was shown to be too little."
    else:
        words += " No dose beyond the answer was shown to be too little."
    return Assumption("more is no worse", False if certificate.contrary else None, words)


def _attained(certification: Certification, certificate: Certificate) -> list[float]:
    """Return the attainment of all held-out episodes at the answer."""
    told = certification.outcomes(certificate.mechanism, certificate.params or {})
    return [value for one in told for value in one[ATTAINMENT]]


def _effect(
    trials: Sequence[FrozenTrial], certification: Certification, answer: Answer
) -> Summary | None:
    """Return mean attainment at the answer less that without a mechanism, by Welch's interval."""
    explored = [
        outcome(trial)
        for trial in trials
        if trial.state == TrialState.COMPLETE and trial.params[MECHANISM] == BASELINE
    ]
    told = (*explored, *certification.outcomes(BASELINE, {}))
    without = [value for one in told for value in one[ATTAINMENT]]
    certificate = certification.certificates.get(answer.candidate)
    if certificate is None or certificate.params is None:
        return None
    return difference(np.array(_attained(certification, certificate)), np.array(without))


def _curves(study: Study, beliefs: Mapping[str, Belief]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Return the fitted dose response of each candidate with one free number."""
    for name, belief in beliefs.items():
        free = dict(belief.space.distributions)
        if not belief.space.one_dimensional:
            continue
        (parameter,) = free
        x = np.linspace(0.0, 1.0, _DOSES)[:, None]
        params = [belief.space.decode(row) for row in x]
        mean, low, high = belief.curve(params)
        dose = [p[parameter] for p in params]
        frame = {"dose": dose, "size": belief.sizes(x), "mean": mean, "lower": low, "upper": high}
        yield name, pd.DataFrame(frame)
