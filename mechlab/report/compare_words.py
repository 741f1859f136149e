"""The verdict of a comparison in words, computed from its rankings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mechlab.analysis.comparison import Comparison, Entry, Goal
from mechlab.report.sizes import between
from mechlab.report.verdict import target_words
from mechlab.report.words import percent, rounded
from mechlab.search.pareto import Place


@dataclass(frozen=True)
class Said:
    """What one ranking says: its headline, and more."""

    headline: str
    more: tuple[str, ...]


def said(comparison: Comparison) -> list[Said]:
    """Return the verdict of each ranking of a comparison."""
    return [_said(comparison, goal) for goal in comparison.rankings]


def _said(comparison: Comparison, goal: Goal) -> Said:
    places, within = comparison.rankings[goal], comparison.within(goal)
    entries = [comparison.entry(place.name) for place in places]
    groups = {str(entry.result.study.group) for entry in entries}
    one = f" with {groups.pop()}" if len(groups) == 1 < len(comparison.contexts) else ""
    target = f"to reach {target_words(entries[0].result)}{one}"
    firsts = {context: _first(comparison, own) for context, own in within.items()}
    lines = [
        f"{context}: {_found(comparison, goal[0], own)}"
        if len(within) > 1
        else _found(comparison, goal[0], own)
        for context, own in within.items()
    ]
    more = filter(None, (*lines, _order(places), _rest(entries)))
    return Said(_headline(firsts, goal[0], target), tuple(more))


def _first(comparison: Comparison, places: Sequence[Place]) -> list[str]:
    """Return the certified mechanisms that may be the smallest of a context."""
    entries = [comparison.entry(place.name) for place in places if place.first == 1]
    return [e.answer.candidate for e in entries if e.answer.status == "certified"]


def _headline(firsts: Mapping[str, Sequence[str]], smallest: str, target: str) -> str:
    """Say which mechanism is the smallest with every group, where one is."""
    sets = [set(names) for names in firsts.values()]
    everywhere = sorted(set.intersection(*sets))
    groups = f" with each of the {len(sets)} groups" if len(sets) > 1 else ""
    if not any(sets):
        return f"No mechanism was shown {target}."
    if not everywhere:
        return f"No one mechanism needs the smallest {smallest} {target}{groups}."
    if all(len(names) == 1 for names in sets):
        return f"{everywhere[0]} needs the smallest {smallest} {target}{groups}."
    if len(everywhere) == 1:
        return f"{everywhere[0]} needs the smallest {smallest} {target}{groups}, or ties."
    return f"Tied: {_and(everywhere)} may need the smallest {smallest} {target}{groups}."


def _found(comparison: Comparison, smallest: str, places: Sequence[Place]) -> str:
    """Say what the smallest of a context is, or which tie."""
    best = [comparison.entry(p.name) for p in places if p.first == 1]
    known = [entry for entry in best if entry.answer.status == "certified"]
    if not known:
        return "no mechanism was shown to be enough."
    text = " or ".join(
        f"{rounded(e.answer.mechanism)}, its smallest {smallest} {between(e.result, e.answer)}"
        for e in known
    )
    return f"{text}{_spent(known[0])}{'' if len(known) == 1 else ': not told apart'}."


def _spent(entry: Entry) -> str:
    share = entry.answer.spend_share
    return f" (spend {percent(share)} of group revenue)" if math.isfinite(share) else ""


def _order(places: Sequence[Place]) -> str:
    """Name the ties below the first rank, or say that all ranks are decided."""
    if len(places) == 1:
        return ""
    if all(place.decided for place in places):
        return "All differences are supported: no two intervals meet."
    pairs = {tuple(sorted((p.name, other))) for p in places for other in p.level}
    named = "; ".join(" and ".join(pair) for pair in sorted(pairs)[:5])
    more = f"; and {len(pairs) - 5} pairs more" if len(pairs) > 5 else ""
    return f"Not told apart: {named}{more}."


def _rest(entries: Sequence[Entry]) -> str:
    """Name what was shown not to be enough, and what was not decided."""
    words = {"unreachable": "not enough at its best", "out_of_budget": "not decided"}
    parts = [
        f"{meaning}: {_and([e.label for e in entries if e.answer.status == status])}"
        for status, meaning in words.items()
        if any(e.answer.status == status for e in entries)
    ]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
