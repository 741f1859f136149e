"""A replication in sentences, and its page: every published figure beside ours."""

from __future__ import annotations

import math

import pandas as pd

from mechlab import figures
from mechlab.analysis.replication import FAR, Pattern, Replica, Replication
from mechlab.analysis.tensions import Optimum, SplitAnswers, UnmetRate
from mechlab.report._page import Chart, Page, Section, Statement, Table, provenance
from mechlab.report.verdict import KINDS
from mechlab.report.words import interval, number
from mechlab.search.provenance import surroundings
from mechlab.statistics import Summary, counted

_QUESTION = "Does the lab reproduce the study that it starts from, and where does it not?"
_SOURCE = "Yadav, Black and Sourbut, arXiv 2604.07821"


def sentences(replication: Replication) -> dict[str, tuple[str, ...]]:
    """Return what a replication says, by kind.

    The keys: ``headline`` (how many figures are met, and by which rule), ``far`` (figures off by
    more than ``FAR``, the furthest first), ``tensions`` (where published figures pull the common
    form of the agents apart), ``patterns`` (metric by metric), ``near`` (the other misfits).
    """
    pulled = replication.tensions
    optimum = map(_optimum, filter(None, [pulled.optimum]))
    return {
        "headline": (_headline(replication), _rule(replication)),
        "far": tuple(map(_misfit, replication.far)),
        "tensions": (*map(_split, pulled.answers), *map(_rate, pulled.rates), *optimum),
        "patterns": tuple(map(_pattern, replication.patterns)),
        "near": tuple(map(_misfit, replication.near)),
    }


def _headline(replication: Replication) -> str:
    parts = []
    for name, some in (("fitted", replication.fitted), ("held-out", replication.held_out)):
        if some:
            inside = sum(r.cell.inside for r in some)
            parts.append(f"{inside} of {len(some)} {name} figures ({inside / len(some):.0%})")
    return f"Ours meet {' and '.join(parts)}."


def _rule(replication: Replication) -> str:
    apart = [r for r in replication.replicas if not r.measured]
    reasons = "; ".join(sorted({r.cell.reason for r in apart} - {""}))
    return (
        "A figure is met where ours lies in its published 95% interval, or within 10% where none "
        f"is published. {len(apart)} figures cannot be compared"
        f"{f': {reasons}' if reasons else ''}."
    )


def _misfit(replica: Replica) -> str:
    figure, ours = replica.figure, replica.ours
    reason = f"; not fitted: {replica.cell.reason}" if replica.cell.reason else ""
    return (
        f"{figure.model}, {figure.condition}, {figure.metric.replace('_', ' ')}: published "
        f"{number(figure.target)}, ours {number(ours.mean)} ({interval(ours, number)}), "
        f"{_factor(replica)}{reason}."
    )


def _factor(replica: Replica) -> str:
    if math.isnan(replica.cell.factor):
        return "no factor, because one of them is 0"
    return f"{replica.cell.factor:.2f} times too {'large' if replica.residual > 0 else 'small'}"


def _pattern(one: Pattern) -> str:
    missed = one.too_large + one.too_small
    sides = f"; of the others {one.too_large} too large, {one.too_small} too small"
    met = f"{one.met} of {one.met + missed} met"
    return f"{one.metric.replace('_', ' ')}: {met}{sides if missed else ''}."


def _split(one: SplitAnswers) -> str:
    return (
        f"{one.model} answers peers and the system differently: its response rate to peers is "
        f"{number(one.response_rate)}, yet with the system's requests it reaches "
        f"{number(one.efficiency)} of perfect play. If it answered the system as it does "
        f"peers (with probability {number(one.peer)} in place of {number(one.system)}), it would "
        f"reach {number(one.if_alike)}."
    )


def _rate(one: UnmetRate) -> str:
    if not one.reachable:
        return (
            f"{one.model}'s response rate of {number(one.response_rate)} cannot be reached by an "
            "agent of this form: whatever its probability to answer, the nearest rate is "
            f"{number(one.nearest)}."
        )
    return (
        f"{one.model}'s response rate does not fit its throughput: an agent of this form that "
        f"answered often enough for {number(one.response_rate)} would complete "
        f"{number(one.completed)} tasks, not the published {number(one.tasks)}."
    )


