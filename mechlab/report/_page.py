"""The content of a page, apart from how it looks: sections of sentences, charts and tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go

from mechlab.statistics import Summary

# Columns that mean the same in all tables: written in percent, in dollars, and under a heading.
_SHARES = frozenset(
    f"{name}{end}"
    for name in ("attainment", "efficiency", "change", "hard_defection")
    for end in ("", "_lower", "_upper")
) | {"baseline", "optimality", "spend_share"}
_DOLLARS = frozenset({"spend", "subsidy", "price_of_waste", "worst_spend"})
_TITLES = {"spend_share": "spend, % of revenue"}
_ENDS = {"lower": "95% from", "upper": "to"}


@dataclass(frozen=True)
class Table:
    """A table that the page shows and offers as CSV.

    Attributes:
        frame: the raw values; its column names are those of the CSV and of filters.
        titles: headings other than the column names.
        shares, dollars: further columns written in percent, and in dollars.
    """

    frame: pd.DataFrame
    titles: Mapping[str, str] = field(default_factory=dict)
    shares: frozenset[str] = frozenset()
    dollars: frozenset[str] = frozenset()

    def packed(self) -> dict[str, Any]:
        """Return names, headings, kinds and values of the columns, for the page's script.

        Numbers keep six significant digits, missing values are null, times are ISO 8601.
        """
        names = [str(name) for name in self.frame]
        known = self.frame.replace([math.inf, -math.inf], math.nan).astype(object)
        known = known.where(known.notna(), None)
        return {
            "columns": names,
            "titles": [self._title(name) for name in names],
            "kinds": [self._kind(name) for name in names],
            "values": [list(map(_value, known[name])) for name in self.frame],
        }

    def _title(self, name: str) -> str:
        measure, _, end = name.rpartition("_")
        plain = _ENDS[end] if measure and end in _ENDS else name.replace("_", " ")
        return {**_TITLES, **self.titles}.get(name, plain)

    def _kind(self, name: str) -> str:
        if name in self.shares | _SHARES:
            return "share"
        if name in self.dollars | _DOLLARS:
            return "dollars"
        return "number" if pd.api.types.is_numeric_dtype(self.frame[name]) else "text"


def _value(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return value if value is None or isinstance(value, (int, str)) else str(value)


@dataclass(frozen=True)
class Chart:
    """A figure with the text around it.

    Attributes:
        name: unique in the page; also the name of the file of its data.
        alt: what it shows, in words with numbers, for readers who cannot see it.
        data: the table behind it, or the name of a table of the page.
    """

    name: str
    title: str
    figure: go.Figure
    alt: str
    data: Table | str
    note: str = ""


@dataclass(frozen=True)
class Sign:
    """A fact that begins with a sign such as "holds" or "fails"."""

    sign: str
    words: str


@dataclass(frozen=True)
class Section:
    """A section of a page, or a part of one; its content stands in the order of the attributes.

    Attributes:
        name: unique in the page; the anchor of a section.
        note: how to read it. ``[word]`` or ``[word|text]`` links to the glossary, and text between
            backticks is code; so no text from outside may stand in it.
        sentences, points: paragraphs, and the items of a list.
        facts: names with their values: text, ``Sign``, sequences or mappings.
        tables: by names that are unique in the page.
        layout: whether charts stand in columns, as small multiples, or beside the sentences.
        folded: whether, as a part, it is shown only when it is opened.
        template: a template of this package that shows ``tables`` and ``content`` in its own way.
    """

    name: str
    title: str
    note: str = ""
    sentences: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    command: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    parts: tuple[Section, ...] = ()
    layout: Literal["charts", "multiples", "split"] = "charts"
    folded: bool = False
    template: str = ""
    content: Any = None

    def walk(self) -> Iterator[Section]:
        """Yield the section and all its parts, in order."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True)
class Statement:
    """An answer in one sentence, and the sentences that say more."""

    headline: str
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tile:
    """A number in large type: its heading, the glossary's word for it, its value, and a detail."""

    heading: str
    word: str
    value: str
    detail: str


@dataclass(frozen=True)
class Page:
    """A page: a question, the answer to it, and sections.

    Attributes:
        statements: the answers, with ``charts`` beside them.
        sections: all else, in order; the last one is the provenance.
        facts, members: sentences and a list under the answer: what was played, and by whom.
        status, meaning: of the answer, which it colours; "" where it has none.
        transcripts: what the page's script shows of live agents' turns.
    """

    title: str
    question: str
    statements: tuple[Statement, ...]
    sections: tuple[Section, ...]
    facts: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    status: str = ""
    meaning: str = ""
    tiles: tuple[Tile, ...] = ()
    charts: tuple[Chart, ...] = ()
    transcripts: Mapping[str, Any] = field(default_factory=dict)

    def _parts(self) -> Iterator[Section]:
        return (part for section in self.sections for part in section.walk())

    @property
    def all_charts(self) -> tuple[Chart, ...]:
        """The charts of the whole page, in order."""
        return (*self.charts, *(chart for part in self._parts() for chart in part.charts))

    @property
    def all_tables(self) -> dict[str, Table]:
        """The tables of the whole page by name; that of a chart has the chart's name."""
        tables = {name: table for part in self._parts() for name, table in part.tables.items()}
        return tables | {c.name: c.data for c in self.all_charts if isinstance(c.data, Table)}


def provenance(
    facts: Mapping[str, Any],
    sentence: str = "The same command, seeds and versions give the same episodes:",
    command: str = "",
    parts: tuple[Section, ...] = (),
) -> Section:
    """Return the last section of a page: the command that makes it again, and what it ran on."""
    title, line = "Provenance", command or facts["command"]
    return Section(
        "provenance", title, sentences=(sentence,), command=line, facts=facts, parts=parts
    )


def summary_table(rows: Mapping[str, Summary]) -> Table:
    """Return mean efficiencies with their 95% intervals, one row each."""
    summaries = [
        {"what": name, **one.columns("efficiency"), "sd": one.sd, "episodes": one.n}
        for name, one in rows.items()
    ]
    return Table(pd.DataFrame(summaries), shares=frozenset({"sd"}))
