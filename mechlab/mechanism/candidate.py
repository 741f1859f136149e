"""Candidates: mechanisms with the ranges over which a study searches them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from mechlab.errors import UserError, unknown
from mechlab.mechanism import MECHANISMS, Mechanism, parse
from mechlab.parameters import Param, parameters

_Part = dict[str, Any]  # by parameter of one mechanism: a value or a distribution


@dataclass(frozen=True)
class Candidate:
    """A mechanism or a stack of several, each parameter fixed or free within a range.

    Attributes:
        text: its specification; ``rate=[0, 3000]`` is a range and ``[true, false]`` a choice.
        name: the specification without values ("sharing_bonus + protocol").
        values: a value or an Optuna distribution for each parameter, by its name, or as
            "royalty.share" where several mechanisms have a parameter of that name.
        versions: the versions of the mechanisms.

    >>> bonus = Candidate.read("sharing_bonus(rate=[0, 3000])")
    >>> bonus.name, bonus.space["rate"].high
    ('sharing_bonus', 3000.0)
    >>> str(bonus.build({"rate": 250.0}))
    'sharing_bonus(rate=250)'
    """

    text: str
    name: str
    values: Mapping[str, Any]
    versions: Mapping[str, int]

    @classmethod
    def read(cls, text: str) -> Candidate:
        """Read a specification; raises ``UserError`` as ``parse``.

        A number that is not mentioned ranges over its declared range; a switch or a text that is
        not mentioned keeps its default.
        """
        parts: list[tuple[str, _Part]] = []

        def note(name: str, written: _Part) -> Mechanism:
            parts.append((name, _ranges(name, written)))
            return MECHANISMS.get(name)()

        parse(text, note)
        name = " + ".join(name for name, _ in parts)
        counts = Counter(parameter for _, part in parts for parameter in part)
        values = {
            parameter if counts[parameter] == 1 else f"{name}.{parameter}": value
            for name, part in parts
            for parameter, value in part.items()
        }
        if len(values) < counts.total():
            raise UserError(f"a candidate holds each mechanism once, got {text!r}")
        versions = {name: MECHANISMS.get(name).version for name, _ in parts}
        return cls(text, name, values, versions)

    @property
    def space(self) -> dict[str, BaseDistribution]:
        """The free parameters with their ranges."""
        return {k: v for k, v in self.values.items() if isinstance(v, BaseDistribution)}

    @property
    def lowest(self) -> Mechanism:
        """The mechanism with every free parameter at the low end of its range."""
        return self.build({name: ends(free)[0] for name, free in self.space.items()})

    @property
    def canonical(self) -> dict[str, Any]:
        """Plain values that are equal for equal candidates, however they are written."""
        ranges = {name: list(ends(free)) for name, free in self.space.items()}
        return {"low": str(self.lowest), "ranges": ranges, "versions": dict(self.versions)}

    def build(self, params: Mapping[str, Any]) -> Mechanism:
        """Return the mechanism with its free parameters at ``params``."""
        values = iter({**self.values, **params}.values())

        def fill(name: str, written: _Part) -> Mechanism:
            cls = MECHANISMS.get(name)
            return cls.build({parameter: next(values) for parameter in parameters(cls)})

        return parse(self.text, fill)

    def value(self, parameter: str, params: Mapping[str, Any]) -> Any:
        """Return the value of a parameter, free or fixed; ``UserError`` for an unknown one."""
        if parameter not in self.values:
            raise unknown(f"parameter of {self.name}", parameter, self.values)
        return params.get(parameter, self.values[parameter])


def ends(free: BaseDistribution) -> tuple[Any, ...]:
    """Return the two ends of a range, or all choices."""
    if isinstance(free, CategoricalDistribution):
        return free.choices
    assert isinstance(free, (FloatDistribution, IntDistribution))
    return free.low, free.high


def _ranges(name: str, written: _Part) -> _Part:
    declared = parameters(MECHANISMS.get(name))
    for parameter in written:
        if parameter not in declared:
            raise unknown(f"parameter of {name}", parameter, declared)
    return {parameter: _range(parameter, rule, written) for parameter, rule in declared.items()}


def _range(name: str, rule: Param, written: _Part) -> Any:
    """Return the value of a parameter, or the distribution of a free one."""
    number = not isinstance(rule.default, (bool, str))
    value = written.get(name, [rule.low, rule.high] if number else rule.default)
    if not isinstance(value, list):
        return rule.checked(name, value)
    if None in value:
        raise UserError(f"{name} is unbounded: give it a value, or a range like {name}=[0, 1]")
    values = [rule.checked(name, item) for item in value]
    if not number:
        return CategoricalDistribution(values)
    if len(values) != 2 or not values[0] < values[1]:
        raise UserError(f"{name} must be a range [low, high] with low < high, got {value}")
    kind = IntDistribution if isinstance(rule.default, int) else FloatDistribution
    return kind(*values)
