"""A pilot in sentences, and its page."""

from __future__ import annotations

import math
from dataclasses import asdict

import pandas as pd

from mechlab import figures
from mechlab.pilot import PilotResult
from mechlab.report._page import DOLLARS, Chart, Page, Section, Statement, Table, provenance
from mechlab.report.verdict import group_words, target_words
from mechlab.report.words import (
    counted,
    interval,
    money,
    percent,
    quantity,
    rounded,
    share,
    span,
)
from mechlab.search.provenance import surroundings

_SHOWN = {
    "confirmed": "both ends rest on held-out episodes of the study's own agents",
    "unreachable": "held-out episodes showed that the upper end is not enough",
    "out_of_budget": "the upper end was not shown to be enough",
}


def headline(pilot: PilotResult) -> str:
    """Return the answer in a sentence."""
    goal = target_words(pilot.study)
    sure = f"with {share(pilot.study.target.confidence)} confidence"
    if pilot.status == "confirmed":
        return f"{rounded(pilot.mechanism)} brings the group to {goal}, {sure}: confirmed."
    if pilot.status == "unreachable":
        return f"No candidate brings the group to {goal} within its range, {sure}."
    return f"Not decided: the budget ended before a size was shown to bring the group to {goal}."


def sentences(pilot: PilotResult) -> tuple[str, ...]:
    """Return what a pilot says: its interval, what that rests on, its cost, and warnings."""
    parts = (_interval, _emulated, _attainment, _cost)
    return (*(part(pilot) for part in parts), *pilot.fit.warnings)


def _unit(pilot: PilotResult) -> str:
    return figures.unit_of(pilot.mechanism, pilot.study.minimise)


def _interval(pilot: PilotResult) -> str:
    ends = span(*pilot.interval, _unit(pilot))
    return (
        f"The smallest sufficient {pilot.study.minimise} lies between {ends}: "
        f"{_SHOWN[pilot.status]}."
    )


def _emulated(pilot: PilotResult) -> str:
    if not math.isfinite(pilot.best.size):
        return "The emulated agents do not reach the target anywhere in the range."
    ends = span(*pilot.best.interval(pilot.study.target.confidence), _unit(pilot))
    size = quantity(pilot.best.size, _unit(pilot))
    return f"The emulated agents suggested where to play: at {size}, or anywhere between {ends}."


def _attainment(pilot: PilotResult) -> str:
    reached, spend = pilot.outcome["reached"], pilot.outcome["spend"]
    target = figures.reference_words(pilot.study.target.relative_to)
    return (
        f"From {counted(reached.n, 'episode')} at it and near it, the group is estimated to earn "
        f"{percent(reached.mean)} of {target} there (95% interval {interval(reached, percent)}), "
        f"at {money(spend.mean)} per episode."
    )


def _cost(pilot: PilotResult) -> str:
    first, confirm = pilot.episodes["pilot"], pilot.episodes["confirm"]
    return (
        f"It took {counted(first + confirm, 'episode')} of the study's own agents: {first:,} for "
        f"the pilot, {confirm:,} to confirm."
    )


def pilot_page(pilot: PilotResult) -> Page:
    """Return the page of a pilot."""
    study = pilot.study
    words = sentences(pilot)
    return Page(
        title=study.name,
        question=study.question,
        statements=(Statement(headline(pilot)),),
        sections=(
            Section(
                "answer",
                "The answer",
                sentences=words[:4],
                points=words[4:],
                charts=(_chart(pilot),),
            ),
            Section("confirmation", "Confirmation", parts=_confirmation(pilot)),
            Section("agents", "The emulated agents", tables={"propensities": _propensities(pilot)}),
            provenance({**surroundings(), "study": study.text}),
        ),
        facts=(
            group_words(study.group, len(study.group.members), study.group.kinds),
            "Between the pilot and the confirmation, the search used agents that were emulated "
            "from the pilot.",
        ),
    )


def _confirmation(pilot: PilotResult) -> tuple[Section, ...]:
    doses, looks = (pd.DataFrame(map(asdict, rows)) for rows in (pilot.doses, pilot.looks))
    played = Table(doses, {"mean": "attainment"}, frozenset({"mean"}), DOLLARS)
    return (
        Section("doses", "What was played", tables={"doses": played}),
        Section("looks", "What each interim analysis showed", tables={"looks": Table(looks)}),
    )


def _propensities(pilot: PilotResult) -> Table:
    draws = {f"draw {i}": agent for i, agent in enumerate(pilot.fit.draws)}
    agents = {"best fit": pilot.fit.agent, **draws}
    return Table(pd.DataFrame([{"agent": n, **asdict(a.fitted)} for n, a in agents.items()]))


def _chart(pilot: PilotResult) -> Chart:
    curve = pilot.best.curve
    data = Table(pd.DataFrame({"size": curve.sizes, "emulated": curve.means}))
    note = (
        "Points are means of the study's own agents, larger where more episodes were played. The "
        "curve is that of the emulated agents: it says where to play, and how the response bends. "
        "The band is the interval of the answer."
    )
    alt = " ".join(sentences(pilot)[:2])
    drawn = figures.pilot_doses(pilot)
    return Chart("sizes", "Where the target is reached", drawn, alt, data, note)
