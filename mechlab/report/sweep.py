"""Sweeps in sentences, and the page of several, one section each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from mechlab import figures
from mechlab.analysis.sweep import Point, SweepResult
from mechlab.report._page import DOLLARS, Chart, Page, Section, Statement, Table, provenance
from mechlab.report.verdict import KINDS
from mechlab.report.words import number, percent, share
from mechlab.search.provenance import surroundings
from mechlab.statistics import Summary, counted

# columns of the table beside efficiency; a game and its agents need not have all of them
_MEASURES = ("optimality", "tasks", "response_rate", "spend", "subsidy", "invalid_turns")


def sentences(result: SweepResult) -> tuple[str, ...]:
    """Return what a sweep says of each group."""
    return tuple(words for group in result.sweep.groups for words in _group(result, group))


def _group(result: SweepResult, name: str) -> Iterator[str]:
    first, *others = result.of(name)
    base = first.measures["efficiency"].mean
    start = f"{name}: {percent(base)} of perfect play at {first.label}"
    if all(_nothing(point.change) for point in others):
        yield f"{start}, and the same in every episode at all other values."
    else:
        yield f"{start}; {'; '.join(map(_change, others))}."
    yield from _first_enough(result, name)


def _change(point: Point) -> str:
    """Say how a point differs from the first one, or that no difference is supported."""
    low, high = (f"{100 * end:+.1f}" for end in point.change.ci95)
    moved = f"{100 * point.change.mean:+.1f} points ({low} to {high}) at {point.label}"
    return moved if point.changes else f"no difference supported, {moved}"


def _nothing(change: Summary) -> bool:
    return change.mean == 0.0 and change.sd == 0.0


def _first_enough(result: SweepResult, name: str) -> Iterator[str]:
    """Say which value is the first that is shown to meet the target."""
    target = result.sweep.target
    if target is None:
        return
    goal = f"{share(target.efficiency)} of {figures.reference_words(target.relative_to)}"
    enough = result.first_enough(name)
    if enough is None or enough.attainment is None:
        yield f"{name}: no value is shown to reach {goal}."
    else:
        low, high = map(percent, enough.attainment.ci95)
        yield (
            f"{name}: the first value shown to reach {goal} is {enough.label}, with "
            f"{percent(enough.attainment.mean)} ({low} to {high})."
        )


def _headline(sweeps: Sequence[SweepResult]) -> str:
    """Return the largest supported change of all sweeps."""
    moved = [(sweep, sweep.largest) for sweep in sweeps]
    largest = [(sweep, point) for sweep, point in moved if point is not None]
    if not largest:
        return "No value is shown to change efficiency."
    sweep, point = max(largest, key=lambda pair: abs(pair[1].change.mean))
    return (
        f"Of what was varied one thing at a time, the largest change of efficiency is "
        f"{100 * point.change.mean:+.1f} points: {sweep.sweep.name}, {point.group}, {point.label}."
    )


def sweep_page(sweeps: Sequence[SweepResult]) -> Page:
    """Return the page of several sweeps, one section each."""
    kinds = sorted({kind for result in sweeps for kind in result.kinds})
    title, question = "One thing at a time", "What does one thing alone do?"
    if len(sweeps) == 1:
        title, question = sweeps[0].sweep.name, sweeps[0].sweep.question
    return Page(
        title=title,
        question=question,
        statements=(Statement(_headline(sweeps)),),
        sections=(*map(_section, sweeps), provenance(surroundings())),
        facts=(
            "One thing varies in each section; all else stays as it is. A change is relative to "
            "the first value, in percentage points of efficiency, with its own 95% interval.",
            *(f"The agents are {KINDS.get(kind, kind)}." for kind in kinds),
        ),
    )


def _section(result: SweepResult) -> Section:
    sweep = result.sweep
    mechanism = f", with {sweep.mechanism}" if sweep.mechanism != "none" else ""
    played = (
        f"{counted(sweep.episodes, 'episode')} of each value, seed {sweep.seed}; {sweep.game}, "
        f"{sweep.condition}{mechanism}."
    )
    paid = any(point.measures["spend"].mean > 0 for point in result.points)
    return Section(
        sweep.name,
        sweep.name.replace("_", " ").capitalize(),
        sentences=(sweep.question, played, *_invalid(result)),
        points=sentences(result),
        charts=tuple(_chart(result, m) for m in ("efficiency", "spend")[: 1 + paid]),
    )


def _invalid(result: SweepResult) -> Iterator[str]:
    """Say how often live agents did nothing because no valid answer came."""
    means = [p.measures["invalid_turns"].mean for p in result.points if "live" in p.kinds]
    if any(means):
        yield (
            f"On {min(means):.1f} to {max(means):.1f} turns per episode, depending on the value, "
            "no valid answer came; such a turn does nothing."
        )


def _chart(result: SweepResult, measure: str) -> Chart:
    means = [f"{p.group}, {p.label}: {number(p.measures[measure].mean)}" for p in result.points]
    alt = " ".join(sentences(result)) if measure == "efficiency" else f"{'; '.join(means)}."
    name = f"{result.sweep.name}-{measure}"
    title = f"{measure.capitalize()} by {result.sweep.vary.name}"
    return Chart(name, title, figures.sweep(result, measure), alt, _table(result))


def _table(result: SweepResult) -> Table:
    """Return all points: efficiency and its change with intervals, and other measures."""
    rows = []
    for point in result.points:
        efficiency, change = point.measures["efficiency"], point.change
        row = {"population": point.group, "value": point.label, "efficiency": efficiency.mean}
        row |= {"efficiency_lo": efficiency.ci95[0], "efficiency_hi": efficiency.ci95[1]}
        row |= {"change": change.mean, "change_lo": change.ci95[0], "change_hi": change.ci95[1]}
        rest = [name for name in _MEASURES if name in point.measures]
        rows.append(row | {name: point.measures[name].mean for name in rest})
    shares = frozenset({"efficiency", "efficiency_lo", "efficiency_hi", "optimality"})
    changes = frozenset({"change", "change_lo", "change_hi"})
    titles = {"efficiency_lo": "95% from", "efficiency_hi": "to", "change_lo": "95% from"}
    return Table(pd.DataFrame(rows), titles | {"change_hi": "to"}, shares | changes, DOLLARS)
