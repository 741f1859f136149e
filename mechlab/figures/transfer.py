"""What carries over: an answer in every game and among every population, as a heat map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mechlab.figures.style import blank, short

# From harm to enough, in colours that stay apart for everybody; the words stand in the fields.
_GROUND = {
    "not played": "#e3e6ea",
    "harms": "#E69F00",
    "no effect": "#f6e3b8",
    "helps": "#b9dcf2",
    "enough": "#56B4E9",
    "not needed": "#c9ced4",
}


def transfer(rows: pd.DataFrame) -> go.Figure:
    """Return what became of a mechanism: games down, populations across, the outcome in words.

    Args:
        rows: as ``mechlab.analysis.transfer`` returns them; with none, the figure is empty.
    """
    games, groups = list(dict.fromkeys(rows["game"])), list(dict.fromkeys(rows["population"]))
    fields = {(row["game"], row["population"]): row for row in rows.to_dict("records")}
    shown = [[fields[game, group] for group in groups] for game in games]
    ranks = list(_GROUND)
    figure = blank("", "")
    figure.add_heatmap(
        z=[[ranks.index(row["outcome"]) for row in line] for line in shown],
        x=[short(group, 34) for group in groups],
        y=[short(game) for game in games],
        text=[[_words(row) for row in line] for line in shown],
        customdata=[[short(row["why"] or row["mechanism"], 110) for row in line] for line in shown],
        texttemplate="%{text}",
        textfont={"color": "#1c2127"},
        colorscale=_steps(),
        zmin=-0.5,
        zmax=len(ranks) - 0.5,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{y}, %{x}: %{text}<br>%{customdata}<extra></extra>",
    )
    figure.update_xaxes(showgrid=False, type="category")
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    return figure.update_layout(height=150 + 52 * len(games))


def _words(row: Mapping[Any, Any]) -> str:
    played = row["outcome"] != "not played"
    return f"{row['outcome']}<br>{row['efficiency']:.0%}" if played else str(row["outcome"])


def _steps() -> list[tuple[float, str]]:
    """Return a colour scale of equal steps."""
    share = 1.0 / len(_GROUND)
    ends = enumerate(_GROUND.values())
    return [(edge, colour) for k, colour in ends for edge in (k * share, (k + 1) * share)]
