"""How figures look: a palette safe for colour blindness, a light template and a dark one."""

from __future__ import annotations

import unicodedata
from typing import Any

import plotly.graph_objects as go

# Okabe and Ito, "Color Universal Design" (2008), those with the most contrast to white first
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
NEUTRAL = "#7d8590"  # readable on white and on near-black
SCALE = "Cividis"  # runs from dark to light for everybody
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def colour(index: int) -> str:
    """Return the colour of the candidate with this index; they come round again after seven."""
    return PALETTE[index % len(PALETTE)]


def symbol(index: int) -> str:
    """Return the marker of the candidate with this index, so that colour is never alone."""
    return SYMBOLS[index % len(SYMBOLS)]


def plain(text: object) -> str:
    """Return text as Plotly shows it letter by letter: no markup, no invisible control signs.

    >>> plain('<b>x</b> & y')
    '&lt;b&gt;x&lt;/b&gt; &amp; y'
    """
    seen = "".join(c if _visible(c) else "\N{REPLACEMENT CHARACTER}" for c in str(text))
    return seen.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def short(text: object, most: int = 40) -> str:
    """Return at most ``most`` signs of a text, as ``plain`` shows them."""
    text = str(text)
    return plain(text if len(text) <= most else text[: most - 1] + "…")


def _visible(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def template(dark: bool = False) -> go.layout.Template:
    """Return the look of figures on a light or on a dark ground; the ground itself is clear."""
    ink, faint = ("#e6e8eb", "#30363d") if dark else ("#1c2127", "#e3e6ea")
    ground = "#161b22" if dark else "#ffffff"
    axis = {
        "gridcolor": faint,
        "linecolor": NEUTRAL,
        "zerolinecolor": faint,
        "ticks": "outside",
        "tickcolor": NEUTRAL,
        "ticklen": 4,
        "showline": True,
        "automargin": True,
        "title": {"standoff": 10, "font": {"size": 13}},
    }
    layout = go.Layout(
        font={"family": FONT, "size": 13, "color": ink},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        colorway=PALETTE,
        xaxis=axis,
        yaxis=axis,
        margin={"l": 8, "r": 12, "t": 30, "b": 8},
        legend={
            "orientation": "h",
            "yref": "container",
            "yanchor": "bottom",
            "y": 0,
            "x": 0,
            "xanchor": "left",
        },
        hoverlabel={
            "bgcolor": ground,
            "bordercolor": NEUTRAL,
            "font": {"color": ink},
            "namelength": 40,
        },
        hovermode="closest",
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": NEUTRAL, "activecolor": ink},
        colorscale={"sequential": SCALE},
        shapedefaults={"line": {"color": ink, "width": 1.5}},
        annotationdefaults={"font": {"color": ink, "size": 12}, "showarrow": False},
    )
    return go.layout.Template(layout=layout)


def blank(x: str, y: str, **layout: Any) -> go.Figure:
    """Return an empty figure in the light look with titled axes; ``layout`` as in Plotly."""
    axes = {"xaxis_title": x, "yaxis_title": y}
    return go.Figure(layout=dict(template=template(), height=380, **layout)).update_layout(axes)


def level(figure: go.Figure, y: float, text: str) -> None:
    """Draw a level line with its name at its right end."""
    figure.add_hline(y, line_dash="dash", annotation_text=text, annotation_position="top right")
