"""Figures of a search: dose response, certificate, Pareto front, course of the trials."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mechlab.figures._style import (
    NEUTRAL,
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

_TRIALS = "trials"  # meta of traces of trials, whose customdata begins with the trial's number
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
    parameter = dose_of(result, answer)
    column = parameter if parameter == "size" else f"{answer.candidate}.{parameter}"
    figure = blank(short(_dose_title(result, answer, parameter), 60), efficiency_title(result))
    hue = colour(result.answers.index(answer))
    _add_trials(figure, rows_of(result.trials, answer.candidate), column, hue)
    if answer.candidate in result.curves and parameter != "size":
        _add_curve(figure, result.curves[answer.candidate], hue)
    _add_evidence(figure, rows_of(result.evidence, answer.candidate), column)
    level(figure, result.study.target.efficiency, "target")
    if parameter in ("size", result.study.minimise):
        _add_interval(figure, answer)
    return figure.update_yaxes(tickformat=".0%", rangemode="tozero")


def dose_of(result: SearchResult, answer: Answer) -> str:
    """Return the candidate's free parameter, or ``size`` where it has none or several."""
    tried = rows_of(result.trials, answer.candidate).dropna(axis="columns", how="all")
    start = f"{answer.candidate}."
    free = [name for name in map(str, tried) if name.startswith(start)]
    numeric = [name for name in free if pd.api.types.is_numeric_dtype(tried[name])]
    return numeric[0].removeprefix(start) if len(free) == len(numeric) == 1 else "size"


def _dose_title(result: SearchResult, answer: Answer, parameter: str) -> str:
    unit = unit_of(answer.mechanism, parameter)
    return (
        size_title(result) if parameter == "size" else f"{parameter}, {unit}" if unit else parameter
    )


def rows_of(table: pd.DataFrame, candidate: str) -> pd.DataFrame:
    """Return the rows of a table that belong to a candidate and have an attainment."""
    return table[(table["candidate"] == candidate) & table["attainment"].notna()]


def _add_trials(figure: go.Figure, trials: pd.DataFrame, dose: str, hue: str) -> None:
    figure.add_scatter(
        x=light(trials[dose]),
        y=light(trials["attainment"]),
        customdata=light(trials[["number", "episodes"]]),
        meta=_TRIALS,
        mode="markers",
        name="trials",
        marker={"color": hue, "size": 6, "opacity": 0.5},
        hovertemplate="trial %{customdata[0]}, %{customdata[1]} episodes"
        "<br>%{x:,.4~g}: %{y:.1%}<extra></extra>",
    )


def light(values: pd.Series[float] | pd.DataFrame) -> np.ndarray:
    """Return values in single precision, which halves a page of ten thousand trials."""
    return values.to_numpy(np.float32)


def _add_curve(figure: go.Figure, curve: pd.DataFrame, hue: str) -> None:
    line = {"color": hue, "width": 3}
    figure.add_scatter(
        x=np.concatenate([curve["dose"], curve["dose"][::-1]]),
        y=np.concatenate([curve["upper"], curve["lower"][::-1]]),
        fill="toself",
        opacity=0.2,
        line={"width": 0, "color": hue},
        hoverinfo="skip",
        showlegend=False,
    )
    hover = "%{x:,.4~g}: %{y:.1%}<extra>fitted</extra>"
    figure.add_scatter(
        x=curve["dose"],
        y=curve["mean"],
        mode="lines",
        name="fitted curve",
        line=line,
        hovertemplate=hover,
    )


def _add_evidence(figure: go.Figure, evidence: pd.DataFrame, dose: str) -> None:
    for verdict, (hue, mark) in _VERDICTS.items():
        rows = evidence[evidence["verdict"] == verdict]
        if rows.empty:
            continue
        figure.add_scatter(
            x=rows[dose],
            y=rows["attainment"],
            error_y=_around(rows),
            customdata=rows[["episodes", "lower", "upper"]],
            mode="markers",
            name=verdict,
            marker={
                "color": hue,
                "symbol": mark,
                "size": 12,
                "line": {"width": 1, "color": "white"},
            },
            hovertemplate="%{customdata[0]} held-out episodes<br>%{x:,.4~g}: %{y:.1%} "
            f"(%{{customdata[1]:.1%}} to %{{customdata[2]:.1%}})<extra>{verdict}</extra>",
        )


def _around(rows: pd.DataFrame) -> dict[str, object]:
    above, below = rows["upper"] - rows["attainment"], rows["attainment"] - rows["lower"]
    return {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "thickness": 1.5,
    }


