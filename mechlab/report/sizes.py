"""Sizes of incentives in words: with their unit, and as the interval that was shown."""

from __future__ import annotations

import math

from mechlab.figures import unit_of
from mechlab.report.words import money, quantity, span
from mechlab.search.results import Answer, SearchResult
from mechlab.study import BASELINE, MONEY


def size_of(result: SearchResult, answer: Answer, value: float) -> str:
    """Return a value of the study's measure of size, with its unit."""
    if result.study.minimise in MONEY:
        return f"{money(value)} an episode" if math.isfinite(value) else "unknown"
    return quantity(value, unit_of(answer.mechanism, result.study.minimise))


def between(result: SearchResult, answer: Answer) -> str:
    """Return the interval of the smallest sufficient size: "between $580 and $640 per piece"."""
    low, high = answer.interval
    if not math.isfinite(low) and not math.isfinite(high):
        return "no interval was shown"
    if not math.isfinite(high):
        return f"more than {size_of(result, answer, low)}"
    if not math.isfinite(low):
        return f"at most {size_of(result, answer, high)}"
    if result.study.minimise in MONEY:
        return f"between {money(low)} and {money(high)} an episode"
    return f"between {span(low, high, unit_of(answer.mechanism, result.study.minimise))}"


def size_words(result: SearchResult, answer: Answer) -> str:
    """Return the smallest sufficient size in a sentence: what was shown enough, and what not."""
    if answer.candidate == BASELINE and answer.status == "certified":
        return "Nothing need be paid."
    smallest, low, high = result.study.minimise, *answer.interval
    if answer.status == "unreachable":
        return f"No {smallest} in its range is enough."
    if not math.isfinite(low) and not math.isfinite(high):
        return f"No {smallest} was shown to be enough, and none to be too small."
    small, enough = size_of(result, answer, low), size_of(result, answer, high)
    if not math.isfinite(high):
        return f"A {smallest} of {small} was shown not to be enough; none was shown to be."
    if not math.isfinite(low):
        return f"A {smallest} of {enough} was shown to be enough; none was shown to be too small."
    why = "the lower end was shown not to be enough, the upper end was"
    if smallest in MONEY:  # it need not rise with the dose
        why = "the upper end was shown to be enough; less than the lower end is not to be expected"
    return f"The smallest sufficient {smallest} lies {between(result, answer)}: {why}."
