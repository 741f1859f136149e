"""The charts and tables that compare studies."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mechlab import figures
from mechlab.analysis.comparison import Comparison, Entry, Goal
from mechlab.report._page import Chart, Section, Table
from mechlab.report._study_charts import dose_chart
from mechlab.report._tables import answer_row, answer_titles
from mechlab.report.verdict import target_words
from mechlab.report.words import between, percent, rounded, share
from mechlab.search.pareto import Place
from mechlab.statistics import counted

_SMALL = 270  # height in pixels of a small multiple: three rows fit a screen


def size_charts(comparison: Comparison) -> Iterator[Chart]:
    """Yield a ranking for each goal."""
    note = (
        "From the lower end, shown not to be enough, to the upper end, shown to be enough; an "
        "arrow where one end is open."
    )
    for i, (goal, places) in enumerate(comparison.rankings.items()):
        entries = [comparison.entry(place.name) for place in places]
        alt = "; ".join(f"{e.label}: {_interval(e)}" for e in entries)
        figure, title = figures.ranked_sizes(comparison, goal), _named("Smallest", goal)
        yield Chart(f"sizes-{i}", title, figure, f"{alt}.", f"ranking-{i}", note)


def _interval(entry: Entry) -> str:
    not_reached = entry.answer.status == "not_reached"
    return "none was shown to be enough" if not_reached else between(entry.result, entry.answer)


def difference_charts(comparison: Comparison) -> Iterator[Chart]:
    """Yield a matrix of differences for each goal with two entries or more."""
    note = "Each row's size beside each column's; tied where the intervals overlap."
    for i, (goal, places) in enumerate(comparison.rankings.items()):
        if len(places) > 1:
            figure = figures.differences(comparison, goal)
            pairs = len(places) * (len(places) - 1) // 2
            tied = sum(len(place.level) for place in places) // 2
            alt = f"Of {counted(pairs, 'pair')}, {pairs - tied} differ and {tied} are tied."
            names = [place.name for place in places]
            frame = pd.DataFrame(figure.data[0].text, columns=names)
            frame.insert(0, "size_of", names)
            title = _named("Differences in", goal)
            yield Chart(f"differences-{i}", title, figure, alt, Table(frame), note)


def _named(what: str, goal: Goal) -> str:
    minimised, efficiency, relative = goal
    reference = figures.reference_words(relative)
    return f"{what} {minimised} that reaches {share(efficiency)} of {reference}"


def price_charts(comparison: Comparison) -> list[Chart]:
    """Efficiency against spend of the answers; no chart without held-out episodes."""
    if not comparison.measured:
        return []
    steps = "; ".join(
        f"{e.label}: {percent(e.answer.efficiency.mean)} for {percent(e.answer.spend_share)}"
        for e in comparison.pareto
    )
    note = (
        "Further right costs more, higher up earns more; 95% intervals. Filled marks are "
        "certified, open ones are the best that was not. No mechanism beats one on the Pareto "
        "front in both."
    )
    alt = f"On the Pareto front, efficiency for spend as a share of revenue: {steps}."
    rows = [
        {
            "answer": entry.label,
            "mechanism": rounded(entry.answer.mechanism),
            "status": entry.answer.status.replace("_", " "),
            "spend_share": entry.answer.spend_share,
            **entry.answer.efficiency.columns("efficiency"),
        }
        for entry in comparison.measured
    ]
    figure, data = figures.price_and_effect(comparison), Table(pd.DataFrame(rows))
    return [Chart("price", "Efficiency against spend", figure, alt, data, note)]


def needs_chart(comparison: Comparison) -> Chart:
    """What each mechanism costs with each group."""
    rows: dict[str, dict[str, str]] = {candidate: {} for candidate in comparison.candidates}
    for entry in comparison.entries:
        rows[entry.answer.candidate][entry.context] = entry.price
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
    """A small dose response for each entry that has something to vary, all on the same scale."""
    drawn: list[Chart] = []
    tops = []
    for entry in comparison.entries:
        trials = figures.rows_of(entry.result.trials, entry.answer.candidate)
        table = Table(trials[["number", "size", "attainment", "spend", "episodes"]])
        title = f"{entry.context}: {rounded(entry.answer.mechanism)}"
        charts = dose_chart(entry.result, entry.answer, f"dose-{len(drawn)}", title, table)
        if charts:
            drawn += charts
            tops += [trials["attainment"].max(), entry.result.study.target.efficiency]
    for chart in drawn:
        chart.figure.update_yaxes(range=[0, 1.08 * max(tops)], rangemode="normal")
        chart.figure.update_layout(height=_SMALL, showlegend=False)
    return drawn


def rankings(comparison: Comparison) -> tuple[Section, ...]:
    """One table for each goal, since a rank is one among the answers to the same question."""
    return tuple(
        Section(
            f"goal-{i}",
            _named("Smallest", goal),
            tables={f"ranking-{i}": _ranking(comparison, places)},
        )
        for i, (goal, places) in enumerate(comparison.rankings.items())
    )


def _ranking(comparison: Comparison, places: list[Place]) -> Table:
    """Return a ranking; of what belongs to the studies stands only what differs between rows."""
    rows = []
    for place in places:
        entry = comparison.entry(place.name)
        study, answer = entry.result.study, answer_row(entry.answer, place)
        context = {
            "population": str(study.group),
            "game": study.game,
            "minimise": study.minimise,
            "target": target_words(study),
            "study": study.name,
        }
        rows.append({name: answer.pop(name) for name in ("rank", "mechanism")} | context | answer)
    frame = pd.DataFrame(rows)
    same = [name for name in (*context, "status") if frame[name].nunique() == 1]
    return Table(frame.drop(columns=same), answer_titles())


def promises(comparison: Comparison) -> Table:
    """Return price, balance and farming of each entry."""
    balanced = {True: "yes", False: "no", None: "-"}
    farmed = {True: "no", False: "yes", None: "-"}  # the promise is that it cannot be
    rows = []
    for entry in comparison.entries:
        checks = comparison.promises[entry.label]
        pair = checks["farming_2"]
        rows.append(
            {
                "mechanism": rounded(entry.answer.mechanism),
                "study": entry.context,
                "spend_share": entry.answer.spend_share,
                "subsidy": entry.answer.subsidy.mean,
                "balanced": balanced[checks["budget_balance"].holds],
                "farmed_by_one": farmed[checks["farming_1"].holds],
                "farmed_by_two": farmed[pair.holds],
                "price_of_waste": pair.values["price_of_waste"],
                "worst_spend": pair.values["worst_spend"],
            }
        )
    titles = {
        "balanced": "sums to zero",
        "price_of_waste": "paid for what nobody uses",
        "worst_spend": "spend when farmed by two",
    }
    return Table(pd.DataFrame(rows), titles)
