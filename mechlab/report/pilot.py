"""A pilot in words, computed from it, and its page."""

from __future__ import annotations

import math
from dataclasses import asdict

import pandas as pd

from mechlab.figures import pilot_doses, reference_words, unit_of
from mechlab.pilot import PilotResult
from mechlab.report.chart import Chart
from mechlab.report.sheet import Section, Sheet
from mechlab.report.tables import DOLLARS, Table
from mechlab.report.verdict import KINDS
from mechlab.report.words import interval, money, percent, quantity, rounded, share, span
from mechlab.search.provenance import surroundings


def headline(found: PilotResult) -> str:
    """Return the answer in a sentence."""
    target = found.study.target
    goal = f"at least {share(target.efficiency)} of {reference_words(target.relative_to)}"
    sure = f"with {share(target.confidence)} confidence"
    if found.status == "confirmed":
        return f"{rounded(found.mechanism)} brings the group to {goal}, {sure}: confirmed."
    if found.status == "unreachable":
        return f"No candidate brings the group to {goal} within its range, {sure}."
    return f"Not decided: the budget ended before a size was shown to bring the group to {goal}."


def sentences(found: PilotResult) -> tuple[str, ...]:
    """Return what a pilot says: the interval, what it rests on, its cost, and what is doubtful."""
    return (_interval(found), _emulated(found), _reached(found), _cost(found), *found.fit.warnings)


def _unit(found: PilotResult) -> str:
    return unit_of(found.mechanism, found.study.minimise)


def _interval(found: PilotResult) -> str:
    low, high = found.interval
    between = span(low, high, _unit(found))
    shown = {
        "confirmed": "both ends rest on fresh episodes of the study's own agents",
        "unreachable": "fresh episodes showed the upper end not to be enough",
        "out_of_budget": "the upper end is not shown",
    }[found.status]
    return f"The smallest sufficient {found.study.minimise} lies between {between}: {shown}."


def _emulated(found: PilotResult) -> str:
    if not math.isfinite(found.best.size):
        return "The emulated agents do not reach the target anywhere in the range."
    ends = span(*found.best.interval(found.study.target.confidence), _unit(found))
    size = quantity(found.best.size, _unit(found))
    return f"The emulated agents said where to play: at {size}, or anywhere between {ends}."


def _reached(found: PilotResult) -> str:
    reached, spend = found.outcome["reached"], found.outcome["spend"]
    target = reference_words(found.study.target.relative_to)
    return (
        f"By the {reached.n} episodes near it the group earns {percent(reached.mean)} of {target} "
        f"there (95% interval {interval(reached, percent)}), at {money(spend.mean)} an episode."
    )


def _cost(found: PilotResult) -> str:
    pilot, confirm = found.episodes["pilot"], found.episodes["confirm"]
    return (
        f"It took {pilot + confirm} episodes of the study's own agents: {pilot} for the pilot, "
        f"{confirm} to confirm."
    )


def sheet(found: PilotResult) -> Sheet:
    """Return the page of a pilot."""
    study = found.study
    kinds = "; ".join(KINDS.get(kind, kind) for kind in sorted(study.group.kinds))
    facts = (
        f"The group: {len(study.group.members)} agents, {study.group}. {kinds.capitalize()}.",
        "The search between pilot and confirmation was among agents emulated from the pilot.",
    )
    said = sentences(found)
    doses, looks = (pd.DataFrame(map(asdict, rows)) for rows in (found.doses, found.looks))
    answer = Section("answer", "The answer", said[:4], (_chart(found),), points=said[4:])
    seen = {"What was played": _doses(doses), "What it said at each look": Table(looks)}
    fresh = Section("fresh", "Confirmation", tables=seen)
    agents = Section("agents", "The emulated agents", tables={"Propensities": _propensities(found)})
    sections = (answer, fresh, agents)
    provenance = {**surroundings(), "study": study.text}
    return Sheet(study.name, study.question, headline(found), facts, sections, provenance)


def _doses(frame: pd.DataFrame) -> Table:
    return Table(frame, {"mean": "efficiency"}, frozenset({"mean"}), DOLLARS)


def _propensities(found: PilotResult) -> Table:
    agents = {
        "best fit": found.fit.agent,
        **{f"draw {i}": a for i, a in enumerate(found.fit.draws)},
    }
    rows = [{"agent": name, **asdict(agent.fitted)} for name, agent in agents.items()]
    return Table(pd.DataFrame(rows))


def _chart(found: PilotResult) -> Chart:
    curve = found.best.curve
    data = pd.DataFrame({"size": curve.sizes, "emulated": curve.means})
    note = (
        "Points: means of the study's own agents, larger where more episodes were played. The "
        "curve is the emulated agents', which says where to play and how it bends; the band is "
        "the answer's interval."
    )
    alt = " ".join(sentences(found)[:2])
    return Chart("sizes", "Where the target is reached", pilot_doses(found), alt, Table(data), note)
