"""The charts of what a search tried and found."""

from __future__ import annotations

from mechlab import figures
from mechlab.figures import rows_of, undominated_trials
from mechlab.report.chart import Chart
from mechlab.report.sizes import size_of
from mechlab.report.tables import Table
from mechlab.report.verdict import target_words
from mechlab.report.words import money, percent
from mechlab.search.results import Answer, SearchResult


def dose_charts(result: SearchResult) -> list[Chart]:
    """One dose response for each candidate that has something to vary."""
    return [
        dose_chart(result, answer, f"dose-{index}", answer.candidate, _curve_data(result, answer))
        for index, answer in enumerate(result.answers)
        if rows_of(result.trials, answer.candidate)["size"].nunique() > 1
    ]


def dose_chart(
    result: SearchResult, answer: Answer, name: str, title: str, data: Table | str
) -> Chart:
    """The dose response of one candidate, under a name and a title."""
    tried = rows_of(result.trials, answer.candidate)
    sizes = [size_of(result, answer, value) for value in (tried["size"].min(), tried["size"].max())]
    low, high = (size_of(result, answer, value) for value in answer.interval)
    alt = (
        f"{len(tried):,} trials at sizes from {sizes[0]} to {sizes[1]} yielded "
        f"{percent(tried['efficiency'].min())} to {percent(tried['efficiency'].max())}. "
        f"Target: {target_words(result)}. lo: {low}; hi: {high}."
    )
    return Chart(name, title, figures.dose_response(result, answer), alt, data)


def _curve_data(result: SearchResult, answer: Answer) -> Table | str:
    curve = result.curves.get(answer.candidate)
    return "trials" if curve is None else Table(curve, shares=frozenset({"mean", "lo", "hi"}))


def certificate_charts(result: SearchResult) -> list[Chart]:
    """The doses that were played on fresh episodes; none where there were none."""
    shown = result.evidence
    if shown.empty:
        return []
    counts = shown["verdict"].value_counts()
    alt = (
        f"{len(shown)} doses on {shown['episodes'].sum():,} fresh episodes: "
        + ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        + ". The table below lists them."
    )
    return [
        Chart(
            "certificate", "Doses on fresh episodes", figures.certificate(result), alt, "evidence"
        )
    ]


def pareto_chart(result: SearchResult) -> Chart:
    """Efficiency against spend for all that was tried."""
    best = undominated_trials(result.trials)
    ends = best.iloc[[0, -1]] if len(best) else best
    steps = " to ".join(
        f"{percent(e)} for {money(s)}"
        for e, s in zip(ends["efficiency"], ends["spend"], strict=True)
    )
    alt = f"{len(result.trials):,} trials. The frontier of the trials runs from {steps} an episode."
    note = (
        "Right costs more, up earns more. Stars are the answers on fresh episodes. The frontier "
        "joins the trials that none beat in both; it rests on few episodes each, so it flatters."
    )
    return Chart(
        "frontier", "Group revenue against spend", figures.pareto_front(result), alt, "trials", note
    )


def course_chart(result: SearchResult) -> Chart:
    """What the search tried, in order."""
    trials, played = result.trials, result.episodes
    begun, ended = trials["started"].min(), trials["finished"].max()
    alt = (
        f"{len(trials):,} trials from {begun:%Y-%m-%d %H:%M:%S} to {ended:%Y-%m-%d %H:%M:%S}: "
        f"{played['explore']:,} episodes exploring, {played['certify']:,} fresh ones to certify."
    )
    note = "Filled marks met the target in their few episodes, open ones did not."
    return Chart("course", "What was tried, in order", figures.course(result), alt, "trials", note)
