"""The tables of a page that compares studies."""

from __future__ import annotations

import pandas as pd

from mechlab.analysis.comparison import Comparison, Entry
from mechlab.checks import Verdicts
from mechlab.report.tables import Table
from mechlab.report.words import rank_words, rounded
from mechlab.search.pareto import Place

_SHARES = frozenset({"efficiency", "efficiency_lo", "efficiency_hi", "spend_share"})
_CONTEXT = ("population", "game", "target", "status", "minimise", "study")
_SIGNS = {True: "yes", False: "no", None: "-"}


def ranking(comparison: Comparison) -> Table:
    """Return all entries, each with its rank among those that can be compared with it."""
    rows = [
        _row(comparison.entry(place.name), place)
        for places in comparison.rankings.values()
        for place in places
    ]
    titles = {
        "not_told_apart_from": "not told apart from",
        "efficiency": "share of perfect play",
        "efficiency_lo": "95% from",
        "efficiency_hi": "to",
        "spend_share": "spend, % of revenue",
        "episodes": "fresh episodes",
    }
    frame = pd.DataFrame(rows)
    same = [name for name in _CONTEXT if frame[name].nunique() == 1]  # says nothing of a row
    return Table(frame.drop(columns=same), titles, _SHARES, frozenset({"spend", "subsidy"}))


def _row(entry: Entry, place: Place) -> dict[str, object]:
    answer, study = entry.answer, entry.result.study
    return {
        "rank": rank_words(place),
        "mechanism": rounded(answer.mechanism),
        "population": str(study.group),
        "game": study.game,
        "status": answer.status.replace("_", " "),
        "minimise": study.minimise,
        "lo": answer.interval[0],
        "hi": answer.interval[1],
        "target": f"{study.target.efficiency:.0%} of {study.target.relative_to}",
        "spend_share": answer.spend_share,
        "efficiency": answer.efficiency.mean,
        "efficiency_lo": answer.efficiency.ci95[0],
        "efficiency_hi": answer.efficiency.ci95[1],
        "not_told_apart_from": ", ".join(place.level) or "none",
        "spend": answer.spend.mean,
        "subsidy": answer.subsidy.mean,
        "episodes": answer.efficiency.n,
        "study": study.name,
    }


def promises(comparison: Comparison) -> Table:
    """Return price, balance and farming of each entry."""
    rows = [_promise(entry, comparison.promises[entry.label]) for entry in comparison.entries]
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


def _promise(entry: Entry, found: Verdicts) -> dict[str, object]:
    pair = found["farming_2"]
    return {
        "mechanism": rounded(entry.answer.mechanism),
        "study": entry.context,
        "spend_share": entry.answer.spend_share,
        "subsidy": entry.answer.subsidy.mean,
        "balanced": _SIGNS[found["budget_balance"].holds],
        "farmed_by_one": _SIGNS[_not(found["farming_1"].holds)],
        "farmed_by_two": _SIGNS[_not(pair.holds)],
        "price_of_waste": pair.values["price_of_waste"],
        "worst_spend": pair.values["worst_spend"],
    }


def _not(holds: bool | None) -> bool | None:
    return None if holds is None else not holds
