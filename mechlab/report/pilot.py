"""A pilot in words, computed from it, and its page."""

from __future__ import annotations

import math
from dataclasses import asdict

import pandas as pd

from mechlab.figures.axes import reference_words, unit_of
from mechlab.figures.pilot import sizes
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
    return (_interval(found), _width(found), _reached(found), _cost(found), *found.fit.warnings)


def _unit(found: PilotResult) -> str:
    return unit_of(found.mechanism, found.study.smallest)


def _interval(found: PilotResult) -> str:
    low, high = found.interval
    between = span(low, high, _unit(found))
    shown = {
        "confirmed": "fresh episodes of the study's own agents showed the upper end to be enough",
        "unreachable": "fresh episodes showed the upper end not to be",
        "out_of_budget": "the upper end is not shown",
    }[found.status]
    below = [look.size for look in found.looks if look.shown == "insufficient"]
    lower = "was shown not to be" if low in below else "rests on the fit alone"
    size = f"The smallest sufficient {found.study.smallest} lies between {between}"
    return f"{size}: {shown}; the lower end {lower}."


def _width(found: PilotResult) -> str:
    widened = found.best.widened
    if not math.isfinite(found.best.size):
        return "The emulated agents do not reach the target anywhere in the range."
    ends = span(*widened.interval, _unit(found))
    return (
        f"By the emulated agents it is {quantity(found.best.size, _unit(found))}, between {ends}; "
        f"{percent(widened.fit)} of the squared width comes from the fit, "
        f"{percent(widened.episodes)} from the episodes that searched it."
    )


def _reached(found: PilotResult) -> str:
    reached, spend = found.outcome["reached"], found.outcome["spend"]
    if not reached.n:
        return "No fresh episodes were played at it."
    target = reference_words(found.study.target.relative_to)
    return (
        f"{reached.n} fresh episodes there earned {percent(reached.mean)} of {target} "
        f"(95% interval {interval(reached, percent)}) and cost {money(spend.mean)} an episode."
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
    looks = pd.DataFrame([asdict(look) for look in found.looks])
    answer = Section("answer", "The answer", said[:4], (_chart(found),), points=said[4:])
    fresh = Section("fresh", "Confirmation", tables={"Looks at fresh episodes": _looks(looks)})
    agents = Section("agents", "The emulated agents", tables={"Propensities": _propensities(found)})
    sections = (answer, *((fresh,) if len(looks) else ()), agents)
    provenance = {**surroundings(), "study": study.text}
    return Sheet(study.name, study.question, headline(found), facts, sections, provenance)


def _looks(frame: pd.DataFrame) -> Table:
    return Table(frame, {"mean": "efficiency"}, frozenset({"mean", "lower", "upper"}), DOLLARS)


def _propensities(found: PilotResult) -> Table:
    agents = {
        "best fit": found.fit.agent,
        **{f"draw {i}": a for i, a in enumerate(found.fit.draws)},
    }
    rows = [{"agent": name, **asdict(agent.fitted)} for name, agent in agents.items()]
    return Table(pd.DataFrame(rows))


def _chart(found: PilotResult) -> Chart:
    data = pd.DataFrame(
        {"draw": range(len(found.best.widened.draws)), "size": found.best.widened.draws}
    )
    note = "Smallest sufficient size of each draw of the fit; the band is the answer's interval."
    alt = " ".join(sentences(found)[:2])
    return Chart("sizes", "What the fit leaves open", sizes(found), alt, Table(data), note)
