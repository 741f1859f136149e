"""One thing at a time: a measure over the values of what varies."""

from __future__ import annotations

import plotly.graph_objects as go

from mechlab.analysis.sweep import Swept
from mechlab.figures.decomposition import half, sign
from mechlab.figures.style import blank, colour, short

_ORDERED = ("population", "settings")  # values between which a line may be drawn


def sweep(found: Swept, measure: str = "efficiency") -> go.Figure:
    """Return the means of a measure with their 95% intervals, a line a population.

    >>> from mechlab.analysis.sweep import Sweep
    >>> asked = Sweep.read('''question = "?"
    ... population = "silent"
    ... vary.settings = [{rounds = 5}, {rounds = 10}]''')
    >>> sweep(asked.asked_of(None, 2).play()).data[0].x
    ('rounds=5', 'rounds=10')
    """
    figure = blank(f"{found.sweep.vary.name}", f"Mean {measure.replace('_', ' ')}")
    joined = found.sweep.vary.name in _ORDERED
    for index, name in enumerate(found.sweep.lines):
        points = found.line(name)
        means = [point.measures[measure] for point in points]
        error = half(means[0]) | {"array": [one.ci95[1] - one.mean for one in means]}
        figure.add_scatter(
            x=[_lines(point.label) for point in points],
            y=[one.mean for one in means],
            error_y=error,
            mode="lines+markers" if joined else "markers",
            name=short(name),
            showlegend=True,
            line={"color": colour(index), "width": 2},
            marker={"color": colour(index), "symbol": sign(index), "size": 10},
            hovertemplate=f"%{{x}}: %{{y:.4~g}}<extra>{short(name)}</extra>",
        )
    figure.update_yaxes(rangemode="tozero")
    if measure in ("efficiency", "optimality"):
        figure.update_yaxes(tickformat=".0%", title=f"Mean {measure}, % of the reference")
    return figure.update_layout(height=460)


def _lines(label: str) -> str:
    """Return a value's name as an axis shows it whole: a parameter a line."""
    return short(label, 120).replace(", ", ",<br>")
