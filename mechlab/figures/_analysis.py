"""Figures of analyses: decomposition, replication, sweep, pilot."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from mechlab.analysis.decomposition import NEAR
from mechlab.analysis.replication import Replica, Replication
from mechlab.analysis.sweep import SweepResult
from mechlab.figures._style import (
    NEUTRAL,
    add_bars,
    blank,
    colour,
    error_bars,
    level,
    set_categories,
    short_names,
    symbol,
)
from mechlab.search.results import Advice, SearchResult
from mechlab.statistics import Summary

_EDGE = 8.0  # half-widths of residuals shown: what lies further out stands at the edge
_ORDERED = ("population", "settings")  # values of a sweep between which a line may be drawn
_Spot = tuple[Summary, ...]


def decomposition(
    spots: Mapping[str, _Spot], others: Mapping[str, _Spot] | None = None
) -> go.Figure:
    """Return the map of cooperation against competence, with what limits groups in each part.

    Args:
        spots: by the group's name, its competence and cooperation: efficiency under
            ``auto_fulfill`` and under ``auto_request``, with 95% intervals where there are any.
        others: the same groups as measured elsewhere, drawn hollow and joined to ours.
    """
    title = "Cooperation: efficiency where the system asks"
    figure = blank("Competence: efficiency where the system answers", title, height=480)
    theirs = others or {}
    joint = {"color": NEUTRAL, "width": 1, "dash": "dot"}
    for index, (name, shown) in enumerate(zip(spots, short_names(spots), strict=True)):
        if name in theirs:
            ours, published = ([one.mean for one in spot] for spot in (spots[name], theirs[name]))
            x, y = zip(ours, published, strict=True)
            unnamed = {"hoverinfo": "skip", "showlegend": False}
            figure.add_scatter(x=x, y=y, mode="lines", line=joint, **unnamed)
            _mark(figure, f"{shown}, published", theirs[name], index, hollow=True)
        _mark(figure, shown, spots[name], index)
    means = (one.mean for spot in (*spots.values(), *theirs.values()) for one in spot)
    _divide(figure, 1.08 * max(1.0, *means))
    return figure


def _mark(figure: go.Figure, name: str, spot: _Spot, index: int, hollow: bool = False) -> None:
    competence, cooperation = spot
    figure.add_scatter(
        x=(competence.mean,),
        y=(cooperation.mean,),
        error_x=None if hollow else error_bars([competence]),
        error_y=None if hollow else error_bars([cooperation]),
        mode="markers",
        name=name,
        showlegend=not hollow,
        marker={"color": colour(index), "symbol": symbol(index, hollow), "size": 11},
        hovertemplate=f"{name}<br>competence %{{x:.1%}}<br>cooperation %{{y:.1%}}<extra></extra>",
    )


def _divide(figure: go.Figure, most: float) -> None:
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


def bars(rows: Mapping[str, Summary], x: str, best: Mapping[str, Summary]) -> go.Figure:
    """Return means with 95% intervals as bars, from the top, beside the level of near-optimal play.

    Marks are the ``best`` that could be reached in some of the rows; ``x`` is the axis's title.
    """
    figure = blank(x, "")
    keys = add_bars(figure, rows, name="this group")
    figure.add_scatter(
        x=[one.mean for one in best.values()],
        y=[keys[name] for name in best],
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 16, "color": NEUTRAL, "line": {"width": 3}},
        name="perfect agents",
        hovertemplate="perfect agents, %{y}: %{x:.1%}<extra></extra>",
    )
    figure.add_vline(NEAR, line_dash="dash", annotation_text="near-optimal")
    return figure.update_layout(height=170 + 32 * len(rows))


def residuals(replication: Replication) -> go.Figure:
    """Return our figures less the published ones, in half-widths of the published intervals.

    There is one row for each condition and metric. Between -1 and 1 a figure is met. One that is
    off by more than eight stands at the edge; hovering shows its numbers.
    """
    measured = [r for r in replication.replicas if r.measured]
    rows = list(dict.fromkeys(map(_kind, measured)))
    figure = blank("Ours less the published, in half-widths of its interval", "")
    figure.add_vrect(-1, 1, fillcolor=NEUTRAL, opacity=0.2, line_width=0)
    for index, model in enumerate(dict.fromkeys(r.figure.model for r in measured)):
        some = [r for r in measured if r.figure.model == model]
        off = [r.residual / r.figure.tolerance if r.figure.tolerance else 0.0 for r in some]
        figure.add_scatter(
            x=[max(-_EDGE, min(_EDGE, x)) for x in off],
            y=[_kind(r) for r in some],
            customdata=[(r.figure.target, r.ours, r.factor) for r in some],
            mode="markers",
            name=model,
            marker={"color": colour(index), "symbol": symbol(index), "size": 9, "opacity": 0.85},
            hovertemplate="%{y}<br>published %{customdata[0]:.4~g}, ours %{customdata[1]:.4~g}, "
            f"factor %{{customdata[2]:.2f}}<extra>{model}</extra>",
        )
    figure.update_yaxes(categoryorder="array", categoryarray=rows[::-1])
    figure.update_xaxes(range=[-_EDGE - 0.5, _EDGE + 0.5])
    return figure.update_layout(height=230 + 30 * len(rows))


def _kind(replica: Replica) -> str:
    return f"{replica.figure.condition}: {replica.figure.metric}".replace("_", " ")


def sweep(result: SweepResult, measure: str = "efficiency") -> go.Figure:
    """Return the means of a measure with their 95% intervals, one line for each population."""
    varied = result.sweep.vary.name
    figure = blank(varied, f"Mean {measure.replace('_', ' ')}", height=460)
    labels = list(dict.fromkeys(point.label for point in result.points))
    keys = dict(zip(labels, set_categories(figure, "x", labels, 120), strict=True))
    lines = [name.replace(", ", ",<br>") for name in figure.layout.xaxis.ticktext]
    figure.update_xaxes(ticktext=lines)  # each parameter stands on a line of its own
    groups = zip(result.sweep.groups, short_names(result.sweep.groups), strict=True)
    for index, (name, shown) in enumerate(groups):
        points = result.of(name)
        means = [point.measures[measure] for point in points]
        figure.add_scatter(
            x=[keys[point.label] for point in points],
            y=[one.mean for one in means],
            error_y=error_bars(means),
            mode="lines+markers" if varied in _ORDERED else "markers",
            name=shown,
            showlegend=True,
            line={"color": colour(index), "width": 2},
            marker={"color": colour(index), "symbol": symbol(index), "size": 10},
            hovertemplate=f"%{{x}}: %{{y:.4~g}}<extra>{shown}</extra>",
        )
    figure.update_yaxes(rangemode="tozero")
    if measure in ("efficiency", "optimality"):
        figure.update_yaxes(tickformat=".0%", title=f"Mean {measure}, % of the reference")
    return figure


def pilot_doses(result: SearchResult, advice: Advice) -> go.Figure:
    """Return attainment by size: the study's agents are points, those emulated are a curve."""
    study, answer = result.study, result.best
    figure = blank(study.minimise, f"Revenue, relative to {study.target.relative_to}")
    curve = advice.curve
    figure.add_scatter(
        x=curve["size"], y=curve["attainment"], name="emulated agents", line_color=colour(0)
    )
    doses = pd.concat([result.trials, result.evidence])
    doses = doses[doses["candidate"] == answer.candidate]
    figure.add_scatter(
        x=doses["size"],
        y=doses["attainment"],
        customdata=doses["episodes"],
        mode="markers",
        name="the study's own agents",
        marker={"color": colour(1), "size": 6 + 2 * doses["episodes"] ** 0.5},
        hovertemplate="%{x:,.4~g}: %{y:.1%} in %{customdata} episodes<extra></extra>",
    )
    low, high = answer.interval
    figure.add_vrect(low, high, fillcolor=NEUTRAL, opacity=0.2, line_width=0)
    figure.add_vline(high, annotation_text="answer")
    level(figure, study.target.efficiency, "target")
    figure.update_yaxes(tickformat=".0%")
    return figure
