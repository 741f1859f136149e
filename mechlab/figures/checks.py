"""What a mechanism makes of a population in which givers and withholders multiply as they earn."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from mechlab.checks.dynamics import growth
from mechlab.figures.style import NEUTRAL, blank, colour, short
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism

_DASHES = ("solid", "dash", "dashdot")
_STEP = 20  # every so many shares are drawn: the curves are polynomials


def replicator(mechanisms: Mapping[str, Mechanism], game: Game) -> go.Figure:
    """Return what a giver earns more than a withholder, by the share of givers.

    Giving spreads where a curve is above zero.

    Args:
        mechanisms: by the names of the legend.
        game: what they play.

    >>> from mechlab.games.base import make_game
    >>> from mechanisms import NoMechanism, SharingBonus
    >>> rules = {"none": NoMechanism(), "bonus": SharingBonus(rate=0.7)}
    >>> figure = replicator(rules, make_game("public_goods", {"rounds": 1}))
    >>> [round(float(line.y[0]), 6) for line in figure.data]  # 20 tokens at -0.6 and 0.1
    [-12.0, 2.0]
    """
    figure = blank("Share of givers in the population", "A giver earns more by ($ an episode)")
    for index, (name, mechanism) in enumerate(mechanisms.items()):
        share, mean, _ = growth(mechanism, game)
        figure.add_scatter(
            x=share[::_STEP],
            y=mean[::_STEP],
            mode="lines",
            name=short(name),
            line={"color": colour(index), "width": 3, "dash": _DASHES[index % len(_DASHES)]},
            hovertemplate="%{x:.0%} givers: %{y:,.2f}<extra></extra>",
        )
    figure.add_hline(y=0.0, line={"color": NEUTRAL, "dash": "dot"})
    return figure.update_xaxes(tickformat=".0%")
