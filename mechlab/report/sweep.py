"""Sweeps in sentences, and the page of several, one section each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from mechlab import figures
from mechlab.analysis.sweep import Point, SweepResult
from mechlab.report._page import Chart, Page, Section, Statement, Table, provenance
from mechlab.report.verdict import KINDS
from mechlab.report.words import interval, number, percent, share
from mechlab.search.provenance import surroundings
from mechlab.statistics import counted

# columns of the table beside efficiency; a game and its agents need not have all of them
_MEASURES = ("optimality", "tasks", "response_rate", "spend", "subsidy", "invalid_turns")


def sentences(result: SweepResult) -> tuple[str, ...]:
    """Return what a sweep says of each group."""
    return tuple(words for group in result.sweep.groups for words in _group(result, group))


def _group(result: SweepResult, name: str) -> Iterator[str]:
    first, *others = result.of(name)
    base = first.measures["efficiency"].mean
    start = f"{name}: {percent(base)} of perfect play at {first.label}"
    if all(point.change.mean == 0.0 == point.change.sd for point in others):
        yield f"{start}, and the same in every episode at all other values."
    else:
        yield f"{start}; {'; '.join(map(_change, others))}."
    yield from _first_enough(result, name)


def _change(point: Point) -> str:
    """Say how a point differs from the first one, or that no difference is supported."""
    low, high = (f"{100 * end:+.1f}" for end in point.change.ci95)
    moved = f"{100 * point.change.mean:+.1f} points ({low} to {high}) at {point.label}"
    return moved if point.changes else f"no difference supported, {moved}"


def _first_enough(result: SweepResult, name: str) -> Iterator[str]:
    """Say which value is the first that is shown to meet the target."""
    target = result.sweep.target
    if target is None:
        return
    goal = f"{share(target.efficiency)} of {figures.reference_words(target.relative_to)}"
    reached = ((p.label, p.attainment) for p in result.of(name) if p.attainment)
    enough = [(label, one) for label, one in reached if one.ci95[0] >= target.efficiency]
    if enough:
        label, one = enough[0]
        mean, ends = percent(one.mean), interval(one, percent)
        yield f"{name}: the first value shown to reach {goal} is {label}, with {mean} ({ends})."
    else:
        yield f"{name}: no value is shown to reach {goal}."


def _headline(sweeps: Sequence[SweepResult]) -> str:
    """Return the largest supported change of all sweeps."""
    changed = [(p, result.sweep.name) for result in sweeps for p in result.points if p.changes]
    if not changed:
        return "No value is shown to change efficiency."
    point, name = max(changed, key=lambda pair: abs(pair[0].change.mean))
    return (
        f"Of what was varied one thing at a time, the largest change of efficiency is "
        f"{100 * point.change.mean:+.1f} points: {name}, {point.group}, {point.label}."
    )


def sweep_page(sweeps: Sequence[SweepResult]) -> Page:
    """Return the page of several sweeps, one section each."""
    kinds = sorted({kind for one in sweeps for point in one.points for kind in point.kinds})
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
        means = {name: point.measures[name].mean for name in _MEASURES if name in point.measures}
        efficiency = point.measures["efficiency"].columns("efficiency")
        named = {"population": point.group, "value": point.label}
        rows.append({**named, **efficiency, **point.change.columns("change"), **means})
    return Table(pd.DataFrame(rows))
