"""The charts that compare studies."""

from __future__ import annotations

import pandas as pd

from mechlab import figures
from mechlab.analysis.comparison import Comparison, Entry, Goal
from mechlab.figures import pairwise_order, price_words, rows_of, undominated_entries
from mechlab.report.chart import Chart
from mechlab.report.search_charts import dose_chart
from mechlab.report.sizes import between
from mechlab.report.tables import Table
from mechlab.report.words import percent, rounded

_SMALL = 270  # height of a small chart, in pixels


def size_charts(comparison: Comparison) -> list[Chart]:
    """One ranking for each goal."""
    return [_size_chart(comparison, i, goal) for i, goal in enumerate(comparison.rankings)]


def _size_chart(comparison: Comparison, index: int, goal: Goal) -> Chart:
    entries = [comparison.entry(place.name) for place in comparison.rankings[goal]]
    alt = "; ".join(f"{e.label}: {_found(e)}" for e in entries)
    note = "From lo, shown not to be enough, to hi, shown to be; an arrow where one end is open."
    figure = figures.ranked_sizes(comparison, goal)
    return Chart(f"sizes-{index}", _named("Smallest", goal), figure, f"{alt}.", "ranking", note)


def _found(entry: Entry) -> str:
    if entry.answer.status == "unreachable":
        return "none is enough"
    return between(entry.result, entry.answer)


def difference_charts(comparison: Comparison) -> list[Chart]:
    """One matrix of differences for each goal with two entries or more."""
    goals = comparison.rankings.items()
    return [
        _difference_chart(comparison, i, goal) for i, (goal, found) in enumerate(goals) if found[1:]
    ]


def _difference_chart(comparison: Comparison, index: int, goal: Goal) -> Chart:
    places = comparison.rankings[goal]
    _, words = pairwise_order(places)
    names = [place.name for place in places]
    pairs = len(places) * (len(places) - 1) // 2
    level = sum(len(place.level) for place in places) // 2
    alt = f"Of {pairs} pairs, {pairs - level} are told apart, {level} are not."
    frame = pd.DataFrame({"size_of": names, **dict(zip(names, words.T, strict=True))})
    figure = figures.differences(comparison, goal)
    note = "Each row's size beside each column's; told apart where the intervals do not meet."
    title = _named("Differences in", goal)
    return Chart(f"differences-{index}", title, figure, alt, Table(frame), note)


def _named(what: str, goal: Goal) -> str:
    smallest, efficiency, relative = goal
    return f"{what} {smallest} that reaches {efficiency:.0%} of {relative}"


def price_charts(comparison: Comparison) -> list[Chart]:
    """Efficiency against spend of the answers; none where no fresh episodes were played."""
    known = [e for e in comparison.entries if e.answer.spend.n > 1]
    if not known:
        return []
    steps = "; ".join(
        f"{e.label}: {percent(e.answer.efficiency.mean)} for {percent(e.answer.spend_share)}"
        for e in undominated_entries(known)
    )
    note = (
        "Right costs more, up earns more; 95% intervals. Filled marks are certified, open ones "
        "are the best of what was not. None beats a mechanism on the frontier in both."
    )
    alt = f"On the frontier, efficiency for spend as a share of revenue: {steps}."
    figure = figures.price_and_effect(comparison)
    return [Chart("price", "Efficiency against spend", figure, alt, "ranking", note)]


def needs_chart(comparison: Comparison) -> Chart:
    """Which mechanism costs how much with which group."""
    rows = {
        candidate: {
            e.context: price_words(e) for e in comparison.entries if e.answer.candidate == candidate
        }
        for candidate in figures.candidates(comparison)
    }
    alt = "; ".join(
        f"{candidate}: " + ", ".join(f"{context} {value}" for context, value in row.items())
        for candidate, row in rows.items()
    )
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(comparison.contexts))
    data = Table(frame.fillna("").rename_axis("mechanism").reset_index())
    figure = figures.who_needs_what(comparison)
    note = "Spend of each certified answer as a share of group revenue."
    return Chart("needs", "Mechanism by population", figure, f"{alt}.", data, note)


def dose_charts(comparison: Comparison) -> list[Chart]:
    """A small dose response for each entry that has something to vary, all on one scale."""
    varied = [
        entry
        for entry in comparison.entries
        if rows_of(entry.result.trials, entry.answer.candidate)["size"].nunique() > 1
    ]
    drawn = [_dose_chart(index, entry) for index, entry in enumerate(varied)]
    tops = [rows_of(e.result.trials, e.answer.candidate)["efficiency"].max() for e in varied]
    top = 1.08 * max([*tops, *(e.result.study.target.efficiency for e in varied)], default=1.0)
    for chart in drawn:
        chart.figure.update_yaxes(range=[0, top], rangemode="normal")
        chart.figure.update_layout(height=_SMALL, showlegend=False)
    return drawn


def _dose_chart(index: int, entry: Entry) -> Chart:
    title = f"{entry.context}: {rounded(entry.answer.mechanism)}"
    return dose_chart(entry.result, entry.answer, f"dose-{index}", title, _tried(entry))


def _tried(entry: Entry) -> Table:
    tried = rows_of(entry.result.trials, entry.answer.candidate)
    kept = ["number", "size", "efficiency", "spend", "episodes"]
    return Table(tried[kept], shares=frozenset({"efficiency"}), dollars=frozenset({"spend"}))
