"""How evenly income falls on the agents, and what the mechanism moves between them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from mechlab.figures.play import agent_names
from mechlab.figures.style import NEUTRAL, blank, colour, short
from mechlab.flows import Array
from mechlab.simulate import Episodes


def lorenz(incomes: Mapping[str, Array]) -> go.Figure:
    """Return Lorenz curves: what share of the income the poorest share of agents have.

    Args:
        incomes: (B, N) income of each agent in each episode, by the names of the legend.

    >>> figure = lorenz({"even": np.ones((1, 4))})
    >>> figure.data[-1].y.tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    figure = blank("Share of agents, poorest first", "Share of income")
    figure.add_scatter(
        x=[0, 1], y=[0, 1], name="equal", line=dict(color=NEUTRAL, dash="dot"), hoverinfo="skip"
    )
    for index, (name, income) in enumerate(incomes.items()):
        shares = lorenz_shares(income).mean(axis=0)
        figure.add_scatter(
            x=np.linspace(0, 1, len(shares)), y=shares, name=f"{short(name)}: Gini {mean_gini(income):.3f}",
            line=dict(color=colour(index), width=3, dash=("solid", "dash", "dashdot")[index % 3]),
            hovertemplate="poorest %{x:.0%}: %{y:.1%} of income<extra></extra>",
        )
    figure.update_traces(mode="lines")
    return figure.update_xaxes(tickformat=".0%").update_yaxes(tickformat=".0%")


def lorenz_shares(income: Array) -> Array:
    """Return (B, N + 1): the share of an episode's income that its 0, 1, ... N poorest agents have.

    An episode in which nobody has anything, or all together owe, has no shares: nan.
    """
    total = income.sum(axis=1, keepdims=True)
    shares = np.cumsum(np.sort(income, axis=1), axis=1) / np.where(total > 0, total, np.nan)
    return np.concatenate([0.0 * total + shares[:, :1] * 0.0, shares], axis=1)


def mean_gini(income: Array) -> float:
    """Return the mean over episodes of the Gini coefficient of income, nan where never defined.

    It is one less twice the area under the Lorenz curve of N agents: 0 where all have the same,
    (N - 1) / N where one has everything.

    >>> mean_gini(np.array([[0.0, 0.0, 0.0, 8.0]]))
    0.75
    """
    shares = lorenz_shares(income)[:, 1:]
    agents = shares.shape[1]
    gini = (agents + 1) / agents - 2.0 * shares.sum(axis=1) / agents
    defined = gini[~np.isnan(gini)]
    return float(defined.mean()) if len(defined) else float("nan")


def payments(episodes: Episodes) -> go.Figure:
    """Return what the mechanism paid each agent, net of fines and of what it paid in, an episode."""
    paid = episodes.payments.mean(axis=0)
    figure = blank("Agent", "Net payment an episode ($)")
    figure.add_bar(
        x=agent_names(episodes), y=paid,
        marker=dict(color=np.where(paid >= 0, colour(0), colour(1)).tolist()),
        hovertemplate="%{x}: %{y:$,.0f}<extra></extra>",
    )
    return figure.update_yaxes(tickprefix="$", tickformat="~s")
