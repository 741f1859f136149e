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
from mechlab.search.bounds import MIN_EPISODES
from mechlab.search.certification import Certification, at_answer
from mechlab.search.certifier import Certificate
from mechlab.search.pareto import Played, pareto_table
from mechlab.search.provenance import provenance
from mechlab.search.results import Answer, SearchResult
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
from mechlab.statistics import Summary, summarise
from mechlab.store import Outcome, Store
from mechlab.study import BASELINE, Study

_ORDER = ("certified", "out_of_budget", "unreachable")
_DOSES = 101  # points of a fitted curve
_TRIALS = (
    *("number", "candidate", "state", "size", "attainment", "attainment_lower", "attainment_upper"),
    *("spend", "subsidy", "episodes", "started", "finished"),
)
_EVIDENCE = (
    *(
        "candidate",
        "stage",
        "purpose",
        "size",
        "attainment",
        "lower",
        "upper",
        "episodes",
        "verdict",
    ),
)


def result(store: Store, certification: Certification) -> SearchResult:
    """Return what the record of a search comes to."""
    trials = begun(store.trials())
    transcripts = Transcripts(store.engine)
    spent, spoken = transcripts.spending(store.study.name), _spoken(store)
    return SearchResult(
        study=store.study,
        answers=_answers(certification),
        trials=_frame(_TRIALS, (_trial(store.study, trial) for trial in trials)),
        evidence=_frame(_EVIDENCE, _evidence(certification)),
        curves=dict(_curves(store.study, certification.beliefs)),
        calls=spent.calls,
        cost_usd=known_cost(spent, spoken),
        stopped=certification.stopped,
        pareto=pareto_table(store.study, _played(trials, certification)),
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
    """Return what the certifier judged, then what it did not: interrupted doses, answers."""
    judged = []
    for name, certificate in certification.certificates.items():
        for shown in certificate.evidence:
            judged.append((name, shown.params))
            outcomes = certification.outcomes(name, shown.params)
            yield {
                "candidate": name,
                "stage": shown.stage,
                "purpose": shown.purpose,
                "size": _mean_size(certification.study, name, shown.params, outcomes),
                "attainment": shown.mean,
                "lower": shown.lower,
                "upper": shown.upper,
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
            "purpose": "answer" if at_answer(batch) else batch.purpose,
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
    """Return the answer of a certificate, at a setting that was played: where no episodes were left
    for one between two doses, it is the dose that was shown to be enough."""
    name, params, (low, high) = certificate.mechanism, certificate.params, certificate.interval
    size = certificate.size
    if certificate.played is not None and certificate.status == "certified":
        if params is None or _count(certification.outcomes(name, params)) < MIN_EPISODES:
            params, high = certificate.played
        outcomes = certification.outcomes(name, params)
        size = _mean_size(certification.study, name, params, outcomes)
        high = max(high, size)  # a wider interval holds as surely
    return _stated(
        certification,
        name,
        params,
        status=certificate.status,
        interval=(low, high),
        size=size,
    )


def _count(outcomes: Sequence[Outcome]) -> int:
    return sum(len(outcome[ATTAINMENT]) for outcome in outcomes)


def _undecided(certification: Certification, name: str) -> Answer:
    """Return the answer of a candidate that the budget did not reach."""
    nan = math.nan
    return _stated(certification, name, None, status="out_of_budget", interval=(nan, nan), size=nan)


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
