"""The charts and tables that compare studies."""

from __future__ import annotations

import pandas as pd

from mechlab import figures
from mechlab.analysis.comparison import Comparison, Entry, Goal
from mechlab.report._page import DOLLARS, SHARES, Chart, Section, Table
from mechlab.report._study_charts import dose_chart
from mechlab.report.verdict import target_words
from mechlab.report.words import between, percent, rank_words, rounded, share
from mechlab.search.pareto import Place
from mechlab.statistics import counted

_SMALL = 270  # height in pixels of a small multiple: three rows fit a screen


def size_charts(comparison: Comparison) -> list[Chart]:
    """One ranking for each goal."""
    return [_size_chart(comparison, i, goal) for i, goal in enumerate(comparison.rankings)]


def _size_chart(comparison: Comparison, index: int, goal: Goal) -> Chart:
    entries = [comparison.entry(place.name) for place in comparison.rankings[goal]]
    alt = "; ".join(f"{e.label}: {_interval(e)}" for e in entries)
    note = (
        "From the lower end, shown not to be enough, to the upper end, shown to be enough; an "
        "arrow where one end is open."
    )
    figure = figures.ranked_sizes(comparison, goal)
    return Chart(
        f"sizes-{index}", _named("Smallest", goal), figure, f"{alt}.", f"ranking-{index}", note
    )


def _interval(entry: Entry) -> str:
    if entry.answer.status == "unreachable":
        return "none is enough"
    return between(entry.result, entry.answer)


def difference_charts(comparison: Comparison) -> list[Chart]:
    """One matrix of differences for each goal with two entries or more."""
    goals = comparison.rankings.items()
    return [
        _difference_chart(comparison, i, goal)
        for i, (goal, places) in enumerate(goals)
        if len(places) > 1
    ]


def _difference_chart(comparison: Comparison, index: int, goal: Goal) -> Chart:
    places = comparison.rankings[goal]
    _, words = figures.pairwise_order(places)
    names = [place.name for place in places]
    pairs = len(places) * (len(places) - 1) // 2
    tied = sum(len(place.level) for place in places) // 2
    alt = f"Of {counted(pairs, 'pair')}, {pairs - tied} differ and {tied} are tied."
    frame = pd.DataFrame({"size_of": names, **dict(zip(names, words.T, strict=True))})
    figure = figures.differences(comparison, goal)
    note = "Each row's size beside each column's; tied where the intervals overlap."
    title = _named("Differences in", goal)
    return Chart(f"differences-{index}", title, figure, alt, Table(frame), note)


def _named(what: str, goal: Goal) -> str:
    minimised, efficiency, relative = goal
    reference = figures.reference_words(relative)
    return f"{what} {minimised} that reaches {share(efficiency)} of {reference}"


def price_charts(comparison: Comparison) -> list[Chart]:
    """Efficiency against spend of the answers; no chart without held-out episodes."""
    known = [e for e in comparison.entries if e.answer.spend.n > 1]
    if not known:
        return []
    steps = "; ".join(
        f"{e.label}: {percent(e.answer.efficiency.mean)} for {percent(e.answer.spend_share)}"
        for e in figures.undominated_entries(known)
    )
    note = (
        "Further right costs more, higher up earns more; 95% intervals. Filled marks are "
        "certified, open ones are the best that was not. No mechanism beats one on the Pareto "
        "front in both."
    )
    alt = f"On the Pareto front, efficiency for spend as a share of revenue: {steps}."
    figure = figures.price_and_effect(comparison)
    data = Table(pd.DataFrame(map(_price, known)), {"spend_share": "spend, % of revenue"}, SHARES)
    return [Chart("price", "Efficiency against spend", figure, alt, data, note)]


def _price(entry: Entry) -> dict[str, object]:
    answer = entry.answer
    return {
        "answer": entry.label,
        "mechanism": rounded(answer.mechanism),
        "status": answer.status.replace("_", " "),
        "spend_share": answer.spend_share,
        "efficiency": answer.efficiency.mean,
        "efficiency_lower": answer.efficiency.ci95[0],
        "efficiency_upper": answer.efficiency.ci95[1],
    }


