"""Figures of episodes: efficiency, revenue by round, who gave to whom, and who earned what."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from mechlab.figures._style import NEUTRAL, SCALE, add_band, add_bars, blank, colour, plain, short
from mechlab.simulation import Episodes
from mechlab.statistics import summarise

_DASHES = ("dash", "dot", "dashdot")
_MIDDLE = (0.1, 0.9)  # the band: the middle 80% of the episodes


def standing(played: Mapping[str, Episodes], target: float) -> go.Figure:
    """Return the efficiency of groups of episodes, from the top, beside the target.

    The target is relative to perfect play.

    >>> from mechlab.simulation import simulate
    >>> figure = standing({"silent": simulate(population="silent", episodes=2)}, 0.8)
    >>> figure.layout.shapes[0].x0
    0.8
    """
    figure = blank("Group revenue, % of perfect play", "")
    means = {name: summarise(episodes["efficiency"]) for name, episodes in played.items()}
    add_bars(
        figure,
        means,
        marker_color=[colour(0) if i < 2 else NEUTRAL for i in range(len(means))],
        marker_opacity=[1.0 if i == 0 else 0.55 for i in range(len(means))],
        text=[f" {one.mean:.1%}" for one in means.values()],
        textposition="outside",
        cliponaxis=False,
    )
    figure.add_vline(target, line_dash="dash", annotation_text="target", annotation_position="top")
    figure.update_xaxes(range=[0, 1.2 * max(one.mean for one in means.values())])
    return figure.update_layout(height=110 + 34 * len(means), margin_t=26, showlegend=False)


def revenue(played: Mapping[str, Episodes], references: Mapping[str, Episodes]) -> go.Figure:
    """Return cumulative group revenue by round: means, and bands of the middle 80% of episodes.

    The reference points, at the same settings and seeds, are grey lines.
    """
    figure = blank("Round", "Cumulative group revenue", hovermode="x unified")
    for (name, episodes), dash in zip(references.items(), _DASHES, strict=False):
        _add_mean(figure, name, episodes, {"color": NEUTRAL, "dash": dash, "width": 2})
    for index, (name, episodes) in enumerate(played.items()):
        low, high = np.quantile(np.cumsum(episodes.revenue, axis=1), _MIDDLE, axis=0)
        add_band(figure, _rounds(episodes), low, high, colour(index), 0.25)
        _add_mean(figure, name, episodes, {"color": colour(index), "width": 3})
    return figure.update_yaxes(rangemode="tozero", tickprefix="$", tickformat="~s")


def _rounds(episodes: Episodes) -> np.ndarray:
    return np.arange(1.0, episodes.game.rounds + 1)


def _add_mean(figure: go.Figure, name: str, episodes: Episodes, line: dict[str, object]) -> None:
    figure.add_scatter(
        x=_rounds(episodes),
        y=np.cumsum(episodes.revenue, axis=1).mean(axis=0),
        mode="lines",
        name=short(name),
        line=line,
        hovertemplate="%{y:$,.4s}",
    )


def giving(episodes: Episodes, most: float | None = None) -> go.Figure:
    """Return a heat map of who gave to whom: mean useful, honest units per episode.

    The colour scale ends at ``most``, by default the largest amount shown.
    """
    names = _agent_names(episodes)
    mean = episodes.given.mean(axis=0)
    np.fill_diagonal(mean, np.nan)
    units = plain(episodes.game.vocabulary.units)
    figure = blank("Receiver", "Giver", height=420)
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
        hovertemplate=f"%{{y}} gave %{{x}}<br>%{{z:.2f}} {units} per episode<extra></extra>",
        colorbar={"title": {"text": f"{units} per episode", "side": "right"}, "thickness": 12},
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure.update_xaxes(tickangle=-90, showgrid=False)


def _agent_names(episodes: Episodes) -> list[str]:
    """Return the agents' numbers from 1, with their names where the group is mixed."""
    members = [getattr(m, "name", type(m).__name__) for m in episodes.population.members]
    if len(set(members)) == 1:
        return [f"agent {i}" for i, _ in enumerate(members, start=1)]
    return [f"{i} {short(name, 16)}" for i, name in enumerate(members, start=1)]


def lorenz(incomes: Mapping[str, np.ndarray]) -> go.Figure:
    """Return Lorenz curves of (B, N) incomes: what share of them the poorest share of agents have.

    >>> figure = lorenz({"even": np.ones((1, 4))})
    >>> figure.data[-1].y.tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    figure = blank("Share of agents, poorest first", "Share of income")
    equal = {"color": NEUTRAL, "dash": "dot"}
    figure.add_scatter(x=[0, 1], y=[0, 1], name="equal", line=equal, hoverinfo="skip", mode="lines")
    for index, (name, income) in enumerate(incomes.items()):
        shares = lorenz_shares(income)
        dash = ("solid", "dash", "dashdot")[index % 3]
        figure.add_scatter(
            x=np.linspace(0, 1, shares.shape[1]),
            y=_mean(shares),
            mode="lines",
            name=f"{short(name)}: Gini {mean_gini(income):.3f}",
            line={"color": colour(index), "width": 3, "dash": dash},
            hovertemplate="poorest %{x:.0%}: %{y:.1%} of income<extra></extra>",
        )
    return figure.update_xaxes(tickformat=".0%").update_yaxes(tickformat=".0%")


def lorenz_shares(income: np.ndarray) -> np.ndarray:
    """Return (B, N + 1) shares of an episode's income that its 0, 1, ..., N poorest agents have.

    They are nan where the total income of an episode is zero or less.

    >>> lorenz_shares(np.array([[3.0, 1.0]])).tolist()
    [[0.0, 0.25, 1.0]]
    """
    total = income.sum(axis=1, keepdims=True)
    held = np.pad(np.cumsum(np.sort(income, axis=1), axis=1), ((0, 0), (1, 0)))
    shares: np.ndarray = np.divide(held, total, out=np.full(held.shape, np.nan), where=total > 0)
    return shares


def mean_gini(income: np.ndarray) -> float:
    """Return the mean over episodes of the Gini coefficient of income; nan where never defined.

    It is one minus twice the area under the Lorenz curve of N agents: 0 where all have the same,
    (N - 1) / N where one has everything.

    >>> mean_gini(np.array([[0.0, 0.0, 0.0, 8.0]]))
    0.75
    """
    shares = lorenz_shares(income)[:, 1:]
    agents = shares.shape[1]
    return float(_mean((agents + 1) / agents - 2.0 * shares.sum(axis=1) / agents))


def _mean(values: np.ndarray) -> np.ndarray:
    """Return the mean over the episodes in which the values are defined; nan where none is."""
    defined = values[~np.isnan(values.reshape(len(values), -1)).any(axis=1)]
    return np.asarray(defined.mean(axis=0) if len(defined) else np.full(values.shape[1:], np.nan))


def incomes(episodes: Episodes) -> go.Figure:
    """Return the mean income of each agent per episode, from the game and from the mechanism.

    Bars below zero are fines and contributions, net of what is received.
    """
    figure = blank("Agent", "Mean income per episode", barmode="relative")
    for name, amounts, hue, pattern in (
        ("earned in the game", episodes.produced, NEUTRAL, ""),
        ("net payment", episodes.payments, colour(0), "/"),
    ):
        figure.add_bar(
            x=_agent_names(episodes),
            y=amounts.mean(axis=0),
            name=name,
            marker={"color": hue, "pattern_shape": pattern},
            hovertemplate="%{x}: %{y:$,.0f}<extra>%{fullData.name}</extra>",
        )
    return figure.update_yaxes(tickprefix="$", tickformat="~s")
