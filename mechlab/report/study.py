"""The page of a search and of its findings, from the verdict to the provenance."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd

from mechlab import figures
from mechlab.analysis.findings import Findings, MemberFit
from mechlab.report import _study_charts as charts
from mechlab.report import _tables as tables
from mechlab.report._page import Chart, Page, Section, Sign, Statement, Table, provenance
from mechlab.report._transcripts import transcripts
from mechlab.report.decomposition import map_chart, sentences
from mechlab.report.verdict import Verdict, tiles
from mechlab.report.words import money, quantity, rounded, span
from mechlab.search.results import Advice, SearchResult
from mechlab.statistics import counted

_SIGNS = {True: "holds", False: "fails", None: "no promise"}
_FIGURES = {
    "target": "published",
    "ours": "emulated",
    "factor": "off by a factor of",
    "reason": "why not",
}


def study_page(result: SearchResult, findings: Findings) -> Page:
    """Return the page of a search."""
    words, replay = Verdict(result), findings.replay
    live, spoken = transcripts(result) if result.spoken else (None, {})
    return Page(
        title=result.study.name,
        question=result.study.question,
        statements=(Statement(words.headline, words.sentences[1:-1]),),
        sections=tuple(_sections(result, findings, live)),
        facts=(words.agents,),
        members=tuple(
            f"{count} × {getattr(member, 'name', type(member).__name__)}: "
            f"{getattr(member, 'what', '')}"
            for member, count in Counter(result.study.group.members).items()
        ),
        status=words.status,
        meaning=words.meaning,
        tiles=tuple(tiles(result)),
        charts=(charts.standing_chart(result, replay),) if replay else (),
        transcripts=spoken,
    )


def _sections(result: SearchResult, findings: Findings, live: Section | None) -> Iterator[Section]:
    if result.advice:
        yield _pilot(result, result.advice)
    yield _evidence(result)
    cost = charts.pareto_charts(result)
    cost += [charts.income_chart(findings.replay)] if findings.replay else []
    if cost:
        yield Section("cost", "Cost", charts=tuple(cost))
    yield _play(result, findings)
    yield _group(findings)
    yield _checks(findings)
    if transfer := charts.transfer_charts(findings.transfer):
        yield Section("transfer", "Transfer", charts=tuple(transfer))
    if live:
        yield live
    yield _search(result)
    name = result.study.name
    yield provenance(
        search_facts(result),
        "The same study, seeds and versions give the same episodes. To rebuild this run, save "
        f"the text of the study, given below, as {name}.toml, install the versions listed, and run",
        f"mechlab search {name}.toml",
    )


def _pilot(result: SearchResult, advice: Advice) -> Section:
    """Return what emulated agents advised, and what the study's own episodes then said."""
    words = tuple(_rests_on(result, advice))
    drawn, curve = figures.pilot_doses(result, advice), Table(advice.curve)
    note = (
        "Points are means of the study's own agents, larger where more episodes were played. The "
        "curve is that of the emulated agents: it says where to play, and how the response bends. "
        "The band is the interval of the answer."
    )
    chart = Chart("sizes", "Where the target is reached", drawn, " ".join(words), curve, note)
    estimates = {"estimates": Table(advice.estimates)}
    emulated = {"emulated": Table(advice.candidates)}
    propensities = {"propensities": Table(advice.propensities)}
    return Section(
        "pilot",
        "Pilot",
        sentences=words,
        points=advice.warnings,
        charts=(chart,),
        parts=(
            Section("estimates", "What each interim analysis said", tables=estimates),
            Section("emulated", "What the emulated agents said of each candidate", tables=emulated),
            Section("propensities", "The emulated agents", tables=propensities, folded=True),
        ),
    )


def _rests_on(result: SearchResult, advice: Advice) -> list[str]:
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


def _evidence(result: SearchResult) -> Section:
    title, ranking = "Candidates, the smallest sufficient first", tables.answers(result)
    ranked = Section("answers", title, tables={"answers": ranking})
    doses = Section(
        "doses",
        "Dose and response",
        note="Faint marks are [trial|trials] of a few episodes each; the line is the curve fitted "
        "to them, with its 95% band. Triangles are doses on [held-out episodes], which the curve "
        "does not use.",
        charts=tuple(charts.dose_charts(result)),
    )
    certificate = Section(
        "certificate",
        "Certificate",
        note="[held-out episodes|Held-out episodes] at the [lower end|lower] and the "
        "[upper end] of the interval, each judged by itself. Bars are one-sided "
        "[bound|confidence bounds], which allow for all looks and stages.",
        sentences=(Verdict(result).estimand,),
        charts=tuple(charts.certificate_charts(result)),
        tables={
            "evidence": tables.evidence(result),
            **({"assumptions": tables.assumptions(result)} if result.assumptions else {}),
        },
    )
    parts = [ranked] if len(result.answers) > 1 else []
    parts += [doses] if doses.charts else []
    return Section("evidence", "Evidence", parts=(*parts, certificate))


