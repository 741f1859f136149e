"""What limits a group: the map of cooperation against competence, and bars of what repairs do."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from mechlab.analysis.decomposition import NEAR
from mechlab.figures.style import NEUTRAL, PALETTE, blank, colour, short, symbol
from mechlab.statistics import Summary

Spot = tuple[Summary, Summary]
"""Competence and cooperation of a group: efficiency under auto_fulfill and under auto_request."""


def decomposition(spots: Mapping[str, Spot], others: Mapping[str, Spot] | None = None) -> go.Figure:
    """Return the map of cooperation against competence, with what limits groups in each part.

    Args:
        spots: groups by name, with their 95% intervals where there are any.
        others: the same groups as somebody else measured them, drawn hollow and joined to ours.

    >>> from mechlab.statistics import Summary
    >>> one = Summary(0.95, 0.1, (0.93, 0.97), 100)
    >>> other = Summary(0.2, 0.1, (0.18, 0.22), 100)
    >>> decomposition({"o3": (one, other)}).data[0].y
    (0.2,)
    """
    figure = blank("Competence: efficiency where the system answers", "")
    figure.update_yaxes(title="Cooperation: efficiency where the system asks")
    theirs = others or {}
    for index, (name, spot) in enumerate(spots.items()):
        if name in theirs:
            _join(figure, spot, theirs[name])
            _mark(figure, f"{name}, published", theirs[name], index, hollow=True)
        _mark(figure, name, spot, index)
    points = [s.mean for spot in (*spots.values(), *theirs.values()) for s in spot]
    _parts(figure, 1.08 * max(1.0, *points))
    return figure.update_layout(height=480)


def _mark(figure: go.Figure, name: str, spot: Spot, index: int, hollow: bool = False) -> None:
    competence, cooperation = spot
    figure.add_scatter(
        x=(competence.mean,),
        y=(cooperation.mean,),
        error_x=None if hollow else half(competence),
        error_y=None if hollow else half(cooperation),
        mode="markers",
        name=short(name),
        showlegend=not hollow,
        marker={"color": colour(index), "symbol": sign(index, hollow), "size": 11},
        hovertemplate=f"{short(name)}<br>competence %{{x:.1%}}<br>cooperation %{{y:.1%}}"
        "<extra></extra>",
    )


def sign(index: int, hollow: bool = False) -> str:
    """Return a marker that differs where colours come round again.

    >>> sign(0), sign(0, hollow=True), sign(len(PALETTE))
    ('circle', 'circle-open', 'circle-dot')
    """
    again = "-dot" if index >= len(PALETTE) else ""
    return symbol(index) + ("-open" if hollow else "") + again


def _join(figure: go.Figure, ours: Spot, theirs: Spot) -> None:
    figure.add_scatter(
        x=[ours[0].mean, theirs[0].mean],
        y=[ours[1].mean, theirs[1].mean],
        mode="lines",
        line={"color": NEUTRAL, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )


def _parts(figure: go.Figure, most: float) -> None:
    """Divide the map where near-optimal begins, and say what limits a group in each part."""
    figure.add_hline(NEAR, line_dash="dash").add_vline(NEAR, line_dash="dash")
    corners = {
        "limited by both": (0.0, 0.0, "left", "bottom"),
        "limited by cooperation": (most, 0.0, "right", "bottom"),
        "limited by competence": (0.0, most, "left", "top"),
        "by neither": (most, most, "right", "top"),
    }
    for text, (x, y, side, end) in corners.items():
        figure.add_annotation(text=text, x=x, y=y, xanchor=side, yanchor=end, opacity=0.75)
    figure.update_xaxes(tickformat=".0%", range=[0, most])
    figure.update_yaxes(tickformat=".0%", range=[0, most])


def half(one: Summary) -> dict[str, object]:
    """Return the half-width of a mean's 95% interval as an error bar."""
    return {"type": "data", "array": [one.ci95[1] - one.mean], "thickness": 1.5}


def bars(rows: Mapping[str, Summary], x: str, best: Mapping[str, Summary]) -> go.Figure:
    """Return means with their 95% intervals, a bar a row from the top.

    Args:
        rows: what is shown, by name.
        x: title of the axis.
        best: what could be reached at most in some of the rows, drawn as marks.
    """
    names = [short(name, 34) for name in rows]
    figure = blank(x, "")
    figure.add_bar(
        x=[one.mean for one in rows.values()],
        y=names,
        orientation="h",
        width=0.55,
        error_x={"array": [one.ci95[1] - one.mean for one in rows.values()], "thickness": 1.5},
        name="this group",
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    figure.add_scatter(
        x=[one.mean for one in best.values()],
        y=[short(name, 34) for name in best],
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 16, "color": NEUTRAL, "line": {"width": 3}},
        name="perfect agents",
        hovertemplate="perfect agents, %{y}: %{x:.1%}<extra></extra>",
    )
    figure.add_vline(NEAR, line_dash="dash", annotation_text="near-optimal")
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return figure.update_layout(height=170 + 32 * len(names))
