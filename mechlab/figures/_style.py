"""How figures look: a palette safe for colour blindness, a light template and a dark one."""

from __future__ import annotations

import html
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from mechlab.mechanism import Capped, Mechanism, Stack
from mechlab.parameters import parameters
from mechlab.search.results import SearchResult
from mechlab.statistics import Summary
from mechlab.study import OUTCOMES

# Okabe and Ito, "Color Universal Design" (2008), those with the most contrast to white first
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
NEUTRAL = "#7d8590"  # readable on white and on near-black
SCALE = "Cividis"  # runs from dark to light for everybody
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_LINE = 60  # characters of a line of a hover text, so that a long name stays inside the chart


def colour(index: int) -> str:
    """Return the colour of the candidate with this index; colours repeat after seven."""
    return PALETTE[index % len(PALETTE)]


def symbol(index: int, hollow: bool = False) -> str:
    """Return the marker of the candidate with this index; it differs where colours repeat.

    >>> symbol(0), symbol(len(PALETTE), hollow=True)
    ('circle', 'circle-open-dot')
    """
    repeated = "-dot" if index >= len(PALETTE) else ""
    return SYMBOLS[index % len(SYMBOLS)] + ("-open" if hollow else "") + repeated


def plain(text: object) -> str:
    """Return text that Plotly shows letter by letter: no markup, no invisible control characters.

    >>> plain('<b>x</b> & y')
    '&lt;b&gt;x&lt;/b&gt; &amp; y'
    """
    unseen = ("Cc", "Cf", "Cs", "Co", "Cn")
    visible = (
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(sign) in unseen else sign
        for sign in str(text)
    )
    return html.escape("".join(visible), quote=False)


def short(text: object, most: int = 40, tail: int = 0) -> str:
    """Return at most ``most`` characters of a text, ``tail`` of them its last, as ``plain``."""
    text = str(text)
    if len(text) > most:
        text = f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"
    return plain(text)


