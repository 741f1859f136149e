"""What a pilot's fit leaves open: the smallest sufficient size of each draw."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from mechlab.figures.style import NEUTRAL, blank, colour
from mechlab.pilot import PilotResult


def sizes(found: PilotResult) -> go.Figure:
    """Return the draws' smallest sufficient sizes beside the interval and the looks at sizes."""
    drawn = [size for size in found.best.widened.draws if np.isfinite(size)]
    figure = blank(found.study.smallest, "Draws of the fit")
    figure.add_histogram(x=drawn, name="draws of the fit", marker_color=colour(0), opacity=0.6)
    low, high = found.interval
    figure.add_vrect(low, high, fillcolor=NEUTRAL, opacity=0.2, line_width=0)
    figure.add_vline(high, annotation_text="answer")
    figure.add_scatter(
        x=[look.size for look in found.looks],
        y=[0.0] * len(found.looks),
        customdata=[(look.episodes, look.mean, look.shown) for look in found.looks],
        mode="markers",
        name="fresh episodes",
        marker={"color": colour(1), "symbol": "diamond", "size": 12},
        hovertemplate="%{x:,.4~g}: %{customdata[1]:.1%} in %{customdata[0]} episodes, "
        "%{customdata[2]}<extra></extra>",
    )
    return figure
