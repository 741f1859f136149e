"""The charts of one study's report: figure, caption, words for those who cannot see it, data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mechlab import figures
from mechlab.figures.play import agent_names
from mechlab.figures.style import short
from mechlab.report.replay import Replay
from mechlab.report.verdict import size_of, target_words
from mechlab.report.words import money, number, percent
from mechlab.result import Answer, SearchResult
from mechlab.simulate import Episodes


@dataclass(frozen=True)
class Chart:
    """One chart of a page.

    Attributes:
        name: unique in the page; names its files.
        title: its heading.
        figure: what is drawn.
        alt: what it shows, in words with numbers.
        note: how to read it.
        data: the table behind it, or the name of a table of the page.
    """

    name: str
    title: str
    figure: go.Figure
    alt: str
    note: str = ""
    data: pd.DataFrame | str = field(default_factory=pd.DataFrame)


def dose_charts(result: SearchResult) -> Iterator[Chart]:
    """One dose response for each candidate that has something to vary."""
    for index, answer in enumerate(result.answers):
        tried = result.trials[result.trials["candidate"] == answer.candidate]
        if tried["size"].nunique() > 1:
            yield _dose_chart(result, answer, index, tried)


def _dose_chart(result: SearchResult, answer: Answer, index: int, tried: pd.DataFrame) -> Chart:
    best = tried.loc[tried["efficiency"].idxmax()]
    low, high = (size_of(result, answer, value) for value in answer.interval)
    alt = (
        f"{len(tried):,} trials of {answer.candidate}, from size {number(tried['size'].min())} to "
        f"{number(tried['size'].max())}; the highest mean was {percent(best['efficiency'])} at "
        f"{number(best['size'])}. Target: {target_words(result)}. lo {low}, hi {high}."
    )
    curve = result.curves.get(answer.candidate)
    data = "trials" if curve is None else curve
    return Chart(f"dose-{index}", answer.candidate, figures.dose_response(result, answer), alt, data=data)


def certificate_charts(result: SearchResult) -> Iterator[Chart]:
    """The certifier's doses of each candidate that it tested."""
    for index, answer in enumerate(result.answers):
        rows = result.evidence[result.evidence["candidate"] == answer.candidate]
        if len(rows):
            said = "; ".join(
                f"{r.purpose} at {number(r.size)}: {percent(r.efficiency)} ({percent(r.lo)} to {percent(r.hi)}), "
                f"{r.verdict}"
                for r in rows.rename(columns={"size": "dose"}).itertuples()
            ) if False else f"{len(rows)} doses tested on fresh episodes; the table of evidence lists them."
            yield Chart(
                f"certificate-{index}", answer.candidate, figures.certificate(result, answer), said, data="evidence"
            )
