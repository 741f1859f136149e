"""A pilot's episodes beside the emulated agents' curve, and where both reach the target."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from mechlab.figures.style import NEUTRAL, blank, colour, level
from mechlab.pilot import PilotResult

POINTS = 121  # of the curve


def sizes(found: PilotResult) -> go.Figure:
    """Return what the answer's candidate reached by size, with the interval of the answer."""
    curve, target = found.best.curve, found.study.target
    figure = blank(found.study.minimise, f"Revenue, relative to {target.relative_to}")
    x = np.linspace(curve.sizes[0], curve.sizes[-1], POINTS)
    figure.add_scatter(x=x, y=curve.at(x), name="emulated agents", line_color=colour(0))
    doses = [dose for dose in found.doses if dose.candidate == found.candidate]
    figure.add_scatter(
        x=[dose.size for dose in doses],
        y=[dose.mean for dose in doses],
        customdata=[dose.episodes for dose in doses],
        mode="markers",
        name="the study's own agents",
        marker={"color": colour(1), "size": [6 + 2 * dose.episodes**0.5 for dose in doses]},
        hovertemplate="%{x:,.4~g}: %{y:.1%} in %{customdata} episodes<extra></extra>",
    )
    low, high = found.interval
    figure.add_vrect(low, high, fillcolor=NEUTRAL, opacity=0.2, line_width=0)
    figure.add_vline(high, annotation_text="answer")
    level(figure, target.efficiency, "target")
    figure.update_yaxes(tickformat=".0%")
    return figure
