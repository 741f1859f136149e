"""The four figures at the top of a page."""

from __future__ import annotations

from dataclasses import dataclass

from mechlab.report.sizes import between, size_of
from mechlab.report.verdict import source_words
from mechlab.report.words import interval, money, percent
from mechlab.search.results import Answer, SearchResult
from mechlab.study import BASELINE


@dataclass(frozen=True)
class Tile:
    """One figure: its heading, the word of the glossary behind it, its value, and what it is of."""

    heading: str
    word: str
    value: str
    detail: str


def tiles(result: SearchResult) -> list[Tile]:
    """Return smallest size, efficiency, spend and subsidy of the study's answer."""
    answer = result.best
    size = Tile(f"Smallest sufficient {result.study.minimise}", "size", *_size(result, answer))
    if not answer.spend.n:
        names = ("efficiency", "spend", "subsidy")
        return [
            size,
            *(Tile(n.capitalize(), n, "not measured", "no fresh episodes") for n in names),
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
            f"of group revenue: {money(answer.spend.mean)} an episode",
        ),
        Tile(
            "Subsidy", "subsidy", money(answer.subsidy.mean), f"an episode: {source_words(answer)}"
        ),
    ]


def _size(result: SearchResult, answer: Answer) -> tuple[str, str]:
    if answer.status == "unreachable":
        return "none in range", between(result, answer)
    if answer.status == "out_of_budget":
        return "not decided", between(result, answer)
    if answer.candidate == BASELINE:
        return "none needed", "the group meets the target without an incentive"
    return size_of(result, answer, answer.size), between(result, answer)