def _add_interval(figure: go.Figure, answer: Answer) -> None:
    for name, value, side in zip(
        ("lower", "upper"), answer.interval, ("left", "right"), strict=True
    ):
        if np.isfinite(value):
            figure.add_vline(
                value, line_dash="dot", annotation_text=name, annotation_position=f"bottom {side}"
            )


def _sized(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def certificate(result: SearchResult) -> go.Figure:
    """Return the doses played on held-out episodes: mean, bounds and verdict, one row each."""
    rows = result.evidence[result.evidence["attainment"].notna()].reset_index(drop=True)
    names = [
        f"{i}. {short(name, 18)} {_sized(size)}"
        for i, (name, size) in enumerate(zip(rows["candidate"], rows["size"], strict=True), start=1)
    ]
    figure = blank(efficiency_title(result), "")
    for verdict, (hue, mark) in _VERDICTS.items():
        some = rows[rows["verdict"] == verdict]
        figure.add_scatter(
            x=some["attainment"],
            y=[names[i] for i in some.index],
            error_x=_around(some),
            customdata=some[["episodes", "lower", "upper"]],
            text=[whole(name) for name in some["candidate"]],
            mode="markers",
            name=verdict,
            marker={"color": hue, "symbol": mark, "size": 11},
            hovertemplate="%{text}<br>%{x:.1%} (%{customdata[1]:.1%} to %{customdata[2]:.1%})"
            f"<br>%{{customdata[0]}} held-out episodes<extra>{verdict}</extra>",
        )
    figure.add_vline(result.study.target.efficiency, line_dash="dash", annotation_text="target")
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    return figure.update_xaxes(tickformat=".1%").update_layout(height=130 + 30 * len(rows))


def pareto_front(*results: SearchResult) -> go.Figure:
    """Return efficiency against spend of all trials, with their Pareto front and the answers.

    The front joins noisy means of few episodes, so it is biased towards the lucky ones; the answers
    come from held-out episodes, with 95% intervals, and are not.
    """
    figure = blank("Spend, dollars per episode", efficiency_title(results[0]))
    trials = pd.concat([result.trials for result in results])
    names = _names(results)
    for index, (name, shown) in enumerate(zip(names, short_names(names), strict=True)):
        rows = trials[trials["candidate"] == name]
        figure.add_scatter(
            x=light(rows["spend"]),
            y=light(rows["attainment"]),
            customdata=light(rows[["number", "episodes"]]),
            meta=_TRIALS,
            mode="markers",
            name=shown,
            marker={"color": colour(index), "symbol": symbol(index), "size": 6, "opacity": 0.4},
            hovertemplate="trial %{customdata[0]}, %{customdata[1]} episodes"
            "<br>%{x:$,.4~s}: %{y:.1%}<extra>%{fullData.name}</extra>",
        )
    best = undominated_trials(trials)
    line = {"color": NEUTRAL, "shape": "hv", "width": 1.5}
    figure.add_scatter(
        x=best["spend"],
        y=best["attainment"],
        mode="lines",
        name="Pareto front of trials",
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
    known = [a for a in answers if a.attainment.n > 1]
    if not known:
        return
    figure.add_scatter(
        x=[a.spend.mean for a in known],
        y=[a.attainment.mean for a in known],
        error_x=error_bars(a.spend for a in known),
        error_y=error_bars(a.attainment for a in known),
        text=[f"{short(a.mechanism, 60)}: {a.status.replace('_', ' ')}" for a in known],
        mode="markers",
        showlegend=False,
        marker={
            "color": hue,
            "symbol": "star",
            "size": 16,
            "line": {"width": 1.5, "color": "white"},
        },
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
    names = _names([result])
    for index, (name, shown) in enumerate(zip(names, short_names(names), strict=True)):
        rows = rows_of(result.trials, name)
        seconds = (rows["started"] - start).dt.total_seconds()
        met = rows["attainment"] >= target
        figure.add_scatter(
            x=light(rows["number"]),
            y=light(rows["size"]),
            customdata=light(rows[["number", "episodes", "attainment"]].assign(at=seconds)),
            meta=_TRIALS,
            mode="markers",
            name=shown,
            marker={
                "color": colour(index),
                "size": 7,
                "symbol": np.where(met, symbol(index), symbol(index, hollow=True)).tolist(),
            },
            hovertemplate="trial %{x}, %{customdata[3]:.1f} s after the start<br>size %{y:,.4~g}: "
            "%{customdata[2]:.1%} in %{customdata[1]} episodes<extra>%{fullData.name}</extra>",
        )
    return figure
