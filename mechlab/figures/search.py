"""What a search tried and found: dose response, certificate, efficiency against spend, its course."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mechlab.figures.axes import efficiency_title, size_title, unit_of
from mechlab.figures.style import NEUTRAL, blank, colour, level, short, symbol
from mechlab.result import Answer, SearchResult

VERDICTS = {"sufficient": ("#009E73", "triangle-up"), "insufficient": ("#D55E00", "triangle-down"),
            "undecided": (NEUTRAL, "circle")}


def dose_response(result: SearchResult, answer: Answer) -> go.Figure:
    """Return efficiency against the dose of one candidate: trials, fitted curve, certificate, target.

    A dose is the value of the candidate's free parameter; of a candidate with several it is the
    study's measure of size.
    """
    parameter = dose_of(result, answer)
    unit = unit_of(answer.mechanism, parameter)
    title = f"{parameter} ({unit})" if unit else size_title(result) if parameter == "size" else parameter
    figure = blank(short(title, 60), efficiency_title(result))
    hue = colour(result.answers.index(answer))
    _add_trials(figure, rows_of(result.trials, answer), _column(answer, parameter), hue)
    if answer.candidate in result.curves:
        _add_curve(figure, result.curves[answer.candidate], hue)
    _add_evidence(figure, rows_of(result.evidence, answer), _column(answer, parameter))
    level(figure, result.study.target.efficiency, "target")
    _add_interval(figure, result, answer, parameter)
    return figure.update_yaxes(tickformat=".0%", rangemode="tozero")


def dose_of(result: SearchResult, answer: Answer) -> str:
    """Return the candidate's free parameter, or ``size`` where it has none or several."""
    free = [name for name in result.trials if str(name).startswith(f"{answer.candidate}.")]
    used = [name for name in free if rows_of(result.trials, answer)[name].notna().any()]
    return str(used[0]).removeprefix(f"{answer.candidate}.") if len(used) == 1 else "size"


def _column(answer: Answer, parameter: str) -> str:
    return parameter if parameter == "size" else f"{answer.candidate}.{parameter}"


def rows_of(table: pd.DataFrame, answer: Answer) -> pd.DataFrame:
    """Return the rows of a table of the result that belong to an answer."""
    return table[table["candidate"] == answer.candidate]


def _add_trials(figure: go.Figure, trials: pd.DataFrame, dose: str, hue: str) -> None:
    figure.add_scatter(
        x=trials[dose], y=trials["efficiency"], mode="markers", name="trials",
        customdata=trials[["number", "episodes"]], marker=dict(color=hue, size=6, opacity=0.35),
        hovertemplate="trial %{customdata[0]}, %{customdata[1]} episodes"
        "<br>%{x:,.4~g}: %{y:.1%}<extra></extra>",
    )


def _add_curve(figure: go.Figure, curve: pd.DataFrame, hue: str) -> None:
    around = np.concatenate([curve["hi"], curve["lo"][::-1]])
    figure.add_scatter(
        x=np.concatenate([curve["dose"], curve["dose"][::-1]]), y=around, fill="toself", opacity=0.2,
        line=dict(width=0, color=hue), hoverinfo="skip", showlegend=False,
    )
    figure.add_scatter(
        x=curve["dose"], y=curve["mean"], mode="lines", name="fitted curve",
        line=dict(color=hue, width=3), hovertemplate="%{x:,.4~g}: %{y:.1%}<extra>fitted</extra>",
    )


def _add_evidence(figure: go.Figure, evidence: pd.DataFrame, dose: str) -> None:
    for verdict, (hue, mark) in VERDICTS.items():
        rows = evidence[evidence["verdict"] == verdict]
        if rows.empty:
            continue
        figure.add_scatter(
            x=rows[dose], y=rows["efficiency"], mode="markers", name=verdict,
            error_y=_around(rows), marker=dict(color=hue, symbol=mark, size=12, line=dict(width=1)),
            customdata=rows[["episodes", "lo", "hi"]],
            hovertemplate="certifier, %{customdata[0]} fresh episodes<br>%{x:,.4~g}: %{y:.1%} "
            f"(%{{customdata[1]:.1%}} to %{{customdata[2]:.1%}})<extra>{verdict}</extra>",
        )


