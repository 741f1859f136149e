"""The verdict of a search in words; the terminal, notebooks and the page say the same."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from mechlab.figures import reference_words
from mechlab.report._page import Tile
from mechlab.report.words import between, interval, money, percent, rounded, share, size_of
from mechlab.search.results import Answer, SearchResult
from mechlab.statistics import counted
from mechlab.study import BASELINE, OUTCOMES, Study

_MEANINGS = {
    "certified": "shown to be enough on held-out episodes",
    "unreachable": "shown not to be enough, even at its best",
    "out_of_budget": "not decided within the budget",
}

KINDS = {
    "emulated": "emulated: stand-ins fitted to published figures, not the models themselves; "
    "only a run with live agents can show whether the models respond alike",
    "scripted": "scripted: they follow fixed rules",
    "live": "live: a model chose every action",
    "own": "the user's own code",
}


def accounting(kinds: Iterable[str], mechanisms: int) -> str:
    """Say what a ranking of several mechanisms among emulated agents cannot tell; "" elsewhere."""
    if mechanisms < 2 or "emulated" not in kinds:
        return ""
    return (
        "Emulated agents respond to one number, what one more answer pays: rules that pay the same "
        "for it have the same effect, and their ranking is accounting, not behaviour."
    )


@dataclass(frozen=True)
class Verdict:
    """The answer of a study in sentences."""

    result: SearchResult

    @property
    def status(self) -> str:
        """The status of the answer."""
        return self.result.best.status

    @property
    def meaning(self) -> str:
        """What the status means."""
        if self.result.advice and self.status == "certified":
            return "estimated to be enough from held-out episodes on both sides of it"
        return _MEANINGS[self.status]

    @property
    def headline(self) -> str:
        """The mechanism, and whether it meets the target."""
        study, mechanism = self.result.study, rounded(self.result.best.mechanism)
        goal, sure = target_words(study), f"with {share(study.target.confidence)} confidence"
        if self.status == "out_of_budget":
            return (
                "Not decided: the budget ended before any candidate was shown to bring the group "
                f"to {goal}. The most likely is {mechanism}."
            )
        if self.status == "unreachable":
            return (
                f"No candidate brings the group to {goal} within its range, {sure}. "
                f"The best is {mechanism}."
            )
        if self.result.best.candidate == BASELINE:
            return f"No incentive is needed: without one the group earns {goal}, {sure}."
        return f"{mechanism} brings the group to {goal}, {sure}."

    @property
    def size(self) -> str:
        """What was shown of the smallest sufficient size, and what that rests on."""
        result, answer, smallest = self.result, self.result.best, self.result.study.minimise
        if answer.candidate == BASELINE and self.status == "certified":
            return "Nothing needs to be paid."
        if self.status == "unreachable":
            return f"No {smallest} in its range is enough."
        low, high = answer.interval
        small, enough = (size_of(result, answer, end) for end in (low, high))
        open_ends = {
            (False, False): f"No {smallest} was shown to be enough, and none to be too small.",
            (True, False): f"A {smallest} of {small} was shown not to be enough; "
            "none was shown to be.",
            (False, True): f"A {smallest} of {enough} was shown to be enough; "
            "none was shown to be too small.",
        }
        shown = math.isfinite(low), math.isfinite(high)
        if shown in open_ends:
            return open_ends[shown]
        lies = f"lies {between(result, answer)}"
        if low == high:
            lies, why = f"is {enough}", "it is enough, and less is not expected to be"
        elif smallest in OUTCOMES:  # it need not rise with the dose
            why = "the upper end was shown to be enough; less than the lower end is not expected"
        elif result.advice:
            why = "both ends were estimated from episodes on both sides"
        else:
            why = "the lower end was shown not to be enough, the upper end to be enough"
        return f"The smallest sufficient {smallest} {lies}: {why}."

    @property
    def efficiency(self) -> str:
        """What the group earns with it."""
        attainment, efficiency = self.result.best.attainment, self.result.best.efficiency
        if not attainment.n:
            return "No held-out episodes were played with it."
        relative, goal = self.result.study.target.relative_to, ""
        if relative != "perfect":
            goal = f"{percent(attainment.mean)} of {reference_words(relative)}, "
        return (
            f"The group then earns {goal}{percent(efficiency.mean)} of perfect play "
            f"(95% interval {interval(efficiency, percent)}; "
            f"{counted(efficiency.n, 'held-out episode')})."
        )

    @property
    def spend(self) -> str:
        """What it costs."""
        answer = self.result.best
        if not answer.spend.n:
            return ""
        if answer.spend.mean == 0:
            return "It pays nothing."
        return (
            f"It spends {money(answer.spend.mean)} per episode "
            f"(95% interval {interval(answer.spend, money)}), "
            f"{percent(answer.spend_share)} of group revenue; {_source(answer)}."
        )

    @property
    def rivals(self) -> str:
        """The certified candidates of the same size, by what they are ordered, and those whose
        intervals begin below the answer's upper end; "" where there are none."""
        first, *others = self.result.answers
        rest = [o for o in others if o.status == first.status == "certified"]
        same = [o for o in rest if o.size == first.size]
        alike = [o for o in rest if o not in same and not o.interval[0] >= first.size]
        sentences = []
        if same:
            minimised, other = self.result.study.minimise, self.result.study.tie_break
            means = (f"{a.candidate} ({money(getattr(a, other).mean)})" for a in (first, *same))
            sentences.append(
                f"Of equal {minimised}, the smallest {other} per episode comes first, and then "
                f"what earns most: {', '.join(means)}."
            )
        if alike:
            named = ", ".join(f"{o.candidate} ({size_of(self.result, o, o.size)})" for o in alike)
            sentences.append(
                f"Tied: {named} may need as little or less, because the intervals overlap."
            )
        return " ".join(sentences)

    @property
    def caution(self) -> str:
        """What the ranking of its mechanisms cannot tell."""
        return accounting(self.result.study.group.kinds, len(self.result.study.mechanisms))

    @property
    def agents(self) -> str:
        """Who the agents were, and of what kind."""
        group = self.result.study.group
        return group_words(group, len(group.members), group.kinds)

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of it, in order."""
        answer = (self.headline, self.size, self.efficiency, self.spend)
        return tuple(filter(None, (*answer, self.rivals, self.caution, self.agents)))


def target_words(study: Study) -> str:
    """Return the target of a study: "at least 90% of sequential play"."""
    target = study.target
    return f"at least {share(target.efficiency)} of {reference_words(target.relative_to)}"


def _source(answer: Answer) -> str:
    """Say where the money of a measured answer comes from."""
    spend, subsidy = answer.spend.mean, answer.subsidy.mean
    if spend == 0 == subsidy:
        return "nothing is paid"
    if math.isclose(subsidy, spend):
        return "all of it comes from outside"
    if abs(subsidy) < 1e-9 * spend:
        return "the agents pay all of it themselves"
    if subsidy < 0:
        return f"the agents pay in {money(-subsidy)} more than that"
    return f"{money(subsidy)} of it comes from outside, the agents pay the rest"


def group_words(group: object, agents: int, kinds: Iterable[str]) -> str:
    """Return who the agents of a group are: how many, which, and of what kind."""
    meanings = "; ".join(KINDS.get(kind, kind) for kind in sorted(kinds))
    return f"The group: {counted(agents, 'agent')}, {group}. {meanings[0].upper()}{meanings[1:]}."


def tiles(result: SearchResult) -> list[Tile]:
    """Return smallest size, efficiency, spend and subsidy of the study's answer."""
    answer, known = result.best, between(result, result.best)
    size = size_of(result, answer, answer.size), known
    if answer.status != "certified":
        none = {"unreachable": "none in range", "out_of_budget": "not decided"}
        size = none[answer.status], known
    elif answer.candidate == BASELINE:
        size = "none needed", "the group meets the target without an incentive"
    cost = f"of group revenue: {money(answer.spend.mean)} per episode"
    measured = {
        "efficiency": (
            percent(answer.efficiency.mean),
            f"of perfect play; 95% {interval(answer.efficiency, percent)}",
        ),
        "spend": (percent(answer.spend_share), cost),
        "subsidy": (money(answer.subsidy.mean), f"per episode: {_source(answer)}"),
    }
    if not answer.spend.n:
        measured = dict.fromkeys(measured, ("not measured", "no held-out episodes"))
    return [
        Tile(f"Smallest sufficient {result.study.minimise}", "size", *size),
        *(Tile(name.capitalize(), name, *words) for name, words in measured.items()),
    ]
