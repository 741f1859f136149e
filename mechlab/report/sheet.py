"""A page of sections: words, charts and tables, for results that are no search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from mechlab.report.chart import Chart
from mechlab.report.page import Page
from mechlab.report.tables import SHARES, Table
from mechlab.statistics import Summary


@dataclass(frozen=True)
class Section:
    """A part of a sheet.

    Attributes:
        name: unique in the page; its anchor.
        title: its heading.
        sentences: a paragraph each, computed from what was measured.
        charts: its charts.
        tables: its tables, by their titles.
        points: a list under the sentences, an item each.
    """

    name: str
    title: str
    sentences: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)
    points: tuple[str, ...] = ()

    @property
    def named(self) -> dict[str, tuple[str, Table]]:
        """The tables with their titles, by names that are unique in the page."""
        pairs = enumerate(self.tables.items())
        return {f"{self.name}-{i}": pair for i, pair in pairs}


@dataclass(frozen=True)
class Sheet:
    """A page: what was asked, the answer in a sentence, and sections.

    Attributes:
        title, question: at its head.
        headline: the answer in one sentence.
        facts: short sentences under it: what was played, who the agents were.
        sections: the rest, in order.
        provenance: ``command``, which makes the same page again, versions, commit and the like.
    """

    title: str
    question: str
    headline: str
    facts: tuple[str, ...]
    sections: tuple[Section, ...]
    provenance: Mapping[str, Any]

    def page(self) -> Page:
        """Return what the template reads."""
        tables = {n: t for section in self.sections for n, (_, t) in section.named.items()}
        charts = [chart for section in self.sections for chart in section.charts]
        titles = {section.name: section.title for section in self.sections}
        places = {"verdict": "Verdict", **titles, "provenance": "Provenance"}
        head = {"title": self.title, "question": self.question, "places": places}
        return Page("sheet.html.j2", {**head, "sheet": self}, charts, tables)

    def write(self, path: str | Path) -> Path:
        """Write the page and return its path; ``UserError`` where it cannot be written."""
        from mechlab.report.build import write

        return write(self.page(), Path(path))


def summary_table(rows: Mapping[str, Summary], measure: str = "efficiency") -> Table:
    """Return means of a measure with their 95% intervals, a row each."""
    frame = pd.DataFrame(
        [(name, one.mean, *one.ci95, one.sd, one.n) for name, one in rows.items()],
        columns=["what", measure, "from", "to", "sd", "episodes"],
    )
    shares = frozenset({measure, "from", "to", "sd"}) if measure in SHARES else frozenset[str]()
    return Table(frame, {"from": "95% from"}, shares)