def needs_chart(comparison: Comparison) -> Chart:
    """What each mechanism costs with each group."""
    rows = {
        candidate: {
            e.context: figures.price_words(e)
            for e in comparison.entries
            if e.answer.candidate == candidate
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
    """A small dose response for each entry that has something to vary, all on the same scale."""
    varied = [
        entry
        for entry in comparison.entries
        if figures.rows_of(entry.result.trials, entry.answer.candidate)["size"].nunique() > 1
    ]
    drawn = [_dose_chart(index, entry) for index, entry in enumerate(varied)]
    trials = [figures.rows_of(e.result.trials, e.answer.candidate) for e in varied]
    tops = [rows["attainment"].max() for rows in trials]
    top = 1.08 * max([*tops, *(e.result.study.target.efficiency for e in varied)], default=1.0)
    for chart in drawn:
        chart.figure.update_yaxes(range=[0, top], rangemode="normal")
        chart.figure.update_layout(height=_SMALL, showlegend=False)
    return drawn


def _dose_chart(index: int, entry: Entry) -> Chart:
    title = f"{entry.context}: {rounded(entry.answer.mechanism)}"
    return dose_chart(entry.result, entry.answer, f"dose-{index}", title, _trials(entry))


def _trials(entry: Entry) -> Table:
    trials = figures.rows_of(entry.result.trials, entry.answer.candidate)
    kept = ["number", "size", "attainment", "spend", "episodes"]
    return Table(trials[kept], shares=frozenset({"attainment"}), dollars=frozenset({"spend"}))


# columns left out where they are the same in every row
_CONTEXT = ("population", "game", "target", "status", "minimise", "study")
_SIGNS = {True: "yes", False: "no", None: "-"}


def rankings(comparison: Comparison) -> tuple[Section, ...]:
    """One table for each goal, since a rank is one among the answers to the same question."""
    return tuple(
        Section(
            f"goal-{i}",
            _named("Smallest", goal),
            tables={f"ranking-{i}": _ranking(comparison, goal)},
        )
        for i, goal in enumerate(comparison.rankings)
    )


def _ranking(comparison: Comparison, goal: Goal) -> Table:
    rows = [_row(comparison.entry(place.name), place) for place in comparison.rankings[goal]]
    titles = {
        "lower": "lower end",
        "upper": "upper end",
        "efficiency": "% of perfect play",
        "efficiency_lower": "95% from",
        "efficiency_upper": "to",
        "spend_share": "spend, % of revenue",
        "episodes": "held-out episodes",
    }
    frame = pd.DataFrame(rows)
    same = [name for name in _CONTEXT if frame[name].nunique() == 1]
    return Table(frame.drop(columns=same), titles, SHARES, DOLLARS)


def _row(entry: Entry, place: Place) -> dict[str, object]:
    answer, study = entry.answer, entry.result.study
    return {
        "rank": rank_words(place),
        "mechanism": rounded(answer.mechanism),
        "population": str(study.group),
        "game": study.game,
        "status": answer.status.replace("_", " "),
        "minimise": study.minimise,
        "lower": answer.interval[0],
        "upper": answer.interval[1],
        "target": target_words(study),
        "spend_share": answer.spend_share,
        "efficiency": answer.efficiency.mean,
        "efficiency_lower": answer.efficiency.ci95[0],
        "efficiency_upper": answer.efficiency.ci95[1],
        "tied_with": ", ".join(place.level) or "none",
        "spend": answer.spend.mean,
        "subsidy": answer.subsidy.mean,
        "episodes": answer.efficiency.n,
        "study": study.name,
    }


def promises(comparison: Comparison) -> Table:
    """Return price, balance and farming of each entry."""
    rows = [_promise(comparison, entry) for entry in comparison.entries]
    titles = {
        "spend_share": "spend, % of revenue",
        "balanced": "sums to zero",
        "farmed_by_one": "farmed by one",
        "farmed_by_two": "farmed by two",
        "price_of_waste": "paid for what nobody uses",
        "worst_spend": "spend when farmed by two",
    }
    money = frozenset({"subsidy", "price_of_waste", "worst_spend"})
    return Table(pd.DataFrame(rows), titles, frozenset({"spend_share"}), money)


def _promise(comparison: Comparison, entry: Entry) -> dict[str, object]:
    checks = comparison.promises[entry.label]
    pair = checks["farming_2"]
    return {
        "mechanism": rounded(entry.answer.mechanism),
        "study": entry.context,
        "spend_share": entry.answer.spend_share,
        "subsidy": entry.answer.subsidy.mean,
        "balanced": _SIGNS[checks["budget_balance"].holds],
        "farmed_by_one": _SIGNS[_not(checks["farming_1"].holds)],
        "farmed_by_two": _SIGNS[_not(pair.holds)],
        "price_of_waste": pair.values["price_of_waste"],
        "worst_spend": pair.values["worst_spend"],
    }


def _not(holds: bool | None) -> bool | None:
    return None if holds is None else not holds
