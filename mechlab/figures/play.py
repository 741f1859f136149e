"""What went on in episodes: where the group stands, revenue round by round, who gave to whom."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from mechlab.figures.style import NEUTRAL, SCALE, blank, colour, plain, short
from mechlab.flows import Array
from mechlab.simulate import Episodes
from mechlab.statistics import summarise

_DASHES = ("dash", "dot", "dashdot")
_MIDDLE = (0.1, 0.9)  # the band: the middle 80% of the episodes


def standing(played: Mapping[str, Episodes], target: float) -> go.Figure:
    """Return the efficiency of each group of episodes on one line, beside the target.

    Args:
        played: episodes by the names of the rows, from the top: reference points among them.
        target: the target, relative to the ceiling.

    >>> from mechlab.simulate import simulate
    >>> figure = standing({"silent": simulate(population="silent", episodes=2)}, 0.8)
    >>> figure.layout.shapes[0].x0
    0.8
    """
    figure = blank("Group revenue, % of the ceiling", "")
    reached = [summarise(episodes["efficiency"]) for episodes in played.values()]
    names = [short(name, 28) for name in played]
    figure.add_bar(
        x=[r.mean for r in reached],
        y=names,
        orientation="h",
        width=0.5,
        error_x={"array": [r.ci95[1] - r.mean for r in reached], "thickness": 1.5},
        marker_color=[colour(0) if i < 2 else NEUTRAL for i in range(len(names))],
        marker_opacity=[1.0 if i == 0 else 0.55 for i in range(len(names))],
        text=[f" {r.mean:.1%}" for r in reached],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    figure.add_vline(target, line_dash="dash", annotation_text="target", annotation_position="top")
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    figure.update_xaxes(tickformat=".0%", range=[0, 1.2 * max(r.mean for r in reached)])
    return figure.update_layout(height=110 + 34 * len(names), margin_t=26, showlegend=False)


def revenue(played: Mapping[str, Episodes], references: Mapping[str, Episodes]) -> go.Figure:
    """Return group revenue so far, round by round: means, and the middle 80% of the episodes.

    Args:
        played: episodes by the names that the legend gives them, the answer first.
        references: the reference points at the same settings and seeds, drawn as grey lines.

    >>> from mechlab.simulate import simulate
    >>> figure = revenue({"silent": simulate(population="silent", episodes=2)}, {})
    >>> len(figure.data)
    2
    """
    figure = blank("Round", "Group revenue so far", hovermode="x unified")
    for (name, episodes), dash in zip(references.items(), _DASHES, strict=False):
        _add_mean(figure, name, episodes, {"color": NEUTRAL, "dash": dash, "width": 2})
    for index, (name, episodes) in enumerate(played.items()):
        _add_band(figure, episodes, colour(index))
        _add_mean(figure, name, episodes, {"color": colour(index), "width": 3})
    return figure.update_yaxes(rangemode="tozero", tickprefix="$", tickformat="~s")


def _so_far(episodes: Episodes) -> Array:
    return np.cumsum(episodes.revenue, axis=1)


def _rounds(episodes: Episodes) -> Array:
    return np.arange(1.0, episodes.game.rounds + 1)


def _add_mean(figure: go.Figure, name: str, episodes: Episodes, line: dict[str, object]) -> None:
    figure.add_scatter(
        x=_rounds(episodes),
        y=_so_far(episodes).mean(axis=0),
        mode="lines",
        name=short(name),
        line=line,
        hovertemplate="%{y:$,.4s}",
    )


def _add_band(figure: go.Figure, episodes: Episodes, hue: str) -> None:
    low, high = np.quantile(_so_far(episodes), _MIDDLE, axis=0)
    rounds = _rounds(episodes)
    figure.add_scatter(
        x=np.concatenate([rounds, rounds[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        mode="lines",
        line={"width": 0, "color": hue},
        opacity=0.25,
        showlegend=False,
        hoverinfo="skip",
    )


def giving(episodes: Episodes, most: float | None = None) -> go.Figure:
    """Return a heat map of who gave to whom: mean useful, honest units an episode.

    Args:
        episodes: the episodes.
        most: the amount at the top of the colour scale; by default the largest shown.
    """
    names = agent_names(episodes)
    mean = episodes.given.mean(axis=0)
    np.fill_diagonal(mean, np.nan)
    units = plain(episodes.game.words.units)
    figure = blank("Receiver", "Giver")
    figure.add_heatmap(
        z=mean,
        x=names,
        y=names,
        zmin=0,
        zmax=most,
        colorscale=SCALE,
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate=f"%{{y}} gave %{{x}}<br>%{{z:.2f}} {units} an episode<extra></extra>",
        colorbar={"title": {"text": f"{units} an episode", "side": "right"}, "thickness": 12},
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure.update_xaxes(tickangle=-90, showgrid=False).update_layout(height=420)


def agent_names(episodes: Episodes) -> list[str]:
    """Return the agents' numbers, from 1, with their names where the group is mixed."""
    members = [getattr(m, "name", type(m).__name__) for m in episodes.population.members]
    mixed = len(set(members)) > 1
    return [
        f"{i} {short(m, 16)}" if mixed else f"agent {i}" for i, m in enumerate(members, start=1)
    ]
