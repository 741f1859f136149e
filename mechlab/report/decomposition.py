"""A decomposition in sentences, and its page."""

from __future__ import annotations

from collections.abc import Mapping

from mechlab import figures
from mechlab.analysis.decomposition import NEAR, Decomposition
from mechlab.report._page import Chart, Page, Section, Statement, provenance, summary_table
from mechlab.report.verdict import group_words
from mechlab.report.words import interval, percent, rounded, share
from mechlab.search.provenance import surroundings
from mechlab.statistics import Summary, counted

_CONDITIONS = {
    "baseline": "as it is",
    "auto_request": "the system asks",
    "auto_fulfill": "the system answers",
    "auto_both": "the system asks and answers",
}
_SURE = 0.999  # 20,000 draws do not resolve a probability beyond this
_LIMIT = {
    "cooperation": "limited by cooperation: it asks well enough, but does not answer",
    "competence": "limited by competence: it answers well enough, but does not ask well",
    "both": "limited by both: it neither answers nor asks well enough",
    "neither": "limited by neither side: it is near-optimal when the system does either one",
}


def sentences(decomposition: Decomposition) -> tuple[str, ...]:
    """Return what a decomposition says: diagnosis, evidence, suggestion, and its test."""
    parts = (_diagnosis, _evidence, _remainder, _suggestion, _test)
    return tuple(part(decomposition) for part in parts)


def _diagnosis(decomposition: Decomposition) -> str:
    others = {name: p for name, p in decomposition.chances.items() if p > 0}
    chance = others.pop(decomposition.diagnosis)
    likely = percent(chance) if chance < _SURE else f"over {share(_SURE)}"
    doubt = "; ".join(f"{name} {percent(p)}" for name, p in others.items())
    return (
        f"This group is {_LIMIT[decomposition.diagnosis]} (probability {likely}"
        f"{f'; otherwise {doubt}' if doubt else ''})."
    )


def _evidence(decomposition: Decomposition) -> str:
    asks, answers = decomposition.cooperation, decomposition.competence
    base = decomposition.efficiency["baseline"]
    return (
        f"Cooperation: when the system asks, it earns {percent(asks.mean)} of perfect play "
        f"(95% interval {interval(asks, percent)}). Competence: when the system answers, "
        f"{percent(answers.mean)} ({interval(answers, percent)}). As it is, "
        f"{percent(base.mean)} ({interval(base, percent)}). A side limits a group below "
        f"{share(NEAR)}."
    )


def _remainder(decomposition: Decomposition) -> str:
    both, best = decomposition.efficiency["auto_both"].mean, decomposition.perfect["auto_both"].mean
    return (
        f"When the system does both sides it earns {percent(both)}, where perfect agents earn "
        f"{percent(best)}: the missing {percent(max(0.0, 1 - both / best))} is lost in what the "
        "system does not do for it."
    )


def _suggestion(decomposition: Decomposition) -> str:
    what = {
        "incentive": "an incentive, because it can do what it is not paid to do",
        "protocol": "the protocol, because it would do what it does not know how to do",
        "both": "an incentive and the protocol together",
        "none": "no intervention",
    }
    return f"This suggests {what[decomposition.suggests]}."


def _test(decomposition: Decomposition) -> str:
    changes = "; ".join(
        f"{rounded(one.mechanism)} changes it by {_points(one.gain.mean)} "
        f"(to {percent(one.efficiency.mean)})"
        for one in decomposition.interventions.values()
    )
    low, high = decomposition.margin.ci95
    margin = f"{_points(decomposition.margin.mean)}, 95% interval {_points(low)} to {_points(high)}"
    against = {
        "none": "even both together gain",
        "both": "both together gain beyond the better one alone",
    }.get(decomposition.suggests, "it gains beyond the other one")
    conclusion = {
        True: "The suggestion is confirmed",
        False: "The suggestion is refuted",
        None: "The interventions do not show whether the suggestion is right",
    }[decomposition.borne_out]
    return f"Tested: {changes}. {conclusion}: {against} {margin}."


def _points(change: float) -> str:
    """Return a change of a share in percentage points."""
    return f"{100 * change:+.1f} points"


def decomposition_page(decomposition: Decomposition) -> Page:
    """Return the page of a decomposition."""
    diagnosis, *evidence, suggestion, test = sentences(decomposition)
    base = decomposition.efficiency["baseline"]
    ladder = {_CONDITIONS[name]: one for name, one in decomposition.efficiency.items()}
    best = {_CONDITIONS[name]: one for name, one in decomposition.perfect.items()}
    tried = {rounded(one.mechanism): one.efficiency for one in decomposition.interventions.values()}
    rungs = _bars("ladder", "One side done by the system", ladder, best)
    repairs = _bars("tried", "What the interventions do", {"nothing": base, **tried}, {})
    limits = (map_chart(decomposition), rungs)
    return Page(
        title=f"Decomposition: {decomposition.population}",
        question="Is this group limited by cooperation or by competence, and what repairs it?",
        statements=(Statement(diagnosis),),
        sections=(
            Section("limits", "What limits it", sentences=tuple(evidence), charts=limits),
            Section("repairs", "What repairs it", sentences=(suggestion, test), charts=(repairs,)),
            provenance(surroundings()),
        ),
        facts=(
            group_words(decomposition.population, decomposition.game.agents, decomposition.kinds),
            f"{counted(decomposition.episodes, 'episode')} of each condition and each "
            f"intervention, seed {decomposition.seed}; intervals are over episodes.",
        ),
    )


def map_chart(decomposition: Decomposition) -> Chart:
    """Return the map of cooperation against competence with this group on it."""
    spot = (decomposition.competence, decomposition.cooperation)
    alt = f"Competence {percent(spot[0].mean)}, cooperation {percent(spot[1].mean)}."
    figure = figures.decomposition({decomposition.population: spot})
    table = summary_table(dict(zip(("competence", "cooperation"), spot, strict=True)))
    note = "Efficiency where one side of the communication is done by the system."
    return Chart("map", "Cooperation against competence", figure, alt, table, note)


def _bars(name: str, title: str, rows: Mapping[str, Summary], best: Mapping[str, Summary]) -> Chart:
    alt = "; ".join(f"{row} {percent(one.mean)}" for row, one in rows.items())
    figure = figures.bars(rows, "Group revenue, % of perfect play", best)
    return Chart(name, title, figure, f"{alt}.", summary_table(rows))
