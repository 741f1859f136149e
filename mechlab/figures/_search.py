"""Figures of a search: dose response, certificate, Pareto front, course of the trials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mechlab.figures._style import (
    NEUTRAL,
    add_band,
    blank,
    colour,
    efficiency_title,
    error_bars,
    level,
    short,
    short_names,
    size_title,
    symbol,
    unit_of,
    whole,
)
from mechlab.search.results import Answer, SearchResult

# colour and marker of each verdict, for readers who see no colours
_VERDICTS = {
    "sufficient": ("#009E73", "triangle-up"),
    "insufficient": ("#D55E00", "triangle-down"),
    "undecided": (NEUTRAL, "circle"),
    "measured": (NEUTRAL, "star"),
}


def dose_response(result: SearchResult, answer: Answer) -> go.Figure:
    """Return efficiency by dose of one candidate: trials, fitted curve, held-out episodes.

    The dose is the value of the candidate's free parameter, or the study's measure of size where
    the candidate has several parameters.
    """
    parameter, name = dose_of(result, answer), answer.candidate
    column, title = "size", size_title(result)
    if parameter != "size":
        column = f"{name}.{parameter}"
        title = ", ".join(filter(None, (parameter, unit_of(answer.mechanism, parameter))))
    figure = blank(short(title, 60), efficiency_title(result))
    hue = colour(result.answers.index(answer))
    _add_trials(
        figure,
        rows_of(result.trials, name),
        (column, "attainment", "number", "episodes"),
        name="trials",
        marker={"color": hue, "size": 6, "opacity": 0.5},
        hovertemplate="trial %{customdata[0]}, %{customdata[1]} episodes"
        "<br>%{x:,.4~g}: %{y:.1%}<extra></extra>",
    )
    if name in result.curves and parameter != "size":
        _add_curve(figure, result.curves[name], hue)
    _add_evidence(figure, rows_of(result.evidence, name), column)
    level(figure, result.study.target.efficiency, "target")
    if parameter in ("size", result.study.minimise):
        _add_interval(figure, answer)
    return figure.update_yaxes(tickformat=".0%", rangemode="tozero")


def dose_of(result: SearchResult, answer: Answer) -> str:
    """Return the candidate's free parameter, or ``size`` where it has none or several."""
    tried = rows_of(result.trials, answer.candidate).dropna(axis="columns", how="all")
    free = tried.filter(regex=rf"^{re.escape(answer.candidate)}\.")
    if free.shape[1] == free.select_dtypes("number").shape[1] == 1:
        return str(free.columns[0]).removeprefix(f"{answer.candidate}.")
    return "size"


def rows_of(table: pd.DataFrame, candidate: str) -> pd.DataFrame:
    """Return the rows of a table that belong to a candidate and have an attainment."""
    return table[(table["candidate"] == candidate) & table["attainment"].notna()]


def _add_trials(
    figure: go.Figure, trials: pd.DataFrame, columns: tuple[str, ...], **look: Any
) -> None:
    """Mark trials: columns of x, y, and what hovering shows, the number first.

    By the number and the meta, the page's script finds the row of a trial that is clicked. Single
    precision halves a page of ten thousand trials.
    """
    x, y, *shown = columns
    light = (trials[some].to_numpy(np.float32) for some in (x, y, shown))
    data = dict(zip(("x", "y", "customdata"), light, strict=True))
    figure.add_scatter(**data, meta="trials", mode="markers", **look)


def _add_curve(figure: go.Figure, curve: pd.DataFrame, hue: str) -> None:
    x, mean, low, high = (curve[name].to_numpy() for name in ("dose", "mean", "lower", "upper"))
    add_band(figure, x, low, high, hue, 0.2)
    figure.add_scatter(
        x=x,
        y=mean,
        mode="lines",
        name="fitted curve",
        line={"color": hue, "width": 3},
        hovertemplate="%{x:,.4~g}: %{y:.1%}<extra>fitted</extra>",
    )


def _judged(rows: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, dict[str, Any], dict[str, Any]]]:
    """Yield for each verdict its rows, the look of their marks, and their bounds as error bars."""
    for verdict, (hue, mark) in _VERDICTS.items():
        some = rows[rows["verdict"] == verdict]
        edge = {"width": 1, "color": "white"}
        marker = {"color": hue, "symbol": mark, "size": 12, "line": edge}
        data = some[["episodes", "lower", "upper"]]
        look = {"mode": "markers", "name": verdict, "marker": marker, "customdata": data}
        above, below = some["upper"] - some["attainment"], some["attainment"] - some["lower"]
        bounds = {"type": "data", "symmetric": False, "array": above, "arrayminus": below}
        yield some, look, {**bounds, "thickness": 1.5}


def _add_evidence(figure: go.Figure, evidence: pd.DataFrame, dose: str) -> None:
    for rows, look, bounds in _judged(evidence):
        if len(rows):
            figure.add_scatter(
                x=rows[dose],
                y=rows["attainment"],
                error_y=bounds,
                hovertemplate="%{customdata[0]} held-out episodes<br>%{x:,.4~g}: %{y:.1%} "
                "(%{customdata[1]:.1%} to %{customdata[2]:.1%})<extra>%{fullData.name}</extra>",
                **look,
            )


def _add_interval(figure: go.Figure, answer: Answer) -> None:
    ends = zip(("lower", "upper"), answer.interval, ("left", "right"), strict=True)
    for name, value, side in ends:
        if np.isfinite(value):
            figure.add_vline(
                value, line_dash="dot", annotation_text=name, annotation_position=f"bottom {side}"
            )


