"""The verdict of a search in words; the terminal, notebooks and the page say the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mechlab.figures import reference_words
from mechlab.report._page import Tile
from mechlab.report.words import (
    between,
    interval,
    money,
    percent,
    rounded,
    share,
    size_of,
    size_words,
)
from mechlab.search.results import Answer, SearchResult
from mechlab.statistics import counted
from mechlab.study import BASELINE, Study

STATUS = {
    "certified": "shown to be enough on held-out episodes",
    "unreachable": "shown not to be enough, even at its best",
    "out_of_budget": "not decided within the budget",
}

_ESTIMATED = "estimated to be enough from held-out episodes on both sides of it"

KINDS = {
    "emulated": "emulated: stand-ins fitted to published figures, not the models themselves; "
    "only a run with live agents can show whether the models respond alike",
    "scripted": "scripted: they follow fixed rules",
    "live": "live: a model chose every action",
    "own": "the user's own code",
}


@dataclass(frozen=True)
class Verdict:
    """The answer of a study in sentences.

    Attributes:
        status: of the answer.
        meaning: what the status means.
        headline: the mechanism, and whether it meets the target.
        size: the smallest sufficient size with its interval.
        efficiency: what the group earns with it.
        spend: what it costs.
        rivals: candidates whose size may be as small; "" where there are none.
        agents: who the agents were, and of what kind.
    """

    status: str
    meaning: str
    headline: str
    size: str
    efficiency: str
    spend: str
    rivals: str
    agents: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of it, in order."""
        parts = (self.headline, self.size, self.efficiency, self.spend, self.rivals, self.agents)
        return tuple(filter(None, parts))


def verdict_of(result: SearchResult) -> Verdict:
    """Return the verdict of a search."""
    answer, group = result.best, result.study.group
    return Verdict(
        status=answer.status,
        meaning=_meaning(result, answer),
        headline=_headline(result, answer),
        size=size_words(result, answer),
        efficiency=_efficiency(result, answer),
        spend=_spend(answer),
        rivals=_rivals(result),
        agents=group_words(group, len(group.members), group.kinds),
    )


def _meaning(result: SearchResult, answer: Answer) -> str:
    if result.advice and answer.status == "certified":
        return _ESTIMATED
    return STATUS[answer.status]


def target_words(study: Study) -> str:
    """Return the target of a study: "at least 90% of sequential play"."""
    target = study.target
    return f"at least {share(target.efficiency)} of {reference_words(target.relative_to)}"


def _headline(result: SearchResult, answer: Answer) -> str:
    goal, sure = (
        target_words(result.study),
        f"with {share(result.study.target.confidence)} confidence",
    )
    if answer.status == "certified":
        if answer.candidate == BASELINE:
            return f"No incentive is needed: without one the group earns {goal}, {sure}."
        return f"{rounded(answer.mechanism)} brings the group to {goal}, {sure}."
    if answer.status == "unreachable":
        return (
            f"No candidate brings the group to {goal} within its range, {sure}. "
            f"The best is {rounded(answer.mechanism)}."
        )
    return (
        "Not decided: the budget ended before any candidate was shown to bring the group to "
        f"{goal}. The most likely is {rounded(answer.mechanism)}."
    )


def _efficiency(result: SearchResult, answer: Answer) -> str:
    attainment, efficiency = answer.attainment, answer.efficiency
    if not attainment.n:
        return "No held-out episodes were played with it."
    relative = result.study.target.relative_to
    goal = (
        f"{percent(attainment.mean)} of {reference_words(relative)}, "
        if relative != "perfect"
        else ""
    )
    return (
        f"The group then earns {goal}{percent(efficiency.mean)} of perfect play "
        f"(95% interval {interval(efficiency, percent)}; "
        f"{counted(efficiency.n, 'held-out episode')})."
    )


def _spend(answer: Answer) -> str:
    if not answer.spend.n:
        return ""
    if answer.spend.mean == 0:
        return "It pays nothing."
    return (
        f"It spends {money(answer.spend.mean)} per episode "
        f"(95% interval {interval(answer.spend, money)}), "
        f"{percent(answer.spend_share)} of group revenue; {_source(answer)}."
    )


def _source(answer: Answer) -> str:
    """Say where the money of a measured answer comes from."""
    subsidy = answer.subsidy.mean
    if answer.spend.mean == 0 == subsidy:
        return "nothing is paid"
    if math.isclose(subsidy, answer.spend.mean):
        return "all of it comes from outside"
    if abs(subsidy) < 1e-9 * answer.spend.mean:
        return "the agents pay all of it themselves"
    if subsidy < 0:
        return f"the agents pay in {money(-subsidy)} more than that"
    return f"{money(subsidy)} of it comes from outside, the agents pay the rest"


def _rivals(result: SearchResult) -> str:
    """Name the certified candidates of the same size, by what they are ordered, and those whose
    intervals begin below the answer's upper end."""
    first, *others = result.answers
    rest = [o for o in others if o.status == first.status == "certified"]
    same = [o for o in rest if o.size == first.size]
    alike = [o for o in rest if o not in same and not o.interval[0] >= first.size]
    named = ", ".join(f"{o.candidate} ({size_of(result, o, o.size)})" for o in alike)
    overlap = f"Tied: {named} may need as little or less, because the intervals overlap."
    return " ".join([_equal(result.study, [first, *same])] * bool(same) + [overlap] * bool(alike))


def _equal(study: Study, answers: Sequence[Answer]) -> str:
    """Say by what answers of the same size are ordered."""
    other = study.tie_break
    means = (f"{a.candidate} ({money(getattr(a, other).mean)})" for a in answers)
    return (
        f"Of equal {study.minimise}, the smallest {other} per episode comes first, and then what "
        f"earns most: {', '.join(means)}."
    )


def group_words(group: object, agents: int, kinds: Iterable[str]) -> str:
    """Return who the agents of a group are: how many, which, and of what kind."""
    meanings = "; ".join(KINDS.get(kind, kind) for kind in sorted(kinds))
    return f"The group: {counted(agents, 'agent')}, {group}. {meanings[0].upper()}{meanings[1:]}."


def tiles(result: SearchResult) -> list[Tile]:
    """Return smallest size, efficiency, spend and subsidy of the study's answer."""
    answer = result.best
    size = Tile(f"Smallest sufficient {result.study.minimise}", "size", *_size(result, answer))
    if not answer.spend.n:
        names = ("efficiency", "spend", "subsidy")
        return [
            size,
            *(Tile(n.capitalize(), n, "not measured", "no held-out episodes") for n in names),
        ]
    return [
        size,
        Tile(
            "Efficiency",
            "efficiency",
            percent(answer.efficiency.mean),
            f"of perfect play; 95% {interval(answer.efficiency, percent)}",
        ),
        Tile(
            "Spend",
            "spend",
            percent(answer.spend_share),
            f"of group revenue: {money(answer.spend.mean)} per episode",
        ),
        Tile("Subsidy", "subsidy", money(answer.subsidy.mean), f"per episode: {_source(answer)}"),
    ]


def _size(result: SearchResult, answer: Answer) -> tuple[str, str]:
    if answer.status == "unreachable":
        return "none in range", between(result, answer)
    if answer.status == "out_of_budget":
        return "not decided", between(result, answer)
    if answer.candidate == BASELINE:
        return "none needed", "the group meets the target without an incentive"
    return size_of(result, answer, answer.size), between(result, answer)
