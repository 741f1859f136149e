"""Studies side by side: sizes ranked, price against effect, who needs what, which differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from mechlab.analysis.comparison import Comparison, Entry, Goal
from mechlab.figures.style import NEUTRAL, blank, colour, short, size_title, symbol
from mechlab.search.pareto import Place, pareto

APART = {"smaller": -1, "not told apart": 0, "larger": 1}
_GROUND = ((0.0, "#56B4E9"), (0.5, "#c9ced4"), (1.0, "#E69F00"))  # smaller, alike, larger
_PALE = ((0.0, "#eef4fb"), (1.0, "#56B4E9"))  # light enough for dark words at both ends
_INK = {"color": "#1c2127"}
_ROW = 34  # pixels


def candidates(comparison: Comparison) -> list[str]:
    """Return the mechanisms in order of their first appearance; it decides their colours."""
    return list(dict.fromkeys(entry.answer.candidate for entry in comparison.entries))


def ranked_sizes(comparison: Comparison, goal: Goal) -> go.Figure:
    """Return the interval of the smallest sufficient size of each mechanism, in order of rank.

    An interval of which one end was not shown is drawn as an arrow from the other; a mechanism of
    which no size is enough has its name only.
    """
    places = comparison.rankings[goal]
    entries = [comparison.entry(place.name) for place in places]
    figure = blank(size_title(entries[0].result), "")
    hues = candidates(comparison)
    for entry in entries:
        _add_size(figure, entry, hues.index(entry.answer.candidate))
    names = [short(entry.label, 44) for entry in entries]
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], type="category")
    figure.update_xaxes(rangemode="tozero", tickformat="~s")
    return figure.update_layout(height=100 + _ROW * len(names), showlegend=False)


def _add_size(figure: go.Figure, entry: Entry, index: int) -> None:
    low, high = entry.answer.interval
    ends = [value for value in (low, high) if math.isfinite(value)]
    figure.add_scatter(
        x=ends or [math.nan],
        y=[short(entry.label, 44)] * max(1, len(ends)),
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
    """Return efficiency against spend, both of fresh episodes, for all answers, with the frontier.

    Spend is a share of group revenue, so that games with different money stand on one scale.
    """
    known = [entry for entry in comparison.entries if entry.answer.spend.n > 1]
    figure = blank("Spend, % of group revenue", "Group revenue, % of perfect play")
    _add_frontier(figure, known)
    hues, shapes = candidates(comparison), list(comparison.contexts)
    for entry in known:
        _add_price(figure, entry, hues.index(entry.answer.candidate), shapes.index(entry.context))
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure.update_layout(height=440)


def on_frontier(entries: Sequence[Entry]) -> list[Entry]:
    """Return the answers that no other beats in both efficiency and spend share, cheapest first."""
    shares = [entry.answer.spend_share for entry in entries]
    best = pareto([entry.answer.efficiency.mean for entry in entries], shares)
    chosen = [entry for entry, is_best in zip(entries, best, strict=True) if is_best]
    return sorted(chosen, key=lambda entry: entry.answer.spend_share)


def _add_frontier(figure: go.Figure, entries: Sequence[Entry]) -> None:
    best = on_frontier(entries)
    figure.add_scatter(
        x=[entry.answer.spend_share for entry in best],
        y=[entry.answer.efficiency.mean for entry in best],
        mode="lines",
        name="frontier",
        line={"color": NEUTRAL, "shape": "hv", "width": 2, "dash": "dot"},
        hoverinfo="skip",
    )


def _add_price(figure: go.Figure, entry: Entry, hue: int, shape: int) -> None:
    answer = entry.answer
    half = answer.spend.ci95[1] - answer.spend.mean
    relative = half / answer.spend.mean if answer.spend.mean else 0.0
    figure.add_scatter(
        x=[answer.spend_share],
        y=[answer.efficiency.mean],
        error_x={"array": [relative * answer.spend_share], "thickness": 1.5},
        error_y={"array": [answer.efficiency.ci95[1] - answer.efficiency.mean], "thickness": 1.5},
        mode="markers",
        name=short(entry.label),
        text=[short(f"{answer.mechanism}: {answer.status.replace('_', ' ')}", 70)],
        marker={
            "color": colour(hue),
            "symbol": symbol(shape) if answer.status == "certified" else f"{symbol(shape)}-open",
            "size": 13,
            "line": {"width": 1.5},
        },
        hovertemplate="%{text}<br>spend %{x:.1%} of revenue, %{y:.1%} of perfect play"
        "<extra>%{fullData.name}</extra>",
    )


def who_needs_what(comparison: Comparison) -> go.Figure:
    """Return a heat map of mechanism by study: what the answer spends, as a share of revenue.

    Where no size is enough, or nothing was decided, the field has no colour and says so.
    """
    rows, columns = candidates(comparison), list(comparison.contexts)
    share = np.full((len(rows), len(columns)), np.nan)
    text = np.full(share.shape, "", dtype=object)
    for entry in comparison.entries:
        at = rows.index(entry.answer.candidate), columns.index(entry.context)
        certified = entry.answer.status == "certified"
        share[at] = entry.answer.spend_share if certified else np.nan
        text[at] = price_words(entry)
    figure = blank("", "")
    names = [short(column, 28) for column in columns]
    figure.add_heatmap(
        z=share,
        x=names,
        y=[short(row, 34) for row in rows],
        text=np.where(np.isnan(share), "", text),
        texttemplate="%{text}",
        textfont=_INK,
        colorscale=_PALE,
        zmin=0,
        xgap=2,
        ygap=2,
        hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        hoverongaps=False,
        colorbar={
            "title": {"text": "spend, % of revenue", "side": "right"},
            "tickformat": ".0%",
            "thickness": 12,
        },
    )
    _write_gaps(figure, share, text, names, [short(row, 34) for row in rows])
    figure.update_xaxes(showgrid=False, type="category").update_yaxes(
        autorange="reversed", showgrid=False, type="category"
    )
    return figure.update_layout(height=150 + 44 * len(rows))


def price_words(entry: Entry) -> str:
    """Return what an answer spends as a share of revenue, or why there is no such figure.

    A certified answer whose budget left no fresh episodes for measuring it has none.
    """
    if entry.answer.status != "certified":
        return entry.answer.status.replace("_", " ")
    return f"{entry.answer.spend_share:.1%}" if entry.answer.spend.n else "not measured"


def _write_gaps(
    figure: go.Figure, z: np.ndarray, text: np.ndarray, x: Sequence[str], y: Sequence[str]
) -> None:
    """Write the words of fields without a colour, which a heat map leaves empty."""
    for i, j in zip(*np.nonzero(np.isnan(z) & (text != "")), strict=True):
        figure.add_annotation(x=int(j), y=int(i), text=text[i, j], font={"size": 11})


def differences(comparison: Comparison, goal: Goal) -> go.Figure:
    """Return which sizes the data tell apart: each row's mechanism against each column's."""
    places = comparison.rankings[goal]
    names = [short(place.name, 30) for place in places]
    z, text = told_apart(places)
    figure = blank("than", "")
    figure.add_heatmap(
        z=z,
        x=names,
        y=names,
        text=text,
        texttemplate="%{text}",
        zmin=-1,
        zmax=1,
        colorscale=_GROUND,
        showscale=False,
        xgap=2,
        ygap=2,
        textfont=_INK,
        hovertemplate="%{y}: %{text} than %{x}<extra></extra>",
        hoverongaps=False,
    )
    figure.update_xaxes(showgrid=False, type="category", tickangle=-35)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    return figure.update_layout(height=190 + 40 * len(names))


def told_apart(places: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
    """Return for each pair -1, 0 or 1 and its word: the row's size smaller, alike or larger."""
    z = np.full((len(places), len(places)), np.nan)
    for i, row in enumerate(places):
        for j, column in enumerate(places):
            if i != j:
                z[i, j] = 0 if column.name in row.level else -1 if i < j else 1
    words = {value: word for word, value in APART.items()}
    text = np.array([[words.get(value, "") for value in line] for line in z.tolist()], dtype=object)
    return z, text
