"""Mechanisms made of mechanisms, several at once or one with a cap, and how all are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mechlab.errors import unknown
from mechlab.flows import Array, Flows
from mechlab.mechanism._base import MECHANISMS, Mechanism
from mechlab.mechanism._vocabulary import Vocabulary
from mechlab.notation import Notation, Term, literal
from mechlab.parameters import Param


def _union(name: str) -> Any:
    """A property: all that any part has of a set."""
    return property(lambda self: frozenset().union(*(getattr(p, name) for p in self.parts)))


class _Composite(Mechanism):
    """A mechanism that is what its parts are together, but for what it pays."""

    parts: tuple[Mechanism, ...]
    needs = _union("needs")
    advises = _union("advises")
    hides = _union("hides")
    shows = _union("shows")

    @property
    def anonymous(self) -> bool:  # type: ignore[override] # derived from the parts
        return all(part.anonymous for part in self.parts)

    def instructions(self, vocabulary: Vocabulary) -> tuple[str, ...]:
        sentences = (step for part in self.parts for step in part.instructions(vocabulary))
        return tuple(dict.fromkeys(sentences))  # each once


@dataclass(frozen=True)
class Stack(_Composite):
    """Several mechanisms at once: payments add up; rules, steps and views join.

    A stack within a stack becomes one stack; an empty one raises ``ValueError``.

    >>> from mechanisms import Hidden, SharingBonus
    >>> str(Stack.of(SharingBonus(rate=500), Hidden(thoughts=False)))
    'sharing_bonus(rate=500) + hidden(board=true, notices=true, thoughts=false)'
    """

    name: ClassVar[str] = "stack"
    parts: tuple[Mechanism, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("a stack is made of at least one mechanism, got none")
        inner = (part.parts if isinstance(part, Stack) else (part,) for part in self.parts)
        object.__setattr__(self, "parts", tuple(part for parts in inner for part in parts))

    @classmethod
    def of(cls, *parts: Mechanism) -> Stack:
        """Stack ``parts`` in order."""
        return cls(parts)

    @property
    def params(self) -> dict[str, Any]:
        """The values of all parts' parameters, by "part.parameter"."""
        return {f"{p.name}.{name}": value for p in self.parts for name, value in p.params.items()}

    @property
    def balanced(self) -> bool:  # type: ignore[override] # derived from the parts
        return all(part.balanced for part in self.parts)

    def payments(self, flows: Flows) -> Array:
        return np.asarray(np.sum([part.payments(flows) for part in self.parts], axis=0))

    def rule(self, vocabulary: Vocabulary) -> str:
        return " ".join(filter(None, (part.rule(vocabulary) for part in self.parts)))

    def scaled(self, factor: float) -> Stack:
        return Stack(tuple(part.scaled(factor) for part in self.parts))

    def __str__(self) -> str:
        return " + ".join(map(str, self.parts))


_LIMIT = Param(0.0, low=0, unit="dollars per agent and round")


@dataclass(frozen=True)
class Capped(_Composite):
    """A mechanism whose payment to each agent in each round is clipped to +-``limit``.

    It is declared unbalanced, because clipping can upset the balance of the inner mechanism.

    >>> from mechanisms import SharingBonus
    >>> capped = Capped(SharingBonus(rate=1000), limit=2500)
    >>> capped.payments(Flows.of(given=[[[0, 4], [1, 0]]]))
    array([[2500., 1000.]])
    >>> Capped(SharingBonus(rate=1000), limit=-1)
    Traceback (most recent call last):
    mechlab.errors.UserError: limit must be in [0, inf) dollars per agent and round, got -1
    """

    name: ClassVar[str] = "capped"
    inner: Mechanism
    limit: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "limit", _LIMIT.checked("limit", self.limit))

    @property
    def parts(self) -> tuple[Mechanism, ...]:  # type: ignore[override] # the inner one alone
        return (self.inner,)

    @property
    def params(self) -> dict[str, Any]:
        return {**self.inner.params, "limit": self.limit}

    def payments(self, flows: Flows) -> Array:
        return np.clip(self.inner.payments(flows), -self.limit, self.limit)

    def rule(self, vocabulary: Vocabulary) -> str:
        """The inner rule and its cap; empty where nothing is paid."""
        inner, most = self.inner.rule(vocabulary), vocabulary.money(self.limit)
        cap = f"In any one round this pays you, or costs you, at most {most}."
        return f"{inner} {cap}" if inner and self.limit else ""

    def scaled(self, factor: float) -> Capped:
        return Capped(self.inner.scaled(factor), float(f"{factor * self.limit:.12g}"))

    def __str__(self) -> str:
        return f"capped({self.inner}, limit={literal(self.limit)})"


Build = Callable[[str, dict[str, Any]], Mechanism]  # from the name and the values of one mechanism

_NOTATION = Notation(
    "mechanism",
    "'sharing_bonus(rate=1000) + protocol' or 'capped(royalty(share=0.1), limit=500)'",
    nests=True,
)


def _registered(name: str, values: dict[str, Any]) -> Mechanism:
    return MECHANISMS.get(name).build(values)


def parse(spec: str, build: Build = _registered) -> Mechanism:
    """Build a mechanism from its specification; see ``mechlab.notation`` for the grammar.

    ``build`` makes each mechanism from its name and the values that are written out. ``UserError``
    for an unknown mechanism or parameter, a value out of range, or bad syntax.

    >>> parse("sharing_bonus(rate=1000) + protocol")
    Stack(parts=(SharingBonus(rate=1000.0), Protocol(ask=True, answer=True, submit=True)))
    >>> str(parse("capped(royalty(share=0.1), limit=500)"))
    'capped(royalty(share=0.1), limit=500)'
    >>> parse("royalty(0.1)")
    Traceback (most recent call last):
    mechlab.errors.UserError: a mechanism is written like 'sharing_bonus(rate=1000) + protocol' or \
'capped(royalty(share=0.1), limit=500)', got 'royalty(0.1)', which goes wrong at character 9
    """

    def built(term: Term) -> Mechanism:
        if term.name == Capped.name and len(term.sums) == 1 and term.values:
            for name in term.values.keys() - {"limit"}:
                raise unknown(f"parameter of {Capped.name}", name, ["limit"])
            return Capped(stacked(term.sums[0]), **term.values)
        if term.name == Capped.name or term.sums or not term.name.isidentifier():
            wrong = term.sums[-1][0] if term.sums else term
            _NOTATION.refuse(spec, wrong.position)
        return build(term.name, dict(term.values))

    def stacked(terms: tuple[Term, ...]) -> Mechanism:
        parts = [built(term) for term in terms]
        return parts[0] if len(parts) == 1 else Stack.of(*parts)

    return stacked(_NOTATION.terms(spec))
