"""Several studies side by side: their answers, ranked, and the differences that are supported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from mechlab.checks import Verdicts, check
from mechlab.errors import UserError
from mechlab.rendering import Renderable
from mechlab.search.pareto import Interval, Place, ranking
from mechlab.search.results import Answer, SearchResult
from mechlab.study import Study

Goal = tuple[str, float, str]  # what is smallest, of which target, relative to what

# The checks that mechanisms are compared by: who pays, and who can take.
PROMISES = ("budget_balance", "farming_1", "farming_2")

# what tells one study from another, in words; the population is always named
_TRAITS: Mapping[str, Callable[[Study], str]] = {
    "game": lambda study: study.game,
    "settings": lambda study: ", ".join(f"{k}={v}" for k, v in study.settings.items()),
    "condition": lambda study: study.condition,
    "target": lambda study: f"{study.target.efficiency:.0%} of {study.target.relative_to}",
    "minimise": lambda study: f"smallest {study.minimise}",
}


@dataclass(frozen=True)
class Entry:
    """The answer of one candidate in one study.

    Attributes:
        context: the situation of the study: population, and what else differs from the others';
            with the study's name where another one has the same candidate in the same situation.
        label: the candidate, and the context where there are several; no other entry has it.
        result, answer: the study's, and the candidate's.
    """

    context: str
    label: str
    result: SearchResult
    answer: Answer

    @property
    def goal(self) -> Goal:
        """What the size is the smallest of, and what it is enough for."""
        study = self.result.study
        return study.minimise, study.target.efficiency, study.target.relative_to


@dataclass(frozen=True)
class Comparison(Renderable):
    """Any number of searched studies, over any mechanisms, populations and games.

    Raises:
        UserError: for none, or the same study twice.
    """

    renderer: ClassVar[str] = "comparison"

    results: tuple[SearchResult, ...]

    def __post_init__(self) -> None:
        counts = Counter(result.study.name for result in self.results)
        if not counts:
            raise UserError("there is nothing to compare: name at least one study")
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            raise UserError(f"each study stands once in a comparison, got {twice[0]!r} twice")

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """All answers: the studies in the order given, each with its own ranking."""
        told = situations([result.study for result in self.results])
        found = [(s, r, a) for s, r in zip(told, self.results, strict=True) for a in r.answers]
        counts = Counter((situation, answer.candidate) for situation, _, answer in found)
        double = {situation for (situation, _), count in counts.items() if count > 1}
        several = len(set(told)) > 1 or bool(double)
        return tuple(
            _entry(f"{s} ({r.study.name})" if s in double else s, r, a, several)
            for s, r, a in found
        )

    @cached_property
    def contexts(self) -> tuple[str, ...]:
        """The contexts of the entries."""
        return tuple(dict.fromkeys(entry.context for entry in self.entries))

    @cached_property
    def rankings(self) -> dict[Goal, list[Place]]:
        """The entries ranked by smallest size, apart for each goal: others cannot be compared."""
        sizes: dict[Goal, dict[str, Interval]] = {}
        for entry in self.entries:
            sizes.setdefault(entry.goal, {})[entry.label] = entry.answer.shown
        return {goal: ranking(intervals) for goal, intervals in sizes.items()}

    def within(self, goal: Goal) -> dict[str, list[Place]]:
        """Return the ranking of each context by itself: which mechanism does for that group."""
        mine = [entry for entry in self.entries if entry.goal == goal]
        return {
            context: ranking({e.label: e.answer.shown for e in mine if e.context == context})
            for context in dict.fromkeys(entry.context for entry in mine)
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


def _entry(context: str, result: SearchResult, answer: Answer, several: bool) -> Entry:
    label = f"{answer.candidate}, {context}" if several else answer.candidate
    return Entry(context, label, result, answer)


def situations(studies: Sequence[Study]) -> tuple[str, ...]:
    """Return the situation of each study: its population, and what else is not the same in all.

    >>> fields = {"question": "?", "mechanisms": ["protocol"], "minimise": "spend"}
    >>> some = [
    ...     Study(**fields, population=name, target={"efficiency": 0.5})
    ...     for name in ("o3", "perfect")
    ... ]
    >>> situations(some)
    ('o3', 'perfect')
    """
    differing = [tell for tell in _TRAITS.values() if len(set(map(tell, studies))) > 1]
    return tuple(
        ", ".join(filter(None, [str(study.group), *(tell(study) for tell in differing)]))
        for study in studies
    )
