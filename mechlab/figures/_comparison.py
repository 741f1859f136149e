"""Figures of several studies: ranked sizes, cost and effect, differences, transfer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mechlab.analysis.comparison import Comparison, Entry, Goal
from mechlab.figures._style import (
    NEUTRAL,
    blank,
    colour,
    error_bars,
    set_categories,
    short_names,
    size_title,
    symbol,
    whole,
)

_ORDER = ((0.0, "#56B4E9"), (0.5, "#c9ced4"), (1.0, "#E69F00"))  # smaller, tied, larger
_PALE = ((0.0, "#eef4fb"), (1.0, "#56B4E9"))  # light enough for dark words at both ends
_ROW = 34  # pixels
# From harm to enough, in colours that stay apart for everybody; the words stand in the fields.
_OUTCOMES = {
    "not played": "#e3e6ea",
    "harms": "#E69F00",
    "no effect": "#f6e3b8",
    "helps": "#b9dcf2",
    "enough": "#56B4E9",
    "not needed": "#c9ced4",
}


def ranked_sizes(comparison: Comparison, goal: Goal) -> go.Figure:
    """Return the interval of the smallest sufficient size of each mechanism, in order of rank.

    Where only one end of an interval was shown, an arrow points from it to the open side. A
    mechanism that is not enough at any size has its name only.
    """
    entries = [comparison.entry(place.name) for place in comparison.rankings[goal]]
    figure = blank(size_title(entries[0].result), "")
    keys = set_categories(figure, "y", [entry.label for entry in entries], 44)
    for entry, key in zip(entries, keys, strict=True):
        low, high = entry.answer.interval
        ends = [value for value in (low, high) if math.isfinite(value)]
        marks = ["line-ns", "circle"]
        if len(ends) < 2:
            marks = ["triangle-left" if math.isfinite(high) else "triangle-right"]
        hue = colour(comparison.candidates.index(entry.answer.candidate))
        figure.add_scatter(
            x=ends or [math.nan],
            y=[key] * len(marks),
            mode="lines+markers",
            line={"color": hue, "width": 5},
            marker={"color": hue, "size": 12, "symbol": marks},
            hovertemplate="%{y}: %{x:,.4~g}<extra></extra>",
        )
    figure.update_xaxes(rangemode="tozero", tickformat="~s")
    return figure.update_layout(height=100 + _ROW * len(keys), showlegend=False)


def price_and_effect(comparison: Comparison) -> go.Figure:
    """Return efficiency against spend, both of held-out episodes, with the Pareto front.

    Spend is a share of group revenue, so that games with different money stand on one scale.
    """
    figure = blank("Spend, % of group revenue", "Group revenue, % of perfect play", height=440)
    figure.add_scatter(
        x=[entry.answer.spend_share for entry in comparison.pareto],
        y=[entry.answer.efficiency.mean for entry in comparison.pareto],
        mode="lines",
        name="Pareto front",
        line={"color": NEUTRAL, "shape": "hv", "width": 2, "dash": "dot"},
        hoverinfo="skip",
    )
    names = short_names(entry.label for entry in comparison.measured)
    for entry, name in zip(comparison.measured, names, strict=True):
        hue = colour(comparison.candidates.index(entry.answer.candidate))
        shape = comparison.contexts.index(entry.context)
        mark = symbol(shape, hollow=entry.answer.status != "certified")
        _add_price(figure, entry, name, {"color": hue, "symbol": mark})
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return figure.update_yaxes(tickformat=".0%", rangemode="tozero")


def _add_price(figure: go.Figure, entry: Entry, name: str, mark: Mapping[str, str]) -> None:
    answer = entry.answer
    half = answer.spend.ci95[1] - answer.spend.mean
    relative = half / answer.spend.mean if answer.spend.mean else 0.0
    figure.add_scatter(
        x=[answer.spend_share],
        y=[answer.efficiency.mean],
        error_x={"array": [relative * answer.spend_share], "thickness": 1.5},
        error_y=error_bars([answer.efficiency]),
        mode="markers",
        name=name,
        text=[whole(f"{entry.label}: {answer.mechanism}, {answer.status.replace('_', ' ')}")],
        marker={**mark, "size": 13, "line": {"width": 1.5}},
        hovertemplate="%{text}<br>spend %{x:.1%} of revenue, %{y:.1%} of perfect play"
        "<extra></extra>",
    )


def who_needs_what(comparison: Comparison) -> go.Figure:
    """Return a heat map of mechanism by study: spend of the answer as a share of revenue.

    A field without such an answer has no colour and says why.
    """
    rows, columns = comparison.candidates, comparison.contexts
    share = np.full((len(rows), len(columns)), np.nan)
    text = np.full(share.shape, "", dtype=object)
    for entry in comparison.entries:
        at = rows.index(entry.answer.candidate), columns.index(entry.context)
        share[at] = entry.answer.spend_share if entry.answer.found else np.nan
        text[at] = entry.price
    title = {"text": "spend, % of revenue", "side": "right"}
    figure = _grid(
        columns,
        rows,
        share,
        text=np.where(np.isnan(share), "", text),
        colorscale=_PALE,
        zmin=0,
        hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        colorbar={"title": title, "tickformat": ".0%", "thickness": 12},
    )
    (field,) = figure.data
    for i, j in zip(*np.nonzero(np.isnan(share) & (text != "")), strict=True):
        figure.add_annotation(x=field.x[j], y=field.y[i], text=text[i, j], font={"size": 11})
    return figure.update_layout(height=150 + 44 * len(rows))


def _grid(x: Sequence[str], y: Sequence[str], z: Any, **look: Any) -> go.Figure:
    """Return a heat map with words in its fields, its first row at the top."""
    gaps = {"xgap": 2, "ygap": 2, "hoverongaps": False}
    words = {"texttemplate": "%{text}", "textfont": {"color": "#1c2127"}}
    figure = blank("", "")
    keys = {"x": set_categories(figure, "x", x, 28), "y": set_categories(figure, "y", y, 34)}
    figure.add_heatmap(z=z, **keys, **gaps, **words, **look)
    return figure.update_xaxes(showgrid=False).update_yaxes(showgrid=False)


def differences(comparison: Comparison, goal: Goal) -> go.Figure:
    """Return which sizes the data tell apart: each row's is smaller, tied or larger.

    The words stand in ``text`` of the figure's heat map, a row for each place of the ranking.
    """
    places = comparison.rankings[goal]
    order = np.sign(np.subtract.outer(np.arange(len(places)), np.arange(len(places)))).astype(float)
    np.fill_diagonal(order, np.nan)
    for i, row in enumerate(places):
        order[i, [column.name in row.level for column in places]] = 0
    words = {-1.0: "smaller", 0.0: "tied", 1.0: "larger"}
    names = [place.name for place in places]
    figure = _grid(
        names,
        names,
        order,
        text=np.array([[words.get(sign, "") for sign in row] for row in order], dtype=object),
        zmin=-1,
        zmax=1,
        colorscale=_ORDER,
        showscale=False,
        hovertemplate="%{y}, beside %{x}: %{text}<extra></extra>",
    )
    figure.update_xaxes(tickangle=-35)
    return figure.update_layout(height=190 + 40 * len(names))


def transfer(rows: pd.DataFrame) -> go.Figure:
    """Return what a mechanism does in other games (rows) and populations (columns), in words.

    Args:
        rows: of ``mechlab.analysis.findings.transferred``; with none, the figure is empty.
    """
    games, groups = list(dict.fromkeys(rows["game"])), list(dict.fromkeys(rows["population"]))
    fields = {(row["game"], row["population"]): row for row in rows.to_dict("records")}
    shown = [[fields[game, group] for group in groups] for game in games]
    ranks, step = list(_OUTCOMES), 1.0 / len(_OUTCOMES)
    ends = enumerate(_OUTCOMES.values())
    figure = _grid(
        groups,
        games,
        [[ranks.index(row["outcome"]) for row in line] for line in shown],
        text=[[_outcome(row) for row in line] for line in shown],
        customdata=[[whole(row["why"] or row["mechanism"]) for row in line] for line in shown],
        colorscale=[(edge, hue) for k, hue in ends for edge in (k * step, (k + 1) * step)],
        zmin=-0.5,
        zmax=len(ranks) - 0.5,
        showscale=False,
        hovertemplate="%{y}, %{x}: %{text}<br>%{customdata}<extra></extra>",
    )
    return figure.update_layout(height=150 + 52 * len(games))


def _outcome(row: Mapping[Any, Any]) -> str:
    played = row["outcome"] != "not played"
    return f"{row['outcome']}<br>{row['attainment']:.0%}" if played else str(row["outcome"])
