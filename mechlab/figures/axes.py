"""What the axes of a search's figures are called, in which unit, and where the target lies on them."""

from __future__ import annotations

from collections.abc import Iterator

from mechlab.mechanism import Capped, Mechanism, Stack
from mechlab.parameters import Param, parameters
from mechlab.result import SearchResult
from mechlab.study import MONEY

REVENUE = "Group revenue, share of the {}"


def efficiency_title(result: SearchResult) -> str:
    """Return the title of an axis of efficiencies: group revenue over the target's reference point."""
    return REVENUE.format(result.study.target.relative_to)


def unit_of(mechanism: Mechanism, parameter: str) -> str:
    """Return the unit of a parameter, which may be named as "royalty.share"; "" where it has none.

    >>> from mechlab.mechanism import parse
    >>> unit_of(parse("sharing_bonus(rate=1) + protocol"), "rate")
    'dollars per piece'
    """
    part, _, name = parameter.rpartition(".")
    declared = dict(_declared(mechanism))
    return next((p.unit for key, p in declared.items() if key in ((part, name), ("", name))), "") or next(
        (p.unit for (_, key), p in declared.items() if key == name), ""
    )


def _declared(mechanism: Mechanism) -> Iterator[tuple[tuple[str, str], Param]]:
    if isinstance(mechanism, Stack):
        for part in mechanism.parts:
            yield from _declared(part)
    elif isinstance(mechanism, Capped):
        yield from _declared(mechanism.inner)
    else:
        for name, param in parameters(type(mechanism)).items():
            yield (mechanism.name, name), param


def size_title(result: SearchResult) -> str:
    """Return what the study's answer is the smallest of, with its unit.

    Where candidates measure one parameter in different units, the unit is left out.
    """
    smallest = result.study.smallest
    if smallest in MONEY:
        return f"{smallest.capitalize()} ($ an episode)"
    units = {unit_of(answer.mechanism, smallest) for answer in result.answers}
    return f"{smallest} ({units.pop()})" if len(units) == 1 else smallest
