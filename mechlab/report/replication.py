"""The page of a replication: every published figure beside ours, and where they part."""

from __future__ import annotations

import math

import pandas as pd

from mechlab.analysis.replication import FAR, Replication
from mechlab.calibrate.published import models
from mechlab.figures import Spot, decomposition, residuals
from mechlab.report import misfits
from mechlab.report.chart import Chart
from mechlab.report.sheet import Section, Sheet
from mechlab.report.tables import Table
from mechlab.report.verdict import KINDS
from mechlab.search.provenance import surroundings
from mechlab.statistics import Summary

QUESTION = "Does the lab reproduce the study that it starts from, and where does it not?"
_SOURCE = "Yadav, Black and Sourbut, arXiv 2604.07821"


def sheet(found: Replication) -> Sheet:
    """Return the page of a replication."""
    said = misfits.words(found)
    facts = (
        *said["headline"][1:],
        f"Published: {_SOURCE}. Ours: {found.episodes:,} held-out episodes of each condition and "
        f"model, seed {found.seed}. The agents are {KINDS['emulated']}.",
    )
    sections = (
        Section("residuals", "All figures at a glance", (), (_residual_chart(found),)),
        Section("far", f"Off by more than a factor of {FAR:g}", points=said["far"]),
        Section("tensions", "Where published figures pull apart", points=said["tensions"]),
        Section("map", "Cooperation against competence", charts=(_map_chart(found),)),
        Section("patterns", "Measure by measure", points=said["patterns"]),
        Section("near", "Other figures missed", points=said["near"]),
        Section("all", "Every figure", tables={"Published and ours": table(found)}),
    )
    shown = tuple(s for s in sections if s.sentences or s.charts or s.tables or s.points)
    return Sheet("Replication", QUESTION, said["headline"][0], facts, shown, surroundings())


def table(found: Replication) -> Table:
    """Return all figures beside ours, a row each."""
    rows = [
        {
            "model": r.figure.model,
            "condition": r.figure.condition,
            "metric": r.figure.metric,
            "published": r.figure.target,
            "half_width": r.figure.ci95,
            "ours": r.ours.mean,
            "from": r.ours.ci95[0],
            "to": r.ours.ci95[1],
            "residual": r.residual,
            "factor": r.cell.factor,
            "met": ("yes" if r.cell.inside else "no") if r.measured else "not compared",
            "fitted": "yes" if r.cell.fitted else "no",
            "source": r.figure.source,
        }
        for r in found.replicas
    ]
    titles = {"half_width": "95% ±", "from": "95% from"}
    return Table(pd.DataFrame(rows), titles)


def _residual_chart(found: Replication) -> Chart:
    alt = " ".join((misfits.headline(found), *misfits.patterns(found)))
    note = "Each mark is a published figure; within the band ours meets it. A relative change is "
    note += "compared as tasks."
    return Chart("residuals", "Residuals", residuals(found), alt, table(found), note)


def _map_chart(found: Replication) -> Chart:
    names = models([r.figure for r in found.replicas])
    pairs = {name: _spots(found, name) for name in names}
    ours = {name: pair[0] for name, pair in pairs.items() if pair}
    theirs = {name: pair[1] for name, pair in pairs.items() if pair}
    data = pd.DataFrame(
        {
            "model": list(ours),
            "competence": [spot[0].mean for spot in ours.values()],
            "cooperation": [spot[1].mean for spot in ours.values()],
            "published_competence": [spot[0].mean for spot in theirs.values()],
            "published_cooperation": [spot[1].mean for spot in theirs.values()],
        }
    )
    apart = data.set_index("model")
    far = (apart["competence"] - apart["published_competence"]).abs().idxmax()
    alt = f"Ours filled, published hollow; {far} is furthest from its published competence."
    shares = frozenset(str(name) for name in data) - {"model"}
    figure = decomposition(ours, theirs)
    note = "Filled: ours. Hollow, joined by a dotted line: published."
    return Chart("map", "What limits each model", figure, alt, Table(data, shares=shares), note)


def _spots(found: Replication, model: str) -> tuple[Spot, Spot] | None:
    """Return competence and cooperation of a model, ours and published."""
    pair = [found.of(model, c, "efficiency") for c in ("auto_fulfill", "auto_request")]
    if pair[0] is None or pair[1] is None:
        return None
    competence, cooperation = (_published(r.figure.value) for r in pair if r)
    return (pair[0].ours, pair[1].ours), (competence, cooperation)


def _published(value: float) -> Summary:
    return Summary(value, math.nan, (math.nan, math.nan), 0)
