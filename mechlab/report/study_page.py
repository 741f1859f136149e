"""What stands on one study's page: its sections, its charts and its tables."""

from __future__ import annotations

from collections import Counter

from mechlab.analysis.findings import Findings
from mechlab.report import play_charts, search_charts, tables
from mechlab.report.chart import Chart
from mechlab.report.checks import checks_of
from mechlab.report.group import group_of
from mechlab.report.history import history
from mechlab.report.page import Page
from mechlab.report.tiles import tiles
from mechlab.report.transcripts import Heard, heard
from mechlab.report.transfer import transfer_charts
from mechlab.report.verdict import verdict
from mechlab.report.words import rounded
from mechlab.search.results import SearchResult

PLACES = {
    "verdict": "Verdict",
    "evidence": "Evidence",
    "cost": "Cost",
    "play": "Play",
    "group": "Group",
    "checks": "Checks",
    "transfer": "Transfer",
    "transcripts": "Transcripts",
    "search": "Search",
    "provenance": "Provenance",
}


def page(result: SearchResult, found: Findings) -> Page:
    """Gather the content of one study's page."""
    group, checked = group_of(found), checks_of(found.checks)
    groups = {
        "doses": search_charts.dose_charts(result),
        "certificate": search_charts.certificate_charts(result),
        **_tried(result),
        **_played(result, found),
        "map": group.charts,
        "transfer": transfer_charts(found.transfer),
    }
    spoken = heard(result)
    sections = {
        "title": result.study.name,
        "question": result.study.question,
        "places": _places(groups, spoken),
        "heard": spoken,
        "result": result,
        "verdict": verdict(result),
        "tiles": tiles(result),
        "members": _members(result),
        "groups": groups,
        "replayed": len(found.replay.answer) if found.replay else 0,
        "group": group,
        "checks": checked,
    }
    shown = {
        "answers": tables.answers(result),
        "evidence": tables.evidence(result),
        "trials": tables.trials(result),
        "history": history(result),
        "checks": checked.table,
    }
    if spoken:
        shown["turns"] = spoken.turns
    if spoken and spoken.thoughts:
        shown["thoughts"] = spoken.thoughts
    if group.residuals:
        shown["residuals"] = group.residuals
    drawn = [chart for group in groups.values() for chart in group]
    return Page("study.html.j2", sections, drawn, shown, spoken.data if spoken else {})


def _places(groups: dict[str, list[Chart]], spoken: Heard | None) -> dict[str, str]:
    """Return the sections that the page has."""
    absent = {"transfer"} if not groups["transfer"] else set()
    absent |= {"transcripts"} if spoken is None else set()
    return {anchor: name for anchor, name in PLACES.items() if anchor not in absent}


def _members(result: SearchResult) -> list[str]:
    """Return a line on each sort of agent in the group: how many, which, and what it is."""
    counts = Counter(result.study.group.members)
    return [
        f"{count} × {getattr(member, 'name', type(member).__name__)}: {getattr(member, 'what', '')}"
        for member, count in counts.items()
    ]


def _tried(result: SearchResult) -> dict[str, list[Chart]]:
    """Return the charts of the trials, empty where none has come to its end."""
    if not result.trials["efficiency"].notna().any():
        return {"frontier": [], "course": []}
    return {
        "frontier": [search_charts.pareto_chart(result)],
        "course": [search_charts.course_chart(result)],
    }


def _played(result: SearchResult, found: Findings) -> dict[str, list[Chart]]:
    """Return the charts of the answer played again, all empty where it cannot be."""
    again, name = found.replay, rounded(result.best.mechanism)
    if again is None:
        return {"standing": [], "revenue": [], "giving": [], "lorenz": [], "income": []}
    return {
        "standing": [play_charts.standing_chart(result, again)],
        "revenue": [play_charts.revenue_chart(again, name)],
        "giving": play_charts.giving_charts(again, name),
        "lorenz": [play_charts.lorenz_chart(again, name)],
        "income": [play_charts.income_chart(again)],
    }
