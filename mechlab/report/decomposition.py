"""A decomposition in words, computed from it, and its page."""

from __future__ import annotations

from mechlab import figures
from mechlab.analysis.decomposition import NEAR, Decomposition
from mechlab.report.chart import Chart
from mechlab.report.sheet import Section, Sheet, summary_table
from mechlab.report.verdict import KINDS
from mechlab.report.words import interval, percent, rounded, share
from mechlab.search.provenance import surroundings

CALLED = {
    "baseline": "as it is",
    "auto_request": "the system asks",
    "auto_fulfill": "the system answers",
    "auto_both": "the system asks and answers",
}
_SURE = 0.999  # beyond this the draws tell no more
_LIMIT = {
    "cooperation": "limited by cooperation: it asks well enough, but does not answer",
    "competence": "limited by competence: it answers well enough, but does not ask well",
    "both": "limited by both: it neither answers nor asks well enough",
    "neither": "limited by neither side: with either one done by the system it is near-optimal",
}


def sentences(found: Decomposition) -> tuple[str, ...]:
    """Return what a decomposition says: diagnosis, evidence, suggestion, and its check."""
    return (_diagnosis(found), _evidence(found), _rest(found), _suggestion(found), _check(found))


def _diagnosis(found: Decomposition) -> str:
    others = {name: p for name, p in found.chances.items() if name != found.diagnosis and p > 0}
    chance = found.chances[found.diagnosis]
    likely = percent(chance) if chance < _SURE else f"over {share(_SURE)}"
    doubt = "; ".join(f"{name} {percent(p)}" for name, p in others.items())
    return (
        f"This group is {_LIMIT[found.diagnosis]} (probability {likely}"
        f"{f'; otherwise {doubt}' if doubt else ''})."
    )


def _evidence(found: Decomposition) -> str:
    base, asked, answered = (
        found.efficiency[name] for name in ("baseline", "auto_request", "auto_fulfill")
    )
    return (
        f"Cooperation: where the system asks, it earns {percent(asked.mean)} of perfect play "
        f"(95% interval {interval(asked, percent)}). Competence: where the system answers, "
        f"{percent(answered.mean)} ({interval(answered, percent)}). As it is, "
        f"{percent(base.mean)} ({interval(base, percent)}). A side limits a group below "
        f"{share(NEAR)}."
    )


def _rest(found: Decomposition) -> str:
    both, best = found.efficiency["auto_both"].mean, found.perfect["auto_both"].mean
    return (
        f"With both sides done by the system it earns {percent(both)}, where perfect agents earn "
        f"{percent(best)}: the {percent(max(0.0, 1 - both / best))} that is missing there is lost "
        "in what no system does for it."
    )


def _suggestion(found: Decomposition) -> str:
    if found.suggests == "none":
        return "This suggests no intervention."
    what = {
        "incentive": "an incentive, for it can do what it is not paid to do",
        "protocol": "the protocol, for it would do what it does not know to do",
        "both": "an incentive and the protocol together",
    }
    return f"This suggests {what[found.suggests]}."


def _check(found: Decomposition) -> str:
    did = "; ".join(
        f"{rounded(one.mechanism)} moves it by {_points(one.gain.mean)} "
        f"(to {percent(one.efficiency.mean)})"
        for one in found.interventions.values()
    )
    low, high = found.margin.ci95
    margin = f"{_points(found.margin.mean)}, 95% interval {_points(low)} to {_points(high)}"
    against = {
        "none": "even both together gain",
        "both": "both together gain beyond the better one alone",
    }.get(found.suggests, "it gains beyond the other one")
    said = {
        True: "The suggestion is borne out",
        False: "The suggestion is not borne out",
        None: "The interventions do not tell whether the suggestion is right",
    }[found.borne_out]
    return f"Tried: {did}. {said}: {against} {margin}."


def _points(change: float) -> str:
    """Return a change of a share in points of a percent."""
    return f"{100 * change:+.1f} points"


def sheet(found: Decomposition) -> Sheet:
    """Return the page of a decomposition."""
    said = sentences(found)
    kinds = "; ".join(KINDS.get(kind, kind) for kind in sorted(found.kinds))
    facts = (
        f"The group: {found.game.agents} agents, {found.population}. {kinds.capitalize()}.",
        f"{found.episodes:,} episodes of each condition and each intervention, seed {found.seed}; "
        "intervals are those of the episodes alone.",
    )
    limits = Section("limits", "What limits it", said[1:3], (map_chart(found), _ladder(found)))
    repairs = Section("repairs", "What repairs it", said[3:], (_repairs(found),))
    return Sheet(
        f"Decomposition: {found.population}",
        "Is this group limited by cooperation or by competence, and what repairs it?",
        said[0],
        facts,
        (limits, repairs),
        surroundings(),
    )


def map_chart(found: Decomposition) -> Chart:
    """Return the map of cooperation against competence with this group on it."""
    spot = (found.competence, found.cooperation)
    alt = f"Competence {percent(spot[0].mean)}, cooperation {percent(spot[1].mean)}."
    return Chart(
        "map",
        "Cooperation against competence",
        figures.decomposition({found.population: spot}),
        alt,
        summary_table(dict(zip(("competence", "cooperation"), spot, strict=True))),
        "Efficiency where one side of the communication is done by the system.",
    )


def _ladder(found: Decomposition) -> Chart:
    rows = {CALLED[name]: one for name, one in found.efficiency.items()}
    best = {CALLED[name]: one for name, one in found.perfect.items()}
    alt = "; ".join(f"{name} {percent(one.mean)}" for name, one in rows.items())
    figure = figures.bars(rows, "Group revenue, % of perfect play", best)
    return Chart("ladder", "One side done by the system", figure, f"{alt}.", summary_table(rows))


def _repairs(found: Decomposition) -> Chart:
    rows = {"nothing": found.efficiency["baseline"]}
    rows |= {rounded(one.mechanism): one.efficiency for one in found.interventions.values()}
    alt = "; ".join(f"{name} {percent(one.mean)}" for name, one in rows.items())
    figure = figures.bars(rows, "Group revenue, % of perfect play", {})
    return Chart("tried", "What the interventions do", figure, f"{alt}.", summary_table(rows))