def certificate(result: SearchResult) -> go.Figure:
    """Return the doses played on held-out episodes: mean, bounds and verdict, one row each."""
    judged = result.evidence["attainment"].notna() & (result.evidence["purpose"] != "effect")
    rows = result.evidence[judged].reset_index(drop=True)
    names = [
        f"{i}. {short(name, 18)} {size:{',.0f' if size >= 1000 else '.4g'}}"
        for i, (name, size) in enumerate(zip(rows["candidate"], rows["size"], strict=True), start=1)
    ]
    figure = blank(efficiency_title(result), "")
    for some, look, bounds in _judged(rows):
        figure.add_scatter(
            x=some["attainment"],
            y=[names[i] for i in some.index],
            error_x=bounds,
            text=[whole(name) for name in some["candidate"]],
            hovertemplate="%{text}<br>%{x:.1%} (%{customdata[1]:.1%} to %{customdata[2]:.1%})"
            "<br>%{customdata[0]} held-out episodes<extra>%{fullData.name}</extra>",
            **look,
        )
    figure.add_vline(result.study.target.efficiency, line_dash="dash", annotation_text="target")
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    return figure.update_xaxes(tickformat=".1%").update_layout(height=130 + 30 * len(rows))


def pareto_front(result: SearchResult) -> go.Figure:
    """Return efficiency against spend of all trials, with their Pareto front and the answers.

    The front joins noisy means of few episodes, so it is biased towards the lucky ones; the answers
    come from held-out episodes, with 95% intervals, and are not.
    """
    figure = blank("Spend, dollars per episode", efficiency_title(result))
    names = _names(result)
    for index, (name, shown) in enumerate(names.items()):
        _add_trials(
            figure,
            result.trials[result.trials["candidate"] == name],
            ("spend", "attainment", "number", "episodes"),
            name=shown,
            marker={"color": colour(index), "symbol": symbol(index), "size": 6, "opacity": 0.4},
            hovertemplate="trial %{customdata[0]}, %{customdata[1]} episodes"
            "<br>%{x:$,.4~s}: %{y:.1%}<extra>%{fullData.name}</extra>",
        )
    best = undominated_trials(result.trials)
    figure.add_scatter(
        x=best["spend"],
        y=best["attainment"],
        mode="lines",
        name="Pareto front of trials",
        line={"color": NEUTRAL, "shape": "hv", "width": 1.5},
        hoverinfo="skip",
    )
    for answer in result.answers:
        if answer.attainment.n > 1:
            _add_answer(figure, answer, colour(list(names).index(answer.candidate)))
    level(figure, result.study.target.efficiency, "target")
    return figure.update_xaxes(tickprefix="$", tickformat="~s").update_yaxes(tickformat=".0%")


def _names(result: SearchResult) -> dict[str, str]:
    """Return candidates and their short names: those of the answers in order, then those tried."""
    answered = (answer.candidate for answer in result.answers)
    names = list(dict.fromkeys([*answered, *result.trials["candidate"].dropna()]))
    return dict(zip(names, short_names(names), strict=True))


def _add_answer(figure: go.Figure, answer: Answer, hue: str) -> None:
    """Mark an answer with the 95% intervals of efficiency and of spend."""
    edge = {"width": 1.5, "color": "white"}
    figure.add_scatter(
        x=[answer.spend.mean],
        y=[answer.attainment.mean],
        error_x=error_bars([answer.spend]),
        error_y=error_bars([answer.attainment]),
        text=[f"{short(answer.mechanism, 60)}: {answer.status.replace('_', ' ')}"],
        mode="markers",
        showlegend=False,
        marker={"color": hue, "symbol": "star", "size": 16, "line": edge},
        hovertemplate="%{text}<br>%{x:$,.4~s}: %{y:.1%}<extra>held-out episodes</extra>",
    )


def undominated_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the Pareto-optimal trials: no other was both cheaper and better; by spend.

    >>> trials = pd.DataFrame({"spend": [3.0, 1.0, 2.0], "attainment": [0.5, 0.4, 0.3]})
    >>> undominated_trials(trials)["spend"].tolist()
    [1.0, 3.0]
    """
    known = trials.dropna(subset=["spend", "attainment"])
    ordered = known.sort_values(["spend", "attainment"], ascending=[True, False])
    best = ordered["attainment"].cummax()
    return ordered[best > best.shift(fill_value=-np.inf)]


def course(result: SearchResult) -> go.Figure:
    """Return the size of each trial in order: filled if its mean met the target, else open."""
    figure = blank("Trial, in order", size_title(result))
    start, target = result.trials["started"].min(), result.study.target.efficiency
    for index, (name, shown) in enumerate(_names(result).items()):
        rows = rows_of(result.trials, name)
        marks = [symbol(index, hollow=not met) for met in rows["attainment"] >= target]
        _add_trials(
            figure,
            rows.assign(seconds=(rows["started"] - start).dt.total_seconds()),
            ("number", "size", "number", "episodes", "attainment", "seconds"),
            name=shown,
            marker={"color": colour(index), "size": 7, "symbol": marks},
            hovertemplate="trial %{x}, %{customdata[3]:.1f} s after the start<br>size %{y:,.4~g}: "
            "%{customdata[2]:.1%} in %{customdata[1]} episodes<extra>%{fullData.name}</extra>",
        )
    return figure
