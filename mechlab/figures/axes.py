"""What the axes of a search's figures are called, and in which unit."""

from __future__ import annotations

from collections.abc import Iterator

from mechlab.mechanism import Capped, Mechanism, Stack
from mechlab.parameters import Param, parameters
from mechlab.result import SearchResult
from mechlab.study import MONEY


def reference_words(name: str) -> str:
    """Return a reference point as a sentence speaks of it.

    >>> reference_words("ceiling"), reference_words("turns")
    ('the ceiling', 'turns')
    """
    return name if name.endswith("s") else f"the {name}"


def efficiency_title(result: SearchResult) -> str:
    """Return the title of an axis of efficiencies relative to the target's reference point."""
    return f"Group revenue, % of {reference_words(result.study.target.relative_to)}"


def unit_of(mechanism: Mechanism, parameter: str) -> str:
    """Return the unit of a parameter, which may be named as "royalty.share"; "" where it has none.

    >>> from mechlab.mechanism import parse
    >>> unit_of(parse("sharing_bonus(rate=1) + protocol"), "rate")
    'dollars per piece'
    """
    part, _, name = parameter.rpartition(".")
    for owner, declared in _declared(mechanism):
        if name in declared and part in ("", owner):
            return declared[name].unit
    return ""


def _declared(mechanism: Mechanism) -> Iterator[tuple[str, dict[str, Param]]]:
    if isinstance(mechanism, Stack):
        for part in mechanism.parts:
            yield from _declared(part)
    elif isinstance(mechanism, Capped):
        yield from _declared(mechanism.inner)
    else:
        yield mechanism.name, parameters(type(mechanism))


def size_title(result: SearchResult) -> str:
    """Return what the study's answer is the smallest of, with its unit.

    Where candidates measure one parameter in different units, the unit is left out.
    """
    smallest = result.study.smallest
    if smallest in MONEY:
        return f"{smallest}, dollars an episode"
    units = {unit_of(answer.mechanism, smallest) for answer in result.answers} - {""}
    return f"{smallest}, {units.pop()}" if len(units) == 1 else smallest
