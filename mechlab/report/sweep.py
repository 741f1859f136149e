"""Sweeps in words, computed from them, and the page of several, a section each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from mechlab.analysis.sweep import Point, SweepResult
from mechlab.figures import reference_words
from mechlab.figures import sweep as figure
from mechlab.report.chart import Chart
from mechlab.report.sheet import Section, Sheet
from mechlab.report.tables import DOLLARS, Table
from mechlab.report.verdict import KINDS
from mechlab.report.words import percent, share
from mechlab.search.provenance import surroundings
from mechlab.statistics import Summary

MEASURES = (
    "efficiency",
    "optimality",
    "tasks",
    "response_rate",
    "spend",
    "subsidy",
    "invalid_turns",
)
"""Columns of the table, those of them that the game and its agents have."""


def sentences(found: SweepResult) -> tuple[str, ...]:
    """Return what a sweep says, line by line."""
    return tuple(said for name in found.sweep.groups for said in _line(found, name))


def _line(found: SweepResult, name: str) -> Iterator[str]:
    first, *others = found.of(name)
    base = first.measures["efficiency"].mean
    start = f"{name}: {percent(base)} of perfect play at {first.label}"
    if all(_nothing(point.change) for point in others):
        yield f"{start}, and the same in every episode at all other values."
    else:
        yield f"{start}; {'; '.join(map(_change, others))}."
    yield from _first_enough(found, name)


def _change(point: Point) -> str:
    """Return the change at a point against the first, or that the data support none."""
    low, high = (f"{100 * end:+.1f}" for end in point.change.ci95)
    moved = f"{100 * point.change.mean:+.1f} points ({low} to {high}) at {point.label}"
    return moved if point.changes else f"no difference supported, {moved}"


def _nothing(change: Summary) -> bool:
    return change.mean == 0.0 and change.sd == 0.0


def _first_enough(found: SweepResult, name: str) -> Iterator[str]:
    """Say which value is the first that meets the target."""
    target = found.sweep.target
    if target is None:
        return
    goal = f"{share(target.efficiency)} of {reference_words(target.relative_to)}"
    enough = found.first_enough(name)
    if enough is None or enough.attainment is None:
        yield f"{name}: no value is shown to reach {goal}."
    else:
        low, high = map(percent, enough.attainment.ci95)
        yield (
            f"{name}: the first value shown to reach {goal} is {enough.label}, with "
            f"{percent(enough.attainment.mean)} ({low} to {high})."
        )


def headline(sweeps: Sequence[SweepResult]) -> str:
    """Return the largest supported change of all."""
    moved = [(sweep, sweep.largest) for sweep in sweeps]
    largest = [(sweep, point) for sweep, point in moved if point is not None]
    if not largest:
        return "No value is shown to change efficiency."
    sweep, point = max(largest, key=lambda pair: abs(pair[1].change.mean))
    return (
        f"Of what was varied one thing at a time, the largest change of efficiency is "
        f"{100 * point.change.mean:+.1f} points: {sweep.sweep.name}, {point.group}, {point.label}."
    )


def sheet(sweeps: Sequence[SweepResult]) -> Sheet:
    """Return the page of several sweeps, a section each."""
    kinds = sorted({kind for swept in sweeps for kind in swept.kinds})
    facts = (
        "One thing varies in each section; all else stays as it is. A change is against the first "
        "value, in points of efficiency, with its own 95% interval.",
        *(f"The agents are {KINDS.get(kind, kind)}." for kind in kinds),
    )
    sections = tuple(_section(swept) for swept in sweeps)
    title, question = "One thing at a time", "What does one thing alone do?"
    if len(sweeps) == 1:
        title, question = sweeps[0].sweep.name, sweeps[0].sweep.question
    return Sheet(title, question, headline(sweeps), facts, sections, surroundings())


def _section(found: SweepResult) -> Section:
    sweep = found.sweep
    said = (
        sweep.question,
        f"{sweep.episodes:,} episodes of each value, seed {sweep.seed}; {sweep.game}, "
        f"{sweep.condition}"
        f"{f', with {sweep.mechanism}' if sweep.mechanism != 'none' else ''}.",
        *_invalid(found),
    )
    title = sweep.name.replace("_", " ").capitalize()
    charts = tuple(_chart(found, measure) for measure in _shown(found))
    return Section(sweep.name, title, said, charts, {}, sentences(found))


def _invalid(found: SweepResult) -> Iterator[str]:
    """Say how often live agents did nothing because no valid answer came."""
    means = [p.measures["invalid_turns"].mean for p in found.points if "live" in p.kinds]
    if any(means):
        yield (
            f"On {min(means):.1f} to {max(means):.1f} turns an episode no valid answer came, by "
            "value; such a turn does nothing."
        )


def _shown(found: SweepResult) -> tuple[str, ...]:
    paid = any(point.measures["spend"].mean > 0 for point in found.points)
    return ("efficiency", "spend") if paid else ("efficiency",)


def _chart(found: SweepResult, measure: str) -> Chart:
    alt = " ".join(sentences(found)) if measure == "efficiency" else "See the data of this chart."
    name = f"{found.sweep.name}-{measure}"
    title = f"{measure.capitalize()} by {found.sweep.vary.name}"
    return Chart(name, title, figure(found, measure), alt, table(found))


def table(found: SweepResult) -> Table:
    """Return all points: efficiency with its interval, its change, and other measures."""
    rows = []
    for point in found.points:
        efficiency, change = point.measures["efficiency"], point.change
        row = {"population": point.group, "value": point.label, "efficiency": efficiency.mean}
        row |= {"efficiency_lo": efficiency.ci95[0], "efficiency_hi": efficiency.ci95[1]}
        row |= {"change": change.mean, "change_lo": change.ci95[0], "change_hi": change.ci95[1]}
        rest = [name for name in MEASURES[1:] if name in point.measures]
        rows.append(row | {name: point.measures[name].mean for name in rest})
    shares = frozenset({"efficiency", "efficiency_lo", "efficiency_hi", "optimality"})
    changes = frozenset({"change", "change_lo", "change_hi"})
    titles = {"efficiency_lo": "95% from", "efficiency_hi": "to", "change_lo": "95% from"}
    return Table(pd.DataFrame(rows), titles | {"change_hi": "to"}, shares | changes, DOLLARS)