def _play(result: SearchResult, findings: Findings) -> Section:
    replay, name = findings.replay, rounded(result.best.mechanism)
    if replay is None:
        why = "Episodes with live agents or a user's own agents are not played again for a report."
        return Section("play", "Play", sentences=(why,))
    giving = Section("giving", "Who gave to whom", charts=tuple(charts.giving_charts(replay, name)))
    return Section(
        "play",
        "Play",
        note=f"{counted(len(replay.answer), 'episode')} of the study's seed, played again with the "
        "answer and without a mechanism. They illustrate; the verdict rests on the search's own "
        "episodes. Reference points: [perfect] and [sequential] play, and the [optimum]. The "
        "published study calls perfect play optimal; it is the optimum of asking only, and unasked "
        "giving can exceed it.",
        charts=(charts.revenue_chart(replay, name), charts.lorenz_chart(replay, name)),
        parts=(giving,),
    )


def _group(findings: Findings) -> Section:
    parts = (_fits(findings.fits),) if findings.fits else ()
    if findings.decomposition is None:
        note = (
            "The group is not decomposed here: that needs [condition|conditions] of the game in "
            "which the system asks or answers, and agents that cost nothing to play again. "
            "`mechlab decompose` does it for any group."
        )
        return Section("group", "Group", note=note, parts=parts)
    return Section(
        "group",
        "Group",
        sentences=sentences(findings.decomposition),
        charts=(map_chart(findings.decomposition),),
        layout="split",
        parts=parts,
    )


def _fits(fits: tuple[MemberFit, ...]) -> Section:
    frame = pd.concat({fit.agent: fit.figures for fit in fits}, names=["agent", None])
    frame = frame.reset_index("agent")
    for name in ("inside", "fitted"):
        frame[name] = frame[name].map({True: "yes", False: "no"})
    return Section(
        "residuals",
        "What the emulated agents rest on",
        sentences=tuple(map(_fit, fits)),
        tables={"residuals": Table(frame, _FIGURES)},
    )


def _fit(fit: MemberFit) -> str:
    met = len(fit.fitted) - len(fit.missed)
    text = (
        f"{fit.agent}: {met} of the {len(fit.fitted)} published figures that it was fitted to lie "
        "within their published interval, or within 10% where none was published"
    )
    if len(fit.missed):
        pairs = zip(fit.missed["measure"], fit.missed["condition"], strict=True)
        text += "; not met: " + ", ".join(f"{m} ({c})".replace("_", " ") for m, c in pairs)
    if fit.borrowed:
        text += f"; borrowed from other models: {', '.join(fit.borrowed)}"
    return f"{text}."


def _checks(findings: Findings) -> Section:
    verdicts = findings.checks
    rows = [
        {"check": _name(check.name), "what": name.replace("_", " "), "value": value}
        for check in verdicts
        for name, value in check.values.items()
    ]
    numbers = Table(pd.DataFrame(rows, columns=["check", "what", "value"]))
    title = "Numbers of these checks"
    return Section(
        "checks",
        "Checks",
        note="What the answer promises in this game, proved or attacked without a model: by the "
        "rule itself on sampled plays, and by scripted strategies.",
        sentences=(f"Checked: {rounded(verdicts.mechanism)}.",),
        facts={_name(check.name): Sign(_SIGNS[check.holds], check.words) for check in verdicts},
        parts=(Section("numbers", title, tables={"checks": numbers}, folded=True),),
    )


def _name(check: str) -> str:
    return check.replace("_1", " by one").replace("_2", " by two").replace("_", " ")


def _search(result: SearchResult) -> Section:
    trials = Section(
        "list",
        "Trials",
        note="A click on a trial in a chart shows it here. Filters are words, or a column by its "
        "name in the CSV: `efficiency>0.8 spend<500000`.",
        charts=tuple(charts.course_charts(result)),
        tables={"trials": tables.trials(result)},
    )
    steps = Section("steps", "What the search did", tables={"history": tables.history(result)})
    return Section("search", "Search", parts=(steps, trials))


def search_facts(result: SearchResult) -> dict[str, Any]:
    """Return what rebuilds a search, and what it took."""
    explored, held_out = result.episodes["explore"], result.episodes["certify"]
    known = math.isfinite(result.cost_usd)
    cost = f"US{money(result.cost_usd)}" if known else "at a price that is not known"
    return {
        "Episodes": f"{explored:,} to explore, {held_out:,} held out to certify",
        "Model calls": f"{result.calls:,}, {cost}" if result.calls else "none",
        "Record": result.storage or "none is kept of agents that are computed",
        **result.provenance,
    }
