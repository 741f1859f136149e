"""What a search tried: efficiency against spend with the frontier, and its course."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mechlab.figures.axes import efficiency_title, size_title
from mechlab.figures.dose import TRIALS, light, rows_of
from mechlab.figures.style import NEUTRAL, blank, colour, level, short, symbol
from mechlab.result import Answer, SearchResult


def frontier(*results: SearchResult) -> go.Figure:
    """Return efficiency against spend for all that was tried, with the frontier and the answers.

    The frontier runs through noisy means of few episodes, so it flatters; the answers, each from
    fresh episodes with its 95% intervals, do not.
    """
    figure = blank("Spend, dollars an episode", efficiency_title(results[0]))
    trials = pd.concat([result.trials for result in results])
    names = _names(results)
    for index, name in enumerate(names):
        rows = trials[trials["candidate"] == name]
        figure.add_scatter(
            x=light(rows["spend"]),
            y=light(rows["efficiency"]),
            customdata=light(rows[["number", "episodes"]]),
            meta=TRIALS,
            mode="markers",
            name=short(name),
            marker={"color": colour(index), "symbol": symbol(index), "size": 6, "opacity": 0.4},
            hovertemplate="trial %{customdata[0]}, %{customdata[1]} episodes"
            "<br>%{x:$,.4~s}: %{y:.1%}<extra>%{fullData.name}</extra>",
        )
    best = efficient(trials)
    line = {"color": NEUTRAL, "shape": "hv", "width": 1.5}
    figure.add_scatter(
        x=best["spend"],
        y=best["efficiency"],
        mode="lines",
        name="frontier of trials",
        line=line,
        hoverinfo="skip",
    )
    for index, name in enumerate(names):
        _add_answers(
            figure, [a for r in results for a in r.answers if a.candidate == name], colour(index)
        )
    level(figure, results[0].study.target.efficiency, "target")
    return figure.update_xaxes(tickprefix="$", tickformat="~s").update_yaxes(tickformat=".0%")


def _names(results: Sequence[SearchResult]) -> list[str]:
    """Return the candidates in order of their answers, then those that were only tried."""
    answered = (a.candidate for result in results for a in result.answers)
    tried = (name for result in results for name in result.trials["candidate"].dropna().unique())
    return list(dict.fromkeys([*answered, *tried]))


def _add_answers(figure: go.Figure, answers: list[Answer], hue: str) -> None:
    """Mark answers with the 95% intervals of efficiency and of spend."""
    known = [a for a in answers if a.reached.n > 1]
    if not known:
        return
    figure.add_scatter(
        x=[a.spend.mean for a in known],
        y=[a.reached.mean for a in known],
        error_x={"array": [a.spend.ci95[1] - a.spend.mean for a in known], "thickness": 1.5},
        error_y={"array": [a.reached.ci95[1] - a.reached.mean for a in known], "thickness": 1.5},
        text=[f"{short(a.mechanism, 60)}: {a.status.replace('_', ' ')}" for a in known],
        mode="markers",
        showlegend=False,
        marker={
            "color": hue,
            "symbol": "star",
            "size": 16,
            "line": {"width": 1.5, "color": "white"},
        },
        hovertemplate="%{text}<br>%{x:$,.4~s}: %{y:.1%}<extra>fresh episodes</extra>",
    )


def efficient(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the trials than which none was both cheaper and better, in order of spend.

    >>> tried = pd.DataFrame({"spend": [3.0, 1.0, 2.0], "efficiency": [0.5, 0.4, 0.3]})
    >>> efficient(tried)["spend"].tolist()
    [1.0, 3.0]
    """
    known = trials.dropna(subset=["spend", "efficiency"])
    ordered = known.sort_values(["spend", "efficiency"], ascending=[True, False])
    best = ordered["efficiency"].cummax()
    return ordered[best > best.shift(fill_value=-np.inf)]


def course(result: SearchResult) -> go.Figure:
    """Return the size of each trial in order; filled where its mean met the target, else open."""
    figure = blank("Trial, in order", size_title(result))
    start, target = result.trials["started"].min(), result.study.target.efficiency
    for index, name in enumerate(_names([result])):
        rows = rows_of(result.trials, name)
        seconds = (rows["started"] - start).dt.total_seconds()
        met = rows["efficiency"] >= target
        figure.add_scatter(
            x=light(rows["number"]),
            y=light(rows["size"]),
            customdata=light(rows[["number", "episodes", "efficiency"]].assign(at=seconds)),
            meta=TRIALS,
            mode="markers",
            name=short(name),
            marker={
                "color": colour(index),
                "size": 7,
                "symbol": np.where(met, symbol(index), f"{symbol(index)}-open").tolist(),
            },
            hovertemplate="trial %{x}, %{customdata[3]:.1f} s after the start<br>size %{y:,.4~g}: "
            "%{customdata[2]:.1%} in %{customdata[1]} episodes<extra>%{fullData.name}</extra>",
        )
    return figure