def _around(rows: pd.DataFrame) -> dict[str, object]:
    above, below = rows["hi"] - rows["efficiency"], rows["efficiency"] - rows["lo"]
    return dict(type="data", symmetric=False, array=above, arrayminus=below, thickness=1.5)


def _add_interval(figure: go.Figure, result: SearchResult, answer: Answer, parameter: str) -> None:
    """Mark lo and hi of the answer, where the dose is the size."""
    if parameter not in ("size", result.study.smallest):
        return
    for name, value in zip(("lo", "hi"), answer.interval, strict=True):
        if np.isfinite(value):
            figure.add_vline(value, line_dash="dot", line_width=1.5, annotation_text=name,
                             annotation_position="bottom right" if name == "hi" else "bottom left")


def certificate(result: SearchResult, answer: Answer) -> go.Figure:
    """Return the certifier's doses of one candidate, in order: mean, confidence sequence, verdict."""
    rows = rows_of(result.evidence, answer).reset_index(drop=True)
    figure = blank(efficiency_title(result), "")
    names = [f"{i + 1}: {p} at {s:,.4g}" for i, (p, s) in enumerate(zip(rows["purpose"], rows["size"], strict=True))]
    for verdict, (hue, mark) in VERDICTS.items():
        some = rows[rows["verdict"] == verdict]
        figure.add_scatter(
            x=some["efficiency"], y=[names[i] for i in some.index], mode="markers", name=verdict,
            error_x=_around(some), marker=dict(color=hue, symbol=mark, size=11),
            customdata=some[["episodes", "lo", "hi"]],
            hovertemplate="%{x:.1%} (%{customdata[1]:.1%} to %{customdata[2]:.1%})"
            f"<br>%{{customdata[0]}} fresh episodes<extra>{verdict}</extra>",
        )
    figure.add_vline(result.study.target.efficiency, line_dash="dash", line_width=1.5, annotation_text="target")
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    return figure.update_xaxes(tickformat=".0%").update_layout(height=140 + 34 * len(rows))


def frontier(*results: SearchResult) -> go.Figure:
    """Return efficiency against spend for all that was tried, with the frontier and the answers.

    The frontier joins the trials than which none was both cheaper and better. It is drawn through
    noisy means, so it flatters; the answers, from fresh episodes, do not.
    """
    figure = blank("Spend ($ an episode)", efficiency_title(results[0]))
    trials = pd.concat([result.trials for result in results])
    names = dict.fromkeys(a.candidate for result in results for a in result.answers)
    for index, name in enumerate(names):
        rows = trials[trials["candidate"] == name]
        figure.add_scatter(
            x=rows["spend"], y=rows["efficiency"], mode="markers", name=short(name),
            marker=dict(color=colour(index), symbol=symbol(index), size=6, opacity=0.45),
            customdata=rows["number"],
            hovertemplate="trial %{customdata}<br>%{x:$,.4~s}: %{y:.1%}<extra>%{fullData.name}</extra>",
        )
    best = efficient(trials)
    figure.add_scatter(
        x=best["spend"], y=best["efficiency"], mode="lines", name="frontier of the trials",
        line=dict(color=NEUTRAL, shape="hv", width=1.5), hoverinfo="skip",
    )
    level(figure, results[0].study.target.efficiency, "target")
    return figure.update_xaxes(tickprefix="$", tickformat="~s").update_yaxes(tickformat=".0%")


def efficient(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the trials than which none was both cheaper and better, in order of spend."""
    known = trials.dropna(subset=["spend", "efficiency"])
    ordered = known.sort_values(["spend", "efficiency"], ascending=[True, False])
    best = ordered["efficiency"].cummax()
    return ordered[best > best.shift(fill_value=-np.inf)]


def course(result: SearchResult) -> go.Figure:
    """Return what the search tried in order: the size of each trial, and what it yielded."""
    figure = blank("Trial, in order", size_title(result))
    for index, answer in enumerate(result.answers):
        rows = rows_of(result.trials, answer)
        figure.add_scatter(
            x=rows["number"], y=rows["size"], mode="markers", name=short(answer.candidate),
            marker=dict(color=colour(index), symbol=symbol(index), size=7, opacity=0.7),
            customdata=rows[["efficiency", "episodes"]],
            hovertemplate="trial %{x}: size %{y:,.4~g}<br>%{customdata[0]:.1%}, "
            "%{customdata[1]} episodes<extra>%{fullData.name}</extra>",
        )
    return figure