def short_names(names: Iterable[object], most: int = 40) -> list[str]:
    """Return names of at most ``most`` characters, none of which equals another.

    Those that begin alike keep their ends; where that is not enough, all are numbered.

    >>> short_names(["royalty", "a bonus of some size in May", "a bonus of some size in June"], 16)
    ['royalty', 'a bonus…e in May', 'a bonus… in June']
    """
    names = list(names)
    counts = Counter(short(name, most) for name in names)
    tails = (most // 2 if counts[short(name, most)] > 1 else 0 for name in names)
    shown = [short(name, most, tail) for name, tail in zip(names, tails, strict=True)]
    if len(set(shown)) < len(names):
        shown = [short(f"{i}. {name}", most) for i, name in enumerate(names, start=1)]
    return shown


def whole(text: object) -> str:
    """Return a text of any length for a hover label: in lines, as ``plain`` shows them."""
    return "<br>".join(map(plain, textwrap.wrap(str(text), _LINE)))


def set_categories(figure: go.Figure, axis: str, names: Iterable[object], most: int) -> list[str]:
    """Make axis "x" or "y" one of categories, from the left or the top, and return their keys.

    What is drawn at a key stands at its name alone, of which the axis shows ``most`` characters.
    Hovering shows the key, which is the whole name.
    """
    names = list(names)
    keys = [whole(name) for name in names]
    if len(set(keys)) < len(names):
        keys = [whole(f"{i}. {name}") for i, name in enumerate(names, start=1)]
    order = {"type": "category", "categoryorder": "array", "categoryarray": keys}
    ticks = {"tickmode": "array", "tickvals": keys, "ticktext": short_names(names, most)}
    run = "reversed" if axis == "y" else True
    figure.update_layout({f"{axis}axis": {**order, **ticks, "autorange": run}})
    return keys


def template(dark: bool = False) -> go.layout.Template:
    """Return the look of figures on a light or a dark page; their own background is transparent."""
    ink, faint = ("#e6e8eb", "#30363d") if dark else ("#1c2127", "#e3e6ea")
    ground, clear = "#161b22" if dark else "#ffffff", "rgba(0,0,0,0)"
    axis = {"gridcolor": faint, "zerolinecolor": faint, "linecolor": NEUTRAL, "showline": True}
    ticks = {"ticks": "outside", "tickcolor": NEUTRAL, "ticklen": 4, "automargin": True}
    axis |= {**ticks, "title": {"standoff": 10, "font": {"size": 13}}}
    low = {"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0}
    hover = {"bgcolor": ground, "bordercolor": NEUTRAL, "font": {"color": ink}, "namelength": 40}
    layout = go.Layout(
        font={"family": FONT, "size": 13, "color": ink},
        paper_bgcolor=clear,
        plot_bgcolor=clear,
        colorway=PALETTE,
        xaxis=axis,
        yaxis=axis,
        margin={"l": 8, "r": 12, "t": 30, "b": 8},
        legend={**low, "x": 0, "xanchor": "left"},
        hoverlabel=hover,
        hovermode="closest",
        modebar={"bgcolor": clear, "color": NEUTRAL, "activecolor": ink},
        colorscale={"sequential": SCALE},
        shapedefaults={"line": {"color": ink, "width": 1.5}},
        annotationdefaults={"font": {"color": ink, "size": 12}, "showarrow": False},
    )
    return go.layout.Template(layout=layout)


def blank(x: str, y: str, **layout: Any) -> go.Figure:
    """Return an empty figure in the light look with titled axes; ``layout`` goes to Plotly."""
    look = {"template": template(), "height": 380, "xaxis_title": x, "yaxis_title": y}
    return go.Figure().update_layout({**look, **layout})


def error_bars(means: Iterable[Summary]) -> dict[str, Any]:
    """Return the 95% intervals of means as Plotly's error bars."""
    return {"type": "data", "array": [m.ci95[1] - m.mean for m in means], "thickness": 1.5}


def add_bars(figure: go.Figure, means: Mapping[str, Summary], **look: Any) -> dict[str, str]:
    """Draw means of shares with 95% intervals as bars from the top; return their keys by name."""
    keys = set_categories(figure, "y", means, 34)
    figure.add_bar(
        x=[one.mean for one in means.values()],
        y=keys,
        orientation="h",
        width=0.55,
        error_x=error_bars(means.values()),
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        **look,
    )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return dict(zip(means, keys, strict=True))


def add_band(  # noqa: PLR0913 - the ends of a band and its look
    figure: go.Figure, x: np.ndarray, low: np.ndarray, high: np.ndarray, hue: str, opacity: float
) -> None:
    """Fill what lies between two curves."""
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        mode="lines",
        line={"width": 0, "color": hue},
        opacity=opacity,
        showlegend=False,
        hoverinfo="skip",
    )


def level(figure: go.Figure, y: float, text: str) -> None:
    """Draw a horizontal line with its name at its right end."""
    figure.add_hline(y, line_dash="dash", annotation_text=text, annotation_position="top right")


def reference_words(name: str) -> str:
    """Return a reference point as it is named in a sentence.

    >>> reference_words("perfect"), reference_words("optimum")
    ('perfect play', 'the optimum')
    """
    return f"the {name}" if name == "optimum" else f"{name} play"


def efficiency_title(result: SearchResult) -> str:
    """Return the title of an axis of efficiencies relative to the target's reference point."""
    return f"Group revenue, % of {reference_words(result.study.target.relative_to)}"


def unit_of(mechanism: Mechanism, parameter: str) -> str:
    """Return the unit of a parameter, which may be named as "royalty.share"; "" where it has none.

    >>> from mechlab.mechanism import parse
    >>> unit_of(parse("sharing_bonus(rate=1) + protocol"), "rate")
    'dollars per piece'
    """
    owner, _, name = parameter.rpartition(".")
    if isinstance(mechanism, (Stack, Capped)):
        units = (unit_of(part, parameter) for part in mechanism.parts)
        return next(filter(None, units), "")
    declared = parameters(type(mechanism))
    return declared[name].unit if name in declared and owner in ("", mechanism.name) else ""


def size_title(result: SearchResult) -> str:
    """Return what the study minimises, with its unit, as the title of an axis.

    Where candidates measure one parameter in different units, the unit is left out.
    """
    smallest = result.study.minimise
    if smallest in OUTCOMES:
        return f"{smallest}, dollars per episode"
    units = {unit_of(answer.mechanism, smallest) for answer in result.answers} - {""}
    return f"{smallest}, {units.pop()}" if len(units) == 1 else smallest
