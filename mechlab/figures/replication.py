"""The residuals of a replication: how far ours are from every published figure."""

from __future__ import annotations

import plotly.graph_objects as go

from mechlab.analysis.replication import Replica, Replication
from mechlab.figures.decomposition import sign
from mechlab.figures.style import NEUTRAL, blank, colour

MOST = 8.0  # half-widths shown: what lies further out stands at the edge


def residuals(found: Replication) -> go.Figure:
    """Return ours less the published in half-widths of its interval: a row a figure's kind.

    Between -1 and 1 a figure is met. What is off by more than eight stands at the edge; hovering
    tells the numbers.

    >>> from mechlab.analysis.replication import replicate
    >>> len(residuals(replicate(episodes=2)).data)
    9
    """
    measured = [r for r in found.replicas if r.measured]
    rows = list(dict.fromkeys(map(_row, measured)))
    figure = blank("Ours less the published, in half-widths of its interval", "")
    figure.add_vrect(-1, 1, fillcolor=NEUTRAL, opacity=0.2, line_width=0)
    for index, model in enumerate(dict.fromkeys(r.figure.model for r in measured)):
        _add(figure, [r for r in measured if r.figure.model == model], model, index)
    figure.update_yaxes(categoryorder="array", categoryarray=rows[::-1])
    figure.update_xaxes(range=[-MOST - 0.5, MOST + 0.5])
    return figure.update_layout(height=230 + 30 * len(rows))


def _add(figure: go.Figure, replicas: list[Replica], model: str, index: int) -> None:
    off = [r.residual / r.figure.tolerance if r.figure.tolerance else 0.0 for r in replicas]
    figure.add_scatter(
        x=[max(-MOST, min(MOST, x)) for x in off],
        y=[_row(r) for r in replicas],
        customdata=[(r.figure.target, r.ours.mean, r.cell.factor) for r in replicas],
        mode="markers",
        name=model,
        marker={"color": colour(index), "symbol": sign(index), "size": 9, "opacity": 0.85},
        hovertemplate="%{y}<br>published %{customdata[0]:.4~g}, ours %{customdata[1]:.4~g}, "
        f"factor %{{customdata[2]:.2f}}<extra>{model}</extra>",
    )


def _row(replica: Replica) -> str:
    return f"{replica.figure.condition}: {replica.figure.metric}".replace("_", " ")
