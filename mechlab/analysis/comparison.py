"""Comparison: the answers of several studies, ranked, and the differences that are supported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import ClassVar

from mechlab.checks import Verdicts, check
from mechlab.errors import UserError
from mechlab.search.pareto import Interval, Place, pareto, ranking
from mechlab.search.results import Answer, Renderable, SearchResult
from mechlab.study import Study

Goal = tuple[str, float, str]  # what is smallest, of which target, relative to what

# The checks that mechanisms are compared by: who pays, and who can take.
PROMISES = ("budget_balance", "farming_1", "farming_2")

# What distinguishes studies, in words; the population is always named.
_TRAITS: tuple[Callable[[Study], str], ...] = (
    lambda study: study.game,
    lambda study: ", ".join(f"{k}={v}" for k, v in study.settings.items()),
    lambda study: study.condition,
    lambda study: f"{study.target.efficiency:.0%} of {study.target.relative_to}",
    lambda study: f"smallest {study.minimise}",
)


@dataclass(frozen=True)
class Entry:
    """The answer of one candidate in one study.

    Attributes:
        context: the study's population, and what else differs between the studies; with the
            study's name where another study has the same candidate in the same context.
        label: the candidate, and the context where there are several; unique in a comparison.
    """

    context: str
    label: str
    result: SearchResult
    answer: Answer

    @property
    def goal(self) -> Goal:
        """The measure of size, and the target that the size is enough for."""
        study = self.result.study
        return study.minimise, study.target.efficiency, study.target.relative_to

    @property
    def price(self) -> str:
        """What the answer spends as a share of revenue, or why there is no such figure."""
        if not self.answer.found:
            return self.answer.status.replace("_", " ")
        return f"{self.answer.spend_share:.1%}" if self.answer.spend.n else "not measured"


@dataclass(frozen=True)
class Comparison(Renderable):
    """Any number of searched studies, over any mechanisms, populations and games.

    Raises:
        UserError: for no studies, or the same one twice.
    """

    renderer: ClassVar[str] = "comparison"

    results: tuple[SearchResult, ...]

    def __post_init__(self) -> None:
        if not self.results:
            raise UserError("there is nothing to compare: name at least one study")
        ((name, count),) = Counter(r.study.name for r in self.results).most_common(1)
        if count > 1:
            raise UserError(f"each study stands once in a comparison, got {name!r} twice")

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """All answers: the studies in the order given, each with its answers in their order."""
        contexts = _contexts([result.study for result in self.results])
        pairs = list(zip(contexts, self.results, strict=True))
        counts = Counter((c, answer.candidate) for c, result in pairs for answer in result.answers)
        shared = {context for (context, _), count in counts.items() if count > 1}
        several = len(set(contexts)) > 1 or shared
        named = ((f"{c} ({r.study.name})" if c in shared else c, r) for c, r in pairs)
        return tuple(
            Entry(c, f"{a.candidate}, {c}" if several else a.candidate, r, a)
            for c, r in named
            for a in r.answers
        )

    @cached_property
    def contexts(self) -> tuple[str, ...]:
        """The contexts of the entries."""
        return tuple(dict.fromkeys(entry.context for entry in self.entries))

    @cached_property
    def candidates(self) -> tuple[str, ...]:
        """The mechanisms in the order of their first appearance, which decides their colours."""
        return tuple(dict.fromkeys(entry.answer.candidate for entry in self.entries))

    @cached_property
    def measured(self) -> tuple[Entry, ...]:
        """The entries whose spend has an interval: those with two held-out episodes or more."""
        return tuple(entry for entry in self.entries if entry.answer.spend.n > 1)

    @cached_property
    def pareto(self) -> tuple[Entry, ...]:
        """The Pareto-optimal ones of these in efficiency and spend share, the cheapest first."""
        answers = [entry.answer for entry in self.measured]
        best = pareto([a.efficiency.mean for a in answers], [a.spend_share for a in answers])
        return tuple(sorted(compress(self.measured, best), key=lambda e: e.answer.spend_share))

    @cached_property
    def rankings(self) -> dict[Goal, list[Place]]:
        """The entries ranked by size, for each goal apart: sizes of two goals do not compare."""
        sizes: dict[Goal, dict[str, Interval]] = {}
        for entry in self.entries:
            sizes.setdefault(entry.goal, {})[entry.label] = entry.answer.shown
        return {goal: ranking(intervals) for goal, intervals in sizes.items()}

    def within(self, goal: Goal) -> dict[str, list[Place]]:
        """Return the ranking of each context by itself, among the entries of a goal."""
        entries = [entry for entry in self.entries if entry.goal == goal]
        return {
            context: ranking({e.label: e.answer.shown for e in entries if e.context == context})
            for context in dict.fromkeys(entry.context for entry in entries)
        }

    @cached_property
    def promises(self) -> dict[str, Verdicts]:
        """What each answer promises in its study's game, by the labels of the entries."""
        return {
            e.label: check(e.answer.mechanism, e.result.study.played, only=PROMISES)
            for e in self.entries
        }

    @property
    def confidence(self) -> float:
        """The least confidence at which the intervals of all studies hold at once (Bonferroni)."""
        return max(0.0, 1.0 - sum(1.0 - r.study.target.confidence for r in self.results))

    def entry(self, label: str) -> Entry:
        """Return the entry of a label."""
        return {entry.label: entry for entry in self.entries}[label]


def _contexts(studies: Sequence[Study]) -> list[str]:
    """Return the context of each study: its population, and the traits in which they differ."""
    differing = [trait for trait in _TRAITS if len(set(map(trait, studies))) > 1]
    return [
        ", ".join(filter(None, [str(study.group), *(trait(study) for trait in differing)]))
        for study in studies
    ]
