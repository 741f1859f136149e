"""The verdict in words, computed from the result; the terminal and the page say the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mechlab.figures.axes import reference_words, unit_of
from mechlab.report.words import interval, money, percent, quantity, share
from mechlab.result import Answer, SearchResult
from mechlab.study import BASELINE, MONEY

STATUS = {
    "certified": "shown to be enough on fresh episodes",
    "unreachable": "shown not to be enough at its best",
    "out_of_budget": "not decided within the budget",
}

KINDS = {
    "emulated": "emulated: stand-ins fitted to published figures, not the models themselves; whether those "
    "respond alike, only a run with live agents can show",
    "scripted": "scripted: they follow fixed rules",
    "live": "live: a model chose every action",
    "own": "the user's own code",
}


@dataclass(frozen=True)
class Verdict:
    """The answer of a study in sentences, the most important first."""

    status: str
    headline: str
    size: str
    efficiency: str
    spend: str
    agents: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of it, in order."""
        return (self.headline, self.size, self.efficiency, self.spend, self.agents)


def verdict(result: SearchResult) -> Verdict:
    """Return the verdict of a search."""
    answer = result.best
    return Verdict(
        status=answer.status,
        headline=_headline(result, answer),
        size=size_words(result, answer),
        efficiency=_efficiency(answer),
        spend=_spend(answer),
        agents=agents_words(result),
    )


def size_of(result: SearchResult, answer: Answer, value: float) -> str:
    """Return a value of the study's measure of size, with its unit."""
    if result.study.smallest in MONEY:
        return f"{money(value)} an episode" if math.isfinite(value) else "unknown"
    return quantity(value, unit_of(answer.mechanism, result.study.smallest))


def target_words(result: SearchResult) -> str:
    """Return the target: "at least 90% of turns"."""
    target = result.study.target
    return f"at least {share(target.efficiency)} of {reference_words(target.relative_to)}"


def _headline(result: SearchResult, answer: Answer) -> str:
    confidence = f"{share(result.study.target.confidence)} confidence"
    goal = target_words(result)
    if answer.status == "certified" and answer.candidate == BASELINE:
        return f"No incentive is needed: without one the group earns {goal}, with {confidence}."
    if answer.status == "certified":
        return f"{answer.mechanism} brings the group to {goal}, with {confidence}."
    if answer.status == "unreachable":
        return (
            f"No candidate brings the group to {goal}, within the ranges that were searched. "
            f"The best is {answer.mechanism}."
        )
    return (
        f"Not decided: the budget ended before any candidate was shown to bring the group to {goal}. "
        f"The best so far is {answer.mechanism}."
    )


def size_words(result: SearchResult, answer: Answer) -> str:
    """Return the smallest sufficient size with what was shown below and at it."""
    low, high = answer.interval
    smallest = result.study.smallest
    if answer.candidate == BASELINE:
        return "Nothing is paid."
    if math.isfinite(low) and math.isfinite(high):
        return (
            f"The smallest sufficient {smallest} lies between {size_of(result, answer, low)}, shown not to "
            f"be enough, and {size_of(result, answer, high)}, shown to be enough."
        )
    if math.isfinite(high):
        return f"A {smallest} of {size_of(result, answer, high)} was shown to be enough; none was shown too small."
    if math.isfinite(low):
        return f"A {smallest} of {size_of(result, answer, low)} was shown not to be enough; none was shown to be."
    return f"No {smallest} was shown to be enough, and none to be too small."


def _efficiency(answer: Answer) -> str:
    e = answer.efficiency
    return (
        f"With it the group earns {percent(e.mean)} of the ceiling "
        f"(95% interval {interval(e, percent)}; {e.n:,} fresh episodes)."
    )


def _spend(answer: Answer) -> str:
    return (
        f"It spends {money(answer.spend.mean)} an episode (95% interval {interval(answer.spend, money)}), "
        f"{percent(answer.spend_share)} of group revenue; {money(answer.subsidy.mean)} of it comes "
        "from outside."
    )


def agents_words(result: SearchResult) -> str:
    """Return who the agents were, and of what kind."""
    group = result.study.group
    kinds = "; ".join(KINDS.get(kind, kind) for kind in sorted(group.kinds))
    return f"The group: {len(group.members)} agents, {group}. {kinds.capitalize()}."
