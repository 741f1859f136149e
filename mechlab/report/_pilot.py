"""The section of a page that only a study with a pilot has: what its answer rests on."""

from __future__ import annotations

import math

from mechlab import figures
from mechlab.report._page import Chart, Section, Table
from mechlab.report.words import quantity, span
from mechlab.search.results import Advice, SearchResult
from mechlab.statistics import counted

_NOTE = (
    "Points are means of the study's own agents, larger where more episodes were played. The curve "
    "is that of the emulated agents: it says where to play, and how the response bends. The band "
    "is the interval of the answer."
)


def pilot_section(result: SearchResult, advice: Advice) -> Section:
    """Return what emulated agents advised, and what the study's own episodes then said."""
    sentences = tuple(_sentences(result, advice))
    drawn, curve = figures.pilot_doses(result, advice), Table(advice.curve)
    chart = Chart("sizes", "Where the target is reached", drawn, " ".join(sentences), curve, _NOTE)
    estimates = {"estimates": Table(advice.estimates)}
    emulated = {"emulated": Table(advice.candidates)}
    propensities = {"propensities": Table(advice.propensities)}
    return Section(
        "pilot",
        "Pilot",
        sentences=sentences,
        points=advice.warnings,
        charts=(chart,),
        parts=(
            Section("estimates", "What each interim analysis said", tables=estimates),
            Section("emulated", "What the emulated agents said of each candidate", tables=emulated),
            Section("propensities", "The emulated agents", tables=propensities, folded=True),
        ),
    )


def _sentences(result: SearchResult, advice: Advice) -> list[str]:
    estimate = advice.estimates.iloc[-1]
    unit = figures.unit_of(result.best.mechanism, result.study.minimise)
    pilot, held_out = result.episodes["explore"], result.episodes["certify"]
    words = [
        f"The interval rests on a regression of {counted(int(estimate['episodes']), 'episode')} of "
        "the study's own agents at doses on both sides of it, not on a test at the answer itself.",
        f"It took {counted(pilot + held_out, 'episode')} of them: {pilot:,} for the pilot, "
        f"{held_out:,} held out to confirm.",
    ]
    size, ends = quantity(advice.size, unit), span(*advice.interval, unit)
    emulated = f"suggested where to play: at {size}, or anywhere between {ends}"
    if not math.isfinite(advice.size):
        emulated = "do not reach the target anywhere in the range"
    return [*words, f"The emulated agents {emulated}."]
