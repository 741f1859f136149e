"""The verdict of a search in words; the terminal, notebooks and the page say the same."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from mechlab.figures import reference_words
from mechlab.report._page import Tile
from mechlab.report.words import between, interval, joined, money, percent, rounded, share, size_of
from mechlab.search.results import Answer, SearchResult
from mechlab.statistics import counted
from mechlab.study import BASELINE, Study

_MEANINGS = {
    "certified": "shown to be enough by its own held-out episodes",
    "estimated": "estimated to be enough by a regression of held-out episodes on both sides of it",
    "not_reached": "no setting that was tested was shown to be enough",
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
        if self.status == "not_reached":
            return (
                f"No setting that was tested was shown to bring the group to {goal}. {mechanism}, "
                f"believed to be the best, was shown to be too little, {sure}."
            )
        if self.result.best.candidate == BASELINE:
            return f"No incentive is needed: without one the group earns {goal}, {sure}."
        if self.status == "estimated":
            return f"{mechanism} is estimated to bring the group to {goal}, {sure}."
        return f"{mechanism} brings the group to {goal}, {sure}."

    @property
    def size(self) -> str:
        """What was shown of the smallest sufficient size, and what that rests on."""
        result, answer, smallest = self.result, self.result.best, self.result.study.minimise
        if answer.candidate == BASELINE and answer.found:
            return "Nothing needs to be paid."
        if self.status == "not_reached":
            reference = reference_words(self.result.study.target.relative_to)
            return (
                f"No {smallest} was shown to be enough. The setting believed to be the most "
                f"efficient attains at most {percent(answer.bounds[1])} of {reference}; others "
                "were explored, not tested."
            )
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
        elif self.result.advice:
            why = "both ends were estimated from episodes on both sides"
        elif not answer.lower_shown:
            why = "the upper end was played and shown to be enough; the lower end is an estimate"
        else:
            why = (
                "both were played, and shown to be too little and to be enough; that nothing below "
                "is enough rests on more being no worse"
            )
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
            f"{counted(efficiency.n, 'held-out episode')}){self._bound}."
        )

    @property
    def _bound(self) -> str:
        """What the certificate's own bound says, which allows for repeated looks."""
        answer, target = self.result.best, self.result.study.target
        if not answer.found:
            return ""
        bound = f"{percent(answer.bounds[0])} of {reference_words(target.relative_to)}"
        return f"; at least {bound}, which allows for all looks at them"

    @property
    def effect(self) -> str:
        """How much more that is than without a mechanism."""
        gain = self.result.effect
        if gain is None or self.result.best.candidate == BASELINE:
            return ""
        points = (f"{100 * x:.3g}" for x in (gain.mean, *gain.ci95))
        mean, low, high = points
        return (
            f"That is {mean} points more than without a mechanism (95% interval {low} to {high})."
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
        rest = [o for o in others if o.found and first.found]
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
    def deviation(self) -> str:
        """What an agent would gain under the answer by leaving honest play alone."""
        words = self.result.audit.words(self.result.study.played)
        return f"{words[0].upper()}{words[1:]}."

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
        answer = (self.headline, self.size, self.efficiency, self.effect, self.spend)
        others = (self.deviation, self.rivals, self.caution, self.reuse, self.agents)
        return tuple(filter(None, (*answer, *others)))

    @property
    def estimand(self) -> str:
        """What the size is of, in one sentence."""
        study = self.result.study
        return (
            f"The smallest {study.minimise} at which mean group revenue over all deals and choices "
            f"of {study.group} in {study.game}, under {study.condition}, is {target_words(study)}."
        )

    @property
    def reuse(self) -> str:
        """How often the same question was asked otherwise; "" where it was not."""
        others = self.result.reused
        if not others:
            return ""
        asked = counted(len(others), "other search", "other searches")
        return (
            f"{asked} of the same question under other seeds or targets stand beside this record "
            f"({joined(others)}); the stated confidence is that of each one alone."
        )


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
    if not answer.found:
        none = {"not_reached": "none shown", "out_of_budget": "not decided"}
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
