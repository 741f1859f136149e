"""The page of a comparison: its verdict in words, and its sections."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from mechlab.analysis.comparison import Comparison, Entry, Goal
from mechlab.report import _comparison_parts as parts
from mechlab.report._page import Page, Section, Statement, provenance
from mechlab.report.study import search_facts
from mechlab.report.verdict import KINDS, accounting, target_words
from mechlab.report.words import between, joined, percent, rounded, share
from mechlab.search.pareto import Place
from mechlab.statistics import counted

_BEST_FIRST = (
    "certified",
    "estimated",
    "out_of_budget",
    "not_reached",
)  # the best colours the verdict
_REST = {"not_reached": "not shown to be enough", "out_of_budget": "not decided"}


def comparison_page(comparison: Comparison) -> Page:
    """Return the page that compares studies."""
    names = [result.study.name for result in comparison.results]
    return Page(
        title=" and ".join(names) if len(names) < 3 else f"{len(names)} studies compared",
        question=" ".join(dict.fromkeys(r.study.question for r in comparison.results)),
        statements=tuple(statements(comparison)),
        sections=tuple(_sections(comparison, names)),
        facts=tuple(_agents(comparison)),
        status=min((entry.answer.status for entry in comparison.entries), key=_BEST_FIRST.index),
    )


def _agents(comparison: Comparison) -> Iterator[str]:
    """Yield a line on each kind of agents, with the groups in which there are some."""
    of = list(dict.fromkeys(result.study.group for result in comparison.results))
    for kind in sorted({kind for group in of for kind in group.kinds}):
        names = dict.fromkeys(str(group) for group in of if kind in group.kinds)
        yield f"{', '.join(names)}: {KINDS.get(kind, kind)}."


def _sections(comparison: Comparison, names: Sequence[str]) -> Iterator[Section]:
    sizes, differences = parts.size_charts(comparison), parts.difference_charts(comparison)
    some = (
        Section("sizes", "Intervals of the smallest sizes", charts=tuple(sizes)),
        Section("differences", "Which differences are supported", charts=tuple(differences)),
    )
    yield Section(
        "ranking",
        "Ranking",
        note="By [certified] smallest [size], each question by itself. A rank such as 2 to 3 is a "
        "tie: the intervals overlap. The intervals of one study hold all at once; those of all "
        f"studies here with a confidence of {share(comparison.confidence)} or more.",
        parts=(*parts.rankings(comparison), *(one for one in some if one.charts)),
    )
    cost = (*parts.price_charts(comparison), parts.needs_chart(comparison))
    yield Section("cost", "Cost and effect", charts=cost)
    yield _promises(comparison)
    if doses := parts.dose_charts(comparison):
        yield Section(
            "doses",
            "Dose and response",
            note="Faint marks are [trial|trials] of a few episodes each; the line is the curve "
            "fitted to them, with its 95% band; triangles are doses on [held-out episodes]. All "
            "charts have the same vertical scale.",
            charts=tuple(doses),
            layout="multiples",
        )
    files = [f"{name}.toml" for name in names]
    searches = [f"mechlab search {file}" for file in files]
    yield provenance(
        {},
        "Save each study's text under its name, install the versions listed, search each, then "
        "compare them:",
        "\n".join([*searches, f"mechlab compare {' '.join(files)}"]),
        tuple(
            Section(name, f"{name}: {r.study.question}", facts=search_facts(r), folded=True)
            for name, r in zip(names, comparison.results, strict=True)
        ),
    )


def _promises(comparison: Comparison) -> Section:
    words = {
        name: " ".join(check.words for check in checks)
        for name, checks in comparison.promises.items()
    }
    return Section(
        "promises",
        "Price, balance and farming",
        note="What each answer costs, beside what was checked without a model: whether payments "
        "sum to zero, and what one agent or a colluding pair is paid for giving that nobody uses.",
        tables={"promises": parts.promises(comparison)},
        parts=(Section("words", "The checks in words", facts=words, folded=True),),
    )


def statements(comparison: Comparison) -> list[Statement]:
    """Return the verdict of each ranking of a comparison."""
    return [_statement(comparison, goal) for goal in comparison.rankings]


def _statement(comparison: Comparison, goal: Goal) -> Statement:
    places, within = comparison.rankings[goal], comparison.within(goal)
    entries = [comparison.entry(place.name) for place in places]
    groups = {str(entry.result.study.group) for entry in entries}
    one = f" with {groups.pop()}" if len(groups) == 1 < len(comparison.contexts) else ""
    target = f"to reach {target_words(entries[0].result.study)}{one}"
    firsts = {context: _first(comparison, ranked) for context, ranked in within.items()}
    lines = [
        f"{f'{context}: ' if len(within) > 1 else ''}{_smallest(first, goal[0])}"
        for context, first in firsts.items()
    ]
    headline = _headline(firsts, goal[0], target)
    kinds = {kind for entry in entries for kind in entry.result.study.group.kinds}
    caution = accounting(kinds, len({entry.answer.candidate for entry in entries}))
    sentences = (*lines, _order(places), _rest(entries), caution)
    return Statement(headline, tuple(filter(None, sentences)))


def _first(comparison: Comparison, places: Sequence[Place]) -> list[Entry]:
    """Return the certified entries of a context that may be the smallest."""
    entries = [comparison.entry(place.name) for place in places if place.first == 1]
    return [entry for entry in entries if entry.answer.found]


def _headline(firsts: Mapping[str, Sequence[Entry]], minimised: str, target: str) -> str:
    """Say which mechanism is the smallest with every group, where one is."""
    sets = [{entry.answer.candidate for entry in entries} for entries in firsts.values()]
    everywhere = sorted(set.intersection(*sets))
    groups = f" with each of the {len(sets)} groups" if len(sets) > 1 else ""
    if not any(sets):
        return f"No mechanism was shown {target}."
    if not everywhere:
        return f"No single mechanism needs the smallest {minimised} {target}{groups}."
    if all(len(names) == 1 for names in sets):
        return f"{everywhere[0]} needs the smallest {minimised} {target}{groups}."
    if len(everywhere) == 1:
        return f"{everywhere[0]} needs the smallest {minimised} {target}{groups}, or ties."
    return f"Tied: {joined(everywhere)} may need the smallest {minimised} {target}{groups}."


def _smallest(entries: Sequence[Entry], minimised: str) -> str:
    """Say what the smallest of a context is, or which tie."""
    if not entries:
        return "no mechanism was shown to be enough."
    text = " or ".join(
        f"{rounded(e.answer.mechanism)}, its smallest {minimised} {between(e.result, e.answer)}"
        for e in entries
    )
    spend = entries[0].answer.spend_share
    spent = f" (spend {percent(spend)} of group revenue)" if math.isfinite(spend) else ""
    return f"{text}{spent}{'' if len(entries) == 1 else ': tied'}."


def _order(places: Sequence[Place]) -> str:
    """Name the ties, or say that all ranks are decided."""
    if len(places) == 1:
        return ""
    if all(place.decided for place in places):
        return "All differences are supported: no two intervals overlap."
    pairs = {tuple(sorted((p.name, other))) for p in places for other in p.level}
    named = "; ".join(" and ".join(pair) for pair in sorted(pairs)[:5])
    more = f"; and {counted(len(pairs) - 5, 'more pair')}" if len(pairs) > 5 else ""
    return f"Tied: {named}{more}."


def _rest(entries: Sequence[Entry]) -> str:
    """Name what was shown not to be enough, and what was not decided."""
    labels = {
        meaning: [e.label for e in entries if e.answer.status == status]
        for status, meaning in _REST.items()
    }
    text = "; ".join(f"{meaning}: {joined(names)}" for meaning, names in labels.items() if names)
    return f"{text[0].upper()}{text[1:]}." if text else ""
