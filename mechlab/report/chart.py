"""One chart of a page: figure, caption, words for those who cannot see it, and its data."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from mechlab.report.tables import Table


@dataclass(frozen=True)
class Chart:
    """A figure with all that goes around it.

    Attributes:
        name: unique in the page; names the file of its data.
        title: its heading.
        figure: what is drawn.
        alt: what it shows, in words with numbers.
        data: the table behind it, or the name of a table of the page.
        note: how to read it.
    """

    name: str
    title: str
    figure: go.Figure
    alt: str
    data: Table | str
    note: str = ""
