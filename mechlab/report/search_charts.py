"""The charts of what a search tried and found."""

from __future__ import annotations

from mechlab import figures
from mechlab.figures.search import efficient, rows_of
from mechlab.report.chart import Chart
from mechlab.report.verdict import size_of, target_words
from mechlab.report.words import money, number, percent
from mechlab.result import Answer, SearchResult


def dose_charts(result: SearchResult) -> list[Chart]:
    """One dose response for each candidate that has something to vary."""
    return [
        _dose_chart(result, index, answer)
        for index, answer in enumerate(result.answers)
        if rows_of(result.trials, answer)["size"].nunique() > 1
    ]


def _dose_chart(result: SearchResult, index: int, answer: Answer) -> Chart:
    tried = rows_of(result.trials, answer)
    low, high = (size_of(result, answer, value) for value in answer.interval)
    alt = (
        f"{len(tried):,} trials of {answer.candidate} at sizes from {number(tried['size'].min())} to "
        f"{number(tried['size'].max())} yielded between {percent(tried['efficiency'].min())} and "
        f"{percent(tried['efficiency'].max())}. Target: {target_words(result)}. lo: {low}; hi: {high}."
    )
    data = result.curves.get(answer.candidate, "trials")
    return Chart(f"dose-{index}", answer.candidate, figures.dose_response(result, answer), alt, data)


def certificate_charts(result: SearchResult) -> list[Chart]:
    """The certifier's doses, for each candidate that it tested."""
    return [
        Chart(
            f"certificate-{index}",
            answer.candidate,
            figures.certificate(result, answer),
            f"{len(rows)} doses of {answer.candidate} tested on {rows['episodes'].sum():,} fresh episodes: "
            f"{(rows['verdict'] == 'sufficient').sum()} sufficient, "
            f"{(rows['verdict'] == 'insufficient').sum()} insufficient. The table below lists them.",
            "evidence",
        )
        for index, answer in enumerate(result.answers)
        if len(rows := rows_of(result.evidence, answer))
    ]


def frontier_chart(result: SearchResult) -> Chart:
    """Efficiency against spend for all that was tried."""
    best = efficient(result.trials)
    ends = best.iloc[[0, -1]] if len(best) else best
    steps = " to ".join(
        f"{percent(row['efficiency'])} for {money(row['spend'])}" for _, row in ends.iterrows()
    )
    alt = f"{len(result.trials):,} trials. The frontier runs from {steps} an episode."
    note = (
        "Right costs more, up earns more. The frontier joins the trials than which none was both cheaper "
        "and better; it runs through noisy means of few episodes, so it flatters."
    )
    return Chart("frontier", "Efficiency against spend", figures.frontier(result), alt, "trials", note)


def course_chart(result: SearchResult) -> Chart:
    """What the search tried, in order."""
    trials = result.trials
    times = trials["started"].min(), trials["finished"].max()
    alt = (
        f"{len(trials):,} trials, the first started {times[0]:%Y-%m-%d %H:%M:%S}, the last finished "
        f"{times[1]:%Y-%m-%d %H:%M:%S}; {result.episodes['explore']:,} episodes exploring, then "
        f"{result.episodes['certify']:,} fresh ones to certify."
    )
    return Chart("course", "The course of the search", figures.course(result), alt, "trials")
