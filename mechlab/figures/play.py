"""What went on in episodes: revenue round by round, and who gave to whom."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from mechlab.figures.style import NEUTRAL, blank, colour, plain, short
from mechlab.flows import Array
from mechlab.simulate import Episodes

_DASHES = ("dash", "dot", "dashdot")
_MIDDLE = (0.1, 0.9)  # the band: the middle 80% of the episodes


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
    figure = blank("Round", "Group revenue so far ($)", hovermode="x unified")
    for (name, episodes), dash in zip(references.items(), _DASHES, strict=False):
        line = dict(color=NEUTRAL, dash=dash, width=2)
        figure.add_scatter(y=_so_far(episodes).mean(axis=0), x=_rounds(episodes), name=plain(name), line=line)
    for index, (name, episodes) in enumerate(played.items()):
        _add_band(figure, episodes, colour(index))
        figure.add_scatter(
            x=_rounds(episodes), y=_so_far(episodes).mean(axis=0), name=short(name),
            line=dict(color=colour(index), width=3),
        )
    figure.update_traces(mode="lines", hovertemplate="%{y:$,.4s}")
    return figure.update_yaxes(rangemode="tozero", tickprefix="$")


def _so_far(episodes: Episodes) -> Array:
    return np.cumsum(episodes.revenue, axis=1)


def _rounds(episodes: Episodes) -> Array:
    return np.arange(1, episodes.game.rounds + 1)


def _add_band(figure: go.Figure, episodes: Episodes, hue: str) -> None:
    low, high = np.quantile(_so_far(episodes), _MIDDLE, axis=0)
    rounds = _rounds(episodes)
    figure.add_scatter(
        x=np.concatenate([rounds, rounds[::-1]]), y=np.concatenate([high, low[::-1]]), fill="toself",
        line=dict(width=0, color=hue), opacity=0.25, showlegend=False, hoverinfo="skip",
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
    units = episodes.game.words.units
    figure = blank("Receiver", "Giver", yaxis_autorange="reversed")
    figure.add_heatmap(
        z=mean, x=names, y=names, zmin=0, zmax=most, xgap=1, ygap=1, hoverongaps=False,
        hovertemplate=f"%{{y}} gave %{{x}}<br>%{{z:.2f}} {units} an episode<extra></extra>",
        colorbar=dict(title=dict(text="an episode", side="right"), thickness=12),
    )
    return figure.update_layout(height=420).update_xaxes(tickangle=-90)


def agent_names(episodes: Episodes) -> list[str]:
    """Return the agents' numbers, from 1, with their kinds where the group is mixed."""
    members = [getattr(m, "name", type(m).__name__) for m in episodes.population.members]
    mixed = len(set(members)) > 1
    return [f"{i} {short(m, 16)}" if mixed else f"agent {i}" for i, m in enumerate(members, start=1)]
