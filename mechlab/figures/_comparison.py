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
from mechlab.search.pareto import Place, pareto

_WORDS = {"smaller": -1, "tied": 0, "larger": 1}
_ORDER = ((0.0, "#56B4E9"), (0.5, "#c9ced4"), (1.0, "#E69F00"))  # smaller, tied, larger
_PALE = ((0.0, "#eef4fb"), (1.0, "#56B4E9"))  # light enough for dark words at both ends
_ROW = 34  # pixels


def candidates(comparison: Comparison) -> list[str]:
    """Return the mechanisms in the order of their first appearance, which decides their colours."""
    return list(dict.fromkeys(entry.answer.candidate for entry in comparison.entries))


def ranked_sizes(comparison: Comparison, goal: Goal) -> go.Figure:
    """Return the interval of the smallest sufficient size of each mechanism, in order of rank.

    Where only one end of an interval was shown, an arrow points from it to the open side. A
    mechanism that is not enough at any size has its name only.
    """
    places = comparison.rankings[goal]
    entries = [comparison.entry(place.name) for place in places]
    figure = blank(size_title(entries[0].result), "")
    hues = candidates(comparison)
    keys = set_categories(figure, "y", [entry.label for entry in entries], 44)
    for entry, key in zip(entries, keys, strict=True):
        _add_size(figure, entry, key, hues.index(entry.answer.candidate))
    figure.update_xaxes(rangemode="tozero", tickformat="~s")
    return figure.update_layout(height=100 + _ROW * len(keys), showlegend=False)


def _add_size(figure: go.Figure, entry: Entry, key: str, index: int) -> None:
    low, high = entry.answer.interval
    ends = [value for value in (low, high) if math.isfinite(value)]
    figure.add_scatter(
        x=ends or [math.nan],
        y=[key] * max(1, len(ends)),
        mode="lines+markers",
        line={"color": colour(index), "width": 5},
        marker={"color": colour(index), "size": 12, "symbol": _ends(low, high)},
        hovertemplate="%{y}: %{x:,.4~g}<extra></extra>",
    )


def _ends(low: float, high: float) -> list[str]:
    if math.isfinite(low) and math.isfinite(high):
        return ["line-ns", "circle"]
    return ["triangle-left" if math.isfinite(high) else "triangle-right"]


def price_and_effect(comparison: Comparison) -> go.Figure:
    """Return efficiency against spend, both of held-out episodes, with the Pareto front.

    Spend is a share of group revenue, so that games with different money stand on one scale.
    """
    known = [entry for entry in comparison.entries if entry.answer.spend.n > 1]
    figure = blank("Spend, % of group revenue", "Group revenue, % of perfect play")
    _add_pareto_front(figure, known)
    hues, shapes = candidates(comparison), list(comparison.contexts)
    for entry, name in zip(known, short_names(entry.label for entry in known), strict=True):
        mark = hues.index(entry.answer.candidate), shapes.index(entry.context)
        _add_price(figure, entry, name, *mark)
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure.update_layout(height=440)


def undominated_entries(entries: Sequence[Entry]) -> list[Entry]:
    """Return the answers that are Pareto-optimal in efficiency and spend share, cheapest first."""
    shares = [entry.answer.spend_share for entry in entries]
    best = pareto([entry.answer.efficiency.mean for entry in entries], shares)
    chosen = [entry for entry, is_best in zip(entries, best, strict=True) if is_best]
    return sorted(chosen, key=lambda entry: entry.answer.spend_share)


def _add_pareto_front(figure: go.Figure, entries: Sequence[Entry]) -> None:
    best = undominated_entries(entries)
    figure.add_scatter(
        x=[entry.answer.spend_share for entry in best],
        y=[entry.answer.efficiency.mean for entry in best],
        mode="lines",
        name="Pareto front",
        line={"color": NEUTRAL, "shape": "hv", "width": 2, "dash": "dot"},
        hoverinfo="skip",
    )


def _add_price(figure: go.Figure, entry: Entry, name: str, hue: int, shape: int) -> None:
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
        marker={
            "color": colour(hue),
            "symbol": symbol(shape, hollow=answer.status != "certified"),
            "size": 13,
            "line": {"width": 1.5},
        },
        hovertemplate="%{text}<br>spend %{x:.1%} of revenue, %{y:.1%} of perfect play"
        "<extra></extra>",
    )


