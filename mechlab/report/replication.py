"""A replication in sentences, and its page: every published figure beside ours."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import starmap

import pandas as pd

from mechlab import figures
from mechlab.analysis.replication import UNKNOWN_MEAN, Replica, Replication
from mechlab.analysis.tensions import Tension
from mechlab.report._page import Chart, Page, Section, Statement, Table, provenance
from mechlab.report.verdict import KINDS
from mechlab.report.words import interval, number
from mechlab.search.provenance import surroundings
from mechlab.statistics import Summary, counted

FAR = 1.5  # times too large or too small: more than half as much again
_QUESTION = "Does the lab reproduce the study that it starts from, and where does it not?"
_SOURCE = "Yadav, Black and Sourbut, arXiv 2604.07821"
_TENSIONS = {
    "answers": "{model} answers peers and the system differently: its response rate to peers is "
    "{response_rate}, yet with the system's requests it reaches {efficiency} of perfect play. If "
    "it answered the system as it does peers (with probability {peer} in place of {system}), it "
    "would reach {if_alike}.",
    "rate": "{model}'s response rate of {response_rate} cannot be reached by an agent of this "
    "form: whatever its probability to answer, the nearest rate is {nearest}.",
    "throughput": "{model}'s response rate does not fit its throughput: an agent of this form that "
    "answered often enough for {response_rate} would complete {completed} of the tasks, not the "
    "published {tasks}.",
    "optimum": "What the study calls optimal (tasks: {tasks}; ours {ours}) is the optimum of "
    "asking: if everybody gave all it has unasked, the same rules would permit {factor} times as "
    "much.",
}


def sentences(replication: Replication) -> dict[str, tuple[str, ...]]:
    """Return what a replication says, by kind.

    The keys: ``headline`` (how many figures are met, and by which rule), ``far`` (figures off by
    more than ``FAR``, the furthest first), ``tensions`` (where published figures pull the common
    form of the agents apart), ``patterns`` (metric by metric), ``near`` (the other misfits).
    """
    misfits = replication.misfits
    return {
        "headline": (_headline(replication), _rule(replication)),
        "far": tuple(_misfit(r) for r in misfits if not r.factor <= FAR),
        "tensions": tuple(map(_tension, replication.tensions)),
        "patterns": tuple(starmap(_pattern, replication.patterns.items())),
        "near": tuple(_misfit(r) for r in misfits if r.factor <= FAR),
    }


def _headline(replication: Replication) -> str:
    parts = []
    for name, some in (("fitted", replication.fitted), ("held-out", replication.held_out)):
        if some:
            inside = sum(r.inside for r in some)
            figures = counted(len(some), f"{name} figure")
            parts.append(f"{inside} of {figures} ({inside / len(some):.0%})")
    return f"Ours meet {' and '.join(parts)}."


def _rule(replication: Replication) -> str:
    apart = [r for r in replication.replicas if not r.measured]
    reasons = "; ".join(sorted({r.reason for r in apart} - {""}))
    return (
        "A figure is met where ours lies in its published 95% interval, or within 10% where none "
        f"is published. {counted(len(apart), 'figure')} cannot be compared"
        f"{f': {reasons}' if reasons else ''}."
    )


def _misfit(replica: Replica) -> str:
    figure, ours = replica.figure, replica.summary
    reason = f"; not fitted: {replica.reason}" if replica.reason else ""
    return (
        f"{figure.model}, {figure.condition}, {figure.metric.replace('_', ' ')}: published "
        f"{number(figure.target)}, ours {number(ours.mean)} ({interval(ours, number)}), "
        f"{_factor(replica)}{reason}."
    )


def _factor(replica: Replica) -> str:
    if math.isnan(replica.factor):
        return "no factor, because one of them is 0"
    return f"{replica.factor:.2f} times too {'large' if replica.residual > 0 else 'small'}"


def _pattern(metric: str, counts: Counter[str]) -> str:
    total, sides = counts.total(), (f"{counts[side]} {side}" for side in ("too large", "too small"))
    others = f"; of the others {', '.join(sides)}" if counts["met"] < total else ""
    return f"{metric.replace('_', ' ')}: {counts['met']} of {total} met{others}."


def _tension(one: Tension) -> str:
    values = {name: number(value) for name, value in one.values.items()}
    return _TENSIONS[one.kind].format(model=one.model, **values)


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
            **r.summary.columns("ours"),
            "residual": r.residual,
            "factor": r.factor,
            "met": ("yes" if r.inside else "no") if r.measured else "not compared",
            "fitted": "yes" if r.fitted else "no",
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
            ours[name] = tuple(r.summary for r in known)
            theirs[name] = tuple(replace(UNKNOWN_MEAN, mean=r.figure.value) for r in known)
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
