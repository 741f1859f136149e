"""The verdict in words, computed from the result; the terminal and the page say the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mechlab.figures import reference_words
from mechlab.report.sizes import size_of, size_words
from mechlab.report.words import interval, money, percent, rounded, share
from mechlab.search.results import Answer, SearchResult
from mechlab.study import BASELINE

STATUS = {
    "certified": "shown to be enough on fresh episodes",
    "unreachable": "shown not to be enough, even at its best",
    "out_of_budget": "not decided within the budget",
}

KINDS = {
    "emulated": "emulated: stand-ins fitted to published figures, not the models themselves; "
    "whether those respond alike, only a run with live agents can show",
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
        rivals: candidates that may be as small; "" where there are none.
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
        """All that there is to say, in order."""
        parts = (self.headline, self.size, self.efficiency, self.spend, self.rivals, self.agents)
        return tuple(filter(None, parts))


def verdict(result: SearchResult) -> Verdict:
    """Return the verdict of a search."""
    answer = result.best
    return Verdict(
        status=answer.status,
        meaning=STATUS[answer.status],
        headline=_headline(result, answer),
        size=size_words(result, answer),
        efficiency=_efficiency(result, answer),
        spend=_spend(answer),
        rivals=_rivals(result),
        agents=_agents(result),
    )


def target_words(result: SearchResult) -> str:
    """Return the target: "at least 90% of sequential play"."""
    target = result.study.target
    return f"at least {share(target.efficiency)} of {reference_words(target.relative_to)}"


def _headline(result: SearchResult, answer: Answer) -> str:
    goal, sure = target_words(result), f"with {share(result.study.target.confidence)} confidence"
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
        f"Not decided: the budget ended before a candidate was shown to bring the group to {goal}. "
        f"The likeliest is {rounded(answer.mechanism)}."
    )


def _efficiency(result: SearchResult, answer: Answer) -> str:
    reached, efficiency = answer.reached, answer.efficiency
    if not reached.n:
        return "No fresh episodes were played at it."
    relative = result.study.target.relative_to
    goal = (
        f"{percent(reached.mean)} of {reference_words(relative)}, " if relative != "perfect" else ""
    )
    return (
        f"The group then earns {goal}{percent(efficiency.mean)} of perfect play "
        f"(95% interval {interval(efficiency, percent)}; {efficiency.n:,} fresh episodes)."
    )


def _spend(answer: Answer) -> str:
    if not answer.spend.n:
        return ""
    if answer.spend.mean == 0:
        return "It pays nothing."
    return (
        f"It spends {money(answer.spend.mean)} an episode "
        f"(95% interval {interval(answer.spend, money)}), "
        f"{percent(answer.spend_share)} of group revenue; {source_words(answer)}."
    )


def source_words(answer: Answer) -> str:
    """Return where the money comes from, for an answer that was measured."""
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
    """Name the certified candidates whose intervals reach below the answer's upper end."""
    first, *others = result.answers
    alike = [
        o
        for o in others
        if o.status == first.status == "certified" and not o.interval[0] >= first.size
    ]
    if not alike:
        return ""
    named = ", ".join(f"{o.candidate} ({size_of(result, o, o.size)})" for o in alike)
    return f"Not told apart: {named} may need as little or less; the intervals overlap."


def _agents(result: SearchResult) -> str:
    group = result.study.group
    kinds = "; ".join(KINDS.get(kind, kind) for kind in sorted(group.kinds))
    return f"The group: {len(group.members)} agents, {group}. {kinds.capitalize()}."
