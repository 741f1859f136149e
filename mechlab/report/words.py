"""Numbers in words: sensible digits, units, intervals, and the sizes of incentives."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from mechlab.figures import unit_of
from mechlab.search.pareto import Place
from mechlab.search.results import Answer, SearchResult
from mechlab.statistics import Summary
from mechlab.study import OUTCOMES


def number(value: float) -> str:
    """Return a number with four significant digits; "unknown" where it is undefined.

    >>> number(1234567.8), number(0.051234), number(10.0), number(float("nan"))
    ('1,234,568', '0.05123', '10', 'unknown')
    """
    if not math.isfinite(value):
        return "unknown"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def rounded(mechanism: object) -> str:
    """Return a mechanism's specification with its numbers cut to four significant digits.

    >>> rounded("royalty(share=0.123456) + sharing_bonus(rate=2170.1683)")
    'royalty(share=0.1235) + sharing_bonus(rate=2170)'
    """
    return re.sub(
        r"\d+\.\d+(e-?\d+)?", lambda n: number(float(n[0])).replace(",", ""), str(mechanism)
    )


def money(value: float) -> str:
    """Return dollars with three or four significant digits.

    >>> money(93312.4), money(1_530_000.0), money(-2.5), money(0.0)
    ('$93,300', '$1.53 million', '-$2.50', '$0')
    """
    if not math.isfinite(value):
        return "unknown"
    sign, size = ("-" if value < 0 else ""), abs(value)
    if size < 0.005:  # what rounding leaves of sums that are zero
        return "$0"
    if size >= 1e6:
        return f"{sign}${size / 1e6:.4g} million"
    if size >= 1000:
        return f"{sign}${round(size, 2 - math.floor(math.log10(size))):,.0f}"
    return f"{sign}${size:.0f}" if size.is_integer() else f"{sign}${size:.2f}"


def percent(share: float) -> str:
    """Return a share in percent with one decimal.

    >>> percent(0.8042), percent(0.0004), percent(float("nan"))
    ('80.4%', '0.04%', 'unknown')
    """
    if not math.isfinite(share):
        return "unknown"
    return f"{share:.1%}" if share == 0 or abs(share) >= 0.001 else f"{100 * share:.1g}%"


def share(value: float) -> str:
    """Return a share that somebody chose, with as many digits as were written.

    >>> share(0.9), share(0.125)
    ('90%', '12.5%')
    """
    return f"{100 * value:.4g}%"


def quantity(value: float, unit: str) -> str:
    """Return a number with its unit; a unit in dollars becomes a sign before the number.

    >>> quantity(1020.0, "dollars per piece"), quantity(0.1, "of credited production")
    ('$1,020 per piece', '0.1 of credited production')
    """
    if unit.startswith("dollars") and math.isfinite(value):
        sign = "-" if value < 0 else ""
        return f"{sign}${number(abs(value))}{unit.removeprefix('dollars')}"
    return f"{number(value)} {unit}".strip()


def span(low: float, high: float, unit: str) -> str:
    """Return two ends of an interval, with their unit once.

    >>> span(580.0, 640.0, "dollars per piece")
    '$580 and $640 per piece'
    """
    first = "dollars" if unit.startswith("dollars") else ""
    known = math.isfinite(low) and math.isfinite(high)
    return f"{quantity(low, first if known else unit)} and {quantity(high, unit)}"


def interval(summary: Summary, write: Callable[[float], str]) -> str:
    """Return the 95% interval of a mean, written by ``money``, ``percent`` or ``number``."""
    low, high = summary.ci95
    if not math.isfinite(low):
        return "no interval: fewer than two episodes"
    return f"{write(low)} to {write(high)}"


def joined(names: Sequence[str]) -> str:
    """Return names as a list in a sentence.

    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def rank_words(place: Place) -> str:
    """Return a rank; a tie is a range.

    >>> rank_words(Place("fine", (1.0, 2.0), 2, 3, ("bonus",)))
    '2 to 3'
    """
    return str(place.first) if place.decided else f"{place.first} to {place.last}"


def size_of(result: SearchResult, answer: Answer, value: float) -> str:
    """Return a value of what the study minimises, with its unit."""
    if result.study.minimise in OUTCOMES:
        return f"{money(value)} per episode" if math.isfinite(value) else "unknown"
    return quantity(value, unit_of(answer.mechanism, result.study.minimise))


def between(result: SearchResult, answer: Answer) -> str:
    """Return the interval of the smallest sufficient size: "between $580 and $640 per piece"."""
    low, high = answer.interval
    small, enough = (size_of(result, answer, end) for end in (low, high))
    open_ends = {
        (False, False): "no interval was shown",
        (True, False): f"more than {small}",
        (False, True): f"at most {enough}",
    }
    shown = math.isfinite(low), math.isfinite(high)
    if shown in open_ends:
        return open_ends[shown]
    if low == high:
        return f"exactly {enough}"
    if result.study.minimise in OUTCOMES:
        return f"between {money(low)} and {money(high)} per episode"
    return f"between {span(low, high, unit_of(answer.mechanism, result.study.minimise))}"
