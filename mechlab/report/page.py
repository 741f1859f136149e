"""The content of a page, apart from how it looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mechlab.report.chart import Chart
from mechlab.report.tables import Table


@dataclass(frozen=True)
class Page:
    """The content of a page.

    Attributes:
        template: the name of its template.
        sections: what the template reads; ``title``, ``question`` and ``places`` (names of sections
            by their anchors) among it.
        charts: all charts, in order.
        tables: the tables of the page, by name.
        more: what else the page's script reads: turns of live agents.
    """

    template: str
    sections: dict[str, Any]
    charts: list[Chart]
    tables: dict[str, Table]
    more: dict[str, Any] = field(default_factory=dict)
