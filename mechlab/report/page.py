"""What stands on one study's page: its sections, its charts and its tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from mechlab.report import play_charts, search_charts
from mechlab.report.chart import Chart
from mechlab.report.replay import EPISODES, Replay, replay
from mechlab.report.verdict import KINDS, STATUS, size_of, verdict
from mechlab.result import SearchResult


@dataclass(frozen=True)
class Page:
    """The content of a page.

    Attributes:
        sections: what the template reads.
        charts: all charts, in order.
        tables: the tables of the page, by name.
    """

    sections: dict[str, Any]
    charts: list[Chart]
    tables: dict[str, pd.DataFrame]


def page(result: SearchResult) -> Page:
    """Gather the content of one study's page."""
    groups = {
        "doses": search_charts.dose_charts(result),
        "certificates": search_charts.certificate_charts(result),
        "frontier": [search_charts.frontier_chart(result)],
        "course": [search_charts.course_chart(result)],
        **_played(replay(result), str(result.best.mechanism)),
    }
    sections = dict(
        result=result,
        verdict=verdict(result),
        statuses=STATUS,
        kinds={kind: KINDS.get(kind, kind) for kind in sorted(result.study.group.kinds)},
        size_of=lambda answer, value: size_of(result, answer, value),
        groups=groups,
        replayed=EPISODES,
    )
    charts = [chart for group in groups.values() for chart in group]
    tables = {"answers": _ranking(result), "trials": _tidy(result.trials), "evidence": _tidy(result.evidence)}
    return Page(sections, charts, tables)


def _played(again: Replay | None, name: str) -> dict[str, list[Chart]]:
    if again is None:
        return {"revenue": [], "giving": [], "lorenz": [], "payments": []}
    return {
        "revenue": [play_charts.revenue_chart(again, name)],
        "giving": play_charts.giving_charts(again, name),
        "lorenz": [play_charts.lorenz_chart(again, name)],
        "payments": [play_charts.payments_chart(again)],
    }


def _ranking(result: SearchResult) -> pd.DataFrame:
    """Return the answers in their order, the study's first."""
    rows = [
        {
            "rank": rank,
            "candidate": a.candidate,
            "status": a.status.replace("_", " "),
            "mechanism": str(a.mechanism),
            "size": a.size,
            "lo": a.interval[0],
            "hi": a.interval[1],
            "efficiency": a.efficiency.mean,
            "efficiency_lo": a.efficiency.ci95[0],
            "efficiency_hi": a.efficiency.ci95[1],
            "spend": a.spend.mean,
            "spend_share": a.spend_share,
            "subsidy": a.subsidy.mean,
            "episodes": a.efficiency.n,
        }
        for rank, a in enumerate(result.answers, start=1)
    ]
    return pd.DataFrame(rows)


def _tidy(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out parameters that no row has."""
    return table.dropna(axis="columns", how="all")
