"""What stands on the page that compares studies: its sections, its charts and its tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mechlab.analysis.comparison import Comparison
from mechlab.report import compare_charts as charts
from mechlab.report import compare_tables as tables
from mechlab.report.compare_words import said
from mechlab.report.page import Page
from mechlab.report.verdict import KINDS

PLACES = {
    "verdict": "Verdict",
    "ranking": "Ranking",
    "cost": "Cost and effect",
    "promises": "Promises",
    "doses": "Doses",
    "provenance": "Provenance",
}


def comparison_page(comparison: Comparison) -> Page:
    """Gather the content of a page that compares studies."""
    groups = {
        "sizes": charts.size_charts(comparison),
        "differences": charts.difference_charts(comparison),
        "price": charts.price_charts(comparison),
        "needs": [charts.needs_chart(comparison)],
        "doses": charts.dose_charts(comparison),
    }
    names = [result.study.name for result in comparison.results]
    sections = {
        "title": " and ".join(names) if len(names) < 3 else f"{len(names)} studies compared",
        "question": " ".join(dict.fromkeys(r.study.question for r in comparison.results)),
        "places": {a: name for a, name in PLACES.items() if a != "doses" or groups["doses"]},
        "results": comparison.results,
        "verdicts": said(comparison),
        "status": _status(comparison),
        "agents": _agents(comparison),
        "confidence": comparison.confidence,
        "groups": groups,
        "said_of": {name: [v.words for v in found] for name, found in comparison.promises.items()},
        "commands": _commands(names),
    }
    shown = {"ranking": tables.ranking(comparison), "promises": tables.promises(comparison)}
    drawn = [chart for group in groups.values() for chart in group]
    return Page("compare.html.j2", sections, drawn, shown)


def _status(comparison: Comparison) -> str:
    """Return the best status of any entry, which colours the verdict."""
    found = {entry.answer.status for entry in comparison.entries}
    return next(s for s in ("certified", "out_of_budget", "unreachable") if s in found)


def _agents(comparison: Comparison) -> Iterable[str]:
    """Return a line on each kind of agents, with the groups that have some of it."""
    groups = {kind: Counter[str]() for r in comparison.results for kind in r.study.group.kinds}
    for result in comparison.results:
        for kind in result.study.group.kinds:
            groups[kind][str(result.study.group)] += 1
    return [f"{', '.join(of)}: {KINDS.get(kind, kind)}." for kind, of in sorted(groups.items())]


def _commands(names: list[str]) -> str:
    files = [f"{name}.toml" for name in names]
    searches = [f"mechlab search {file}" for file in files]
    return "\n".join([*searches, f"mechlab compare {' '.join(files)}"])