def _optimum(one: Optimum) -> str:
    return (
        f"What the study calls optimal ({number(one.published)} tasks; ours {number(one.ours)}) "
        "is the optimum of asking: if everybody gave all it has unasked, the same rules would "
        f"permit {number(one.factor)} times as much."
    )


def replication_page(replication: Replication) -> Page:
    """Return the page of a replication."""
    words = sentences(replication)
    headline, rule = words["headline"]
    played = (
        f"Published: {_SOURCE}. Ours: {counted(replication.episodes, 'held-out episode')} of each "
        f"condition and model, seed {replication.seed}. The agents are {KINDS['emulated']}."
    )
    tensions = "Where published figures contradict each other"
    sections = (
        Section("residuals", "All figures at a glance", charts=(_residuals(replication),)),
        Section("far", f"Off by more than a factor of {FAR:g}", points=words["far"]),
        Section("tensions", tensions, points=words["tensions"]),
        Section("map", "Cooperation against competence", charts=(_map(replication),)),
        Section("patterns", "Metric by metric", points=words["patterns"]),
        Section("near", "Other figures missed", points=words["near"]),
        Section("all", "Every figure", tables={"figures": figure_table(replication)}),
    )
    shown = (s for s in sections if s.charts or s.tables or s.points)
    return Page(
        title="Replication",
        question=_QUESTION,
        statements=(Statement(headline),),
        sections=(*shown, provenance(surroundings())),
        facts=(rule, played),
    )


def figure_table(replication: Replication) -> Table:
    """Return all published figures beside ours, one row each."""
    rows = [
        {
            "model": r.figure.model,
            "condition": r.figure.condition,
            "metric": r.figure.metric,
            "published": r.figure.target,
            "half_width": r.figure.ci95,
            **r.ours.columns("ours"),
            "residual": r.residual,
            "factor": r.cell.factor,
            "met": ("yes" if r.cell.inside else "no") if r.measured else "not compared",
            "fitted": "yes" if r.cell.fitted else "no",
            "source": r.figure.source,
        }
        for r in replication.replicas
    ]
    return Table(pd.DataFrame(rows), {"half_width": "95% ±"})


def _residuals(replication: Replication) -> Chart:
    words = sentences(replication)
    alt = " ".join((words["headline"][0], *words["patterns"]))
    note = (
        "Each mark is a published figure, which ours meet within the band. A relative change is "
        "compared as tasks."
    )
    drawn = figures.residuals(replication)
    return Chart("residuals", "Residuals", drawn, alt, figure_table(replication), note)


def _map(replication: Replication) -> Chart:
    ours: dict[str, tuple[Summary, ...]] = {}
    theirs: dict[str, tuple[Summary, ...]] = {}
    for name in dict.fromkeys(r.figure.model for r in replication.replicas):
        conditions = ("auto_fulfill", "auto_request")  # which show competence, and cooperation
        pair = [replication.of(name, condition, "efficiency") for condition in conditions]
        known = [replica for replica in pair if replica]
        if name != "perfect" and len(known) == 2:
            ours[name] = tuple(r.ours for r in known)
            theirs[name] = tuple(
                Summary(r.figure.value, math.nan, (math.nan, math.nan), 0) for r in known
            )
    columns = ["competence", "cooperation", "published_competence", "published_cooperation"]
    data = pd.DataFrame(
        {name: [s.mean for s in (*ours[name], *theirs[name])] for name in ours}, index=columns
    ).T.rename_axis("model")
    far = (data["competence"] - data["published_competence"]).abs().idxmax()
    alt = f"Ours filled, published hollow; {far} is furthest from its published competence."
    table = Table(data.reset_index(), shares=frozenset(columns))
    note = "Filled: ours. Hollow, joined by a dotted line: published."
    drawn = figures.decomposition(ours, theirs)
    return Chart("map", "What limits each model", drawn, alt, table, note)
