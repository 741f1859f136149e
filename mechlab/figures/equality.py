"""How evenly income falls on the agents, and what the mechanism moves between them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from mechlab.figures.play import agent_names
from mechlab.figures.style import NEUTRAL, blank, colour, short
from mechlab.flows import Array
from mechlab.simulate import Episodes

_DASHES = ("solid", "dash", "dashdot")


def lorenz(incomes: Mapping[str, Array]) -> go.Figure:
    """Return Lorenz curves: what share of the income the poorest share of agents have.

    Args:
        incomes: (B, N) income of each agent in each episode, by the names of the legend.

    >>> figure = lorenz({"even": np.ones((1, 4))})
    >>> figure.data[-1].y.tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    figure = blank("Share of agents, poorest first", "Share of income")
    equal = {"color": NEUTRAL, "dash": "dot"}
    figure.add_scatter(x=[0, 1], y=[0, 1], name="equal", line=equal, hoverinfo="skip", mode="lines")
    for index, (name, income) in enumerate(incomes.items()):
        shares = lorenz_shares(income)
        figure.add_scatter(
            x=np.linspace(0, 1, shares.shape[1]),
            y=_mean(shares),
            mode="lines",
            name=f"{short(name)}: Gini {mean_gini(income):.3f}",
            line={"color": colour(index), "width": 3, "dash": _DASHES[index % len(_DASHES)]},
            hovertemplate="poorest %{x:.0%}: %{y:.1%} of income<extra></extra>",
        )
    return figure.update_xaxes(tickformat=".0%").update_yaxes(tickformat=".0%")


def lorenz_shares(income: Array) -> Array:
    """Return (B, N + 1): the share of an episode's income that its 0, 1, ... N poorest agents have.

    An episode in which all together have nothing, or owe, has no shares: nan.

    >>> lorenz_shares(np.array([[3.0, 1.0]])).tolist()
    [[0.0, 0.25, 1.0]]
    """
    total = income.sum(axis=1, keepdims=True)
    held = np.pad(np.cumsum(np.sort(income, axis=1), axis=1), ((0, 0), (1, 0)))
    shares: Array = np.divide(held, total, out=np.full(held.shape, np.nan), where=total > 0)
    return shares


def mean_gini(income: Array) -> float:
    """Return the mean over episodes of the Gini coefficient of income, nan where never defined.

    It is one less twice the area under the Lorenz curve of N agents: 0 where all have the same,
    (N - 1) / N where one has everything.

    >>> mean_gini(np.array([[0.0, 0.0, 0.0, 8.0]]))
    0.75
    """
    shares = lorenz_shares(income)[:, 1:]
    agents = shares.shape[1]
    return float(_mean((agents + 1) / agents - 2.0 * shares.sum(axis=1) / agents))


def _mean(values: Array) -> Array:
    """Return the mean over the episodes in which the values are defined; nan where none is."""
    defined = values[~np.isnan(values.reshape(len(values), -1)).any(axis=1)]
    return np.asarray(defined.mean(axis=0) if len(defined) else np.full(values.shape[1:], np.nan))


def incomes(episodes: Episodes) -> go.Figure:
    """Return each agent's mean income of an episode: from the game, and from the mechanism.

    Bars below zero are fines and contributions, net of what is received.
    """
    figure = blank("Agent", "Mean income an episode", barmode="relative")
    parts = {"earned in the game": episodes.produced, "net payment": episodes.payments}
    for (name, amounts), hue, pattern in zip(
        parts.items(), (NEUTRAL, colour(0)), ("", "/"), strict=True
    ):
        figure.add_bar(
            x=agent_names(episodes),
            y=amounts.mean(axis=0),
            name=name,
            marker={"color": hue, "pattern_shape": pattern},
            hovertemplate="%{x}: %{y:$,.0f}<extra>%{fullData.name}</extra>",
        )
    return figure.update_yaxes(tickprefix="$", tickformat="~s")