def who_needs_what(comparison: Comparison) -> go.Figure:
    """Return a heat map of mechanism by study: spend of the answer as a share of revenue.

    A field without such an answer has no colour and says why.
    """
    rows, columns = candidates(comparison), list(comparison.contexts)
    share = np.full((len(rows), len(columns)), np.nan)
    text = np.full(share.shape, "", dtype=object)
    for entry in comparison.entries:
        at = rows.index(entry.answer.candidate), columns.index(entry.context)
        certified = entry.answer.status == "certified"
        share[at] = entry.answer.spend_share if certified else np.nan
        text[at] = price_words(entry)
    figure = _grid(
        columns,
        rows,
        share,
        text=np.where(np.isnan(share), "", text),
        colorscale=_PALE,
        zmin=0,
        hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        colorbar={
            "title": {"text": "spend, % of revenue", "side": "right"},
            "tickformat": ".0%",
            "thickness": 12,
        },
    )
    (field,) = figure.data
    for i, j in zip(*np.nonzero(np.isnan(share) & (text != "")), strict=True):
        figure.add_annotation(x=field.x[j], y=field.y[i], text=text[i, j], font={"size": 11})
    return figure.update_layout(height=150 + 44 * len(rows))


def price_words(entry: Entry) -> str:
    """Return what an answer spends as a share of revenue, or why there is no such figure.

    A certified answer has none if the budget left no held-out episodes to measure it.
    """
    if entry.answer.status != "certified":
        return entry.answer.status.replace("_", " ")
    return f"{entry.answer.spend_share:.1%}" if entry.answer.spend.n else "not measured"


def _grid(x: Sequence[str], y: Sequence[str], z: Any, **look: Any) -> go.Figure:
    """Return a heat map with words in its fields, its first row at the top."""
    gaps = {"xgap": 2, "ygap": 2, "hoverongaps": False}
    words = {"texttemplate": "%{text}", "textfont": {"color": "#1c2127"}}
    figure = blank("", "")
    keys = {"x": set_categories(figure, "x", x, 28), "y": set_categories(figure, "y", y, 34)}
    figure.add_heatmap(z=z, **keys, **gaps, **words, **look)
    return figure.update_xaxes(showgrid=False).update_yaxes(showgrid=False)


def differences(comparison: Comparison, goal: Goal) -> go.Figure:
    """Return which sizes the data tell apart, each row's mechanism against each column's."""
    places = comparison.rankings[goal]
    names = [place.name for place in places]
    z, text = pairwise_order(places)
    figure = _grid(
        names,
        names,
        z,
        text=text,
        zmin=-1,
        zmax=1,
        colorscale=_ORDER,
        showscale=False,
        hovertemplate="%{y}, beside %{x}: %{text}<extra></extra>",
    )
    figure.update_xaxes(tickangle=-35)
    return figure.update_layout(height=190 + 40 * len(names))


def pairwise_order(places: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
    """Return -1, 0 or 1 and its word for each pair: the row's size is smaller, tied or larger."""
    z = np.full((len(places), len(places)), np.nan)
    for i, row in enumerate(places):
        for j, column in enumerate(places):
            if i != j:
                z[i, j] = 0 if column.name in row.level else -1 if i < j else 1
    words = {value: word for word, value in _WORDS.items()}
    text = np.array([[words.get(value, "") for value in line] for line in z.tolist()], dtype=object)
    return z, text


# From harm to enough, in colours that stay apart for everybody; the words stand in the fields.
_OUTCOMES = {
    "not played": "#e3e6ea",
    "harms": "#E69F00",
    "no effect": "#f6e3b8",
    "helps": "#b9dcf2",
    "enough": "#56B4E9",
    "not needed": "#c9ced4",
}


def transfer(rows: pd.DataFrame) -> go.Figure:
    """Return what a mechanism does in other games (rows) and populations (columns), in words.

    Args:
        rows: of ``mechlab.analysis.findings.transferred``; with none, the figure is empty.
    """
    games, groups = list(dict.fromkeys(rows["game"])), list(dict.fromkeys(rows["population"]))
    fields = {(row["game"], row["population"]): row for row in rows.to_dict("records")}
    shown = [[fields[game, group] for group in groups] for game in games]
    ranks = list(_OUTCOMES)
    figure = _grid(
        groups,
        games,
        [[ranks.index(row["outcome"]) for row in line] for line in shown],
        text=[[_outcome(row) for row in line] for line in shown],
        customdata=[[whole(row["why"] or row["mechanism"]) for row in line] for line in shown],
        colorscale=_steps(),
        zmin=-0.5,
        zmax=len(ranks) - 0.5,
        showscale=False,
        hovertemplate="%{y}, %{x}: %{text}<br>%{customdata}<extra></extra>",
    )
    return figure.update_layout(height=150 + 52 * len(games))


def _outcome(row: Mapping[Any, Any]) -> str:
    played = row["outcome"] != "not played"
    return f"{row['outcome']}<br>{row['attainment']:.0%}" if played else str(row["outcome"])


def _steps() -> list[tuple[float, str]]:
    """Return a colour scale of equal steps."""
    share = 1.0 / len(_OUTCOMES)
    ends = enumerate(_OUTCOMES.values())
    return [(edge, colour) for k, colour in ends for edge in (k * share, (k + 1) * share)]
