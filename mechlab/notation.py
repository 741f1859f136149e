"""How mechanisms, populations and groups of agents are written: one grammar for all of them.

    sum   = term { "+" term }
    term  = name [ "(" [ item { "," item } ] ")" ] [ "*" count ]
    item  = parameter "=" value | sum
    value = number | true | false | word | 'text' | "[" value { "," value } "]"

For example ``capped(royalty(share=0.1), limit=500)`` and ``o3*5 + logit(lambda=2)*5``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from mechlab.errors import UserError

_NAME = re.compile(r"\s*([^\s*+()]+)")  # names of agents hold more than letters: a model, a path
_INNER_NAME = re.compile(r"\s*([^\s*+(),=]+)")  # in brackets, where "," and "=" mean something
_PARAMETER = re.compile(r"\s*([^\s*+(),=]+)\s*=")
_COUNT = re.compile(r"\s*(\d{1,9})")
_VALUE = re.compile(r"""\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s,()\[\]'"]+)""")
_SIGNS = {sign: re.compile(rf"\s*({re.escape(sign)})") for sign in "+*(),[]"}
_SWITCHES = {"true": True, "True": True, "false": False, "False": False}


@dataclass(frozen=True)
class Term:
    """One term of a sum.

    Attributes:
        name: its name. position: where in the text the name begins, from 0.
        values: the values in its brackets, by parameter.
        sums: the sums of terms in its brackets.
        count: how many of it; None where no number is given.
    """

    name: str
    position: int
    values: Mapping[str, Any] = field(default_factory=dict)
    sums: tuple[tuple[Term, ...], ...] = ()
    count: int | None = None


@dataclass(frozen=True)
class Notation:
    """What can be written in this grammar, with the error for what cannot.

    Attributes:
        kind: what is written ("population").
        examples: how one is written, for errors.
        nests: whether a term may hold others in its brackets, or else be counted.

    >>> groups = Notation("group", "'silent*2 + honest'")
    >>> [(term.name, term.count) for term in groups.terms("silent*2 + honest")]
    [('silent', 2), ('honest', None)]
    >>> groups.terms("silent*2 + *3")
    Traceback (most recent call last):
    mechlab.errors.UserError: a group is written like 'silent*2 + honest', got 'silent*2 + *3', \
which goes wrong at character 12
    """

    kind: str
    examples: str
    nests: bool = False

    def terms(self, text: str) -> tuple[Term, ...]:
        """Return the terms of a sum; raises ``UserError`` for what is none."""
        reader = _Reader(text, self.nests)
        try:
            terms = reader.sum(_NAME)
        except (_Unreadable, RecursionError):  # thousands of brackets in one another
            self.refuse(text, reader.position)
        if text[reader.position :].strip():
            self.refuse(text, reader.position)
        return terms

    def counted(self, text: str, agents: int) -> Iterator[tuple[Term, int]]:
        """Iterate over the terms of a group of agents, each with its number of agents.

        A single term without a count fills the group; one among several is one agent. Numbers that
        do not add up to ``agents`` raise ``UserError``.
        """
        terms = self.terms(text)
        default = agents if len(terms) == 1 else 1
        counts = [default if term.count is None else term.count for term in terms]
        check_size(f"{self.kind} {text!r}", sum(counts), agents)
        return zip(terms, counts, strict=True)

    def refuse(self, text: str, position: int) -> NoReturn:
        """Raise ``UserError`` for a text that goes wrong at a position, counted from 0."""
        rest = text[position:].lstrip()
        where = f"goes wrong at character {len(text) - len(rest) + 1}" if rest else "ends too early"
        raise UserError(
            f"a {self.kind} is written like {self.examples}, got {text!r}, which {where}"
        )


def check_size(group: str, size: int, agents: int) -> None:
    """Raise ``UserError`` where a group is not as large as the game is set to."""
    if size != agents:
        noun = "agent" if size == 1 else "agents"
        raise UserError(f"{group} has {size} {noun}; the game is set to {agents}")


def literal(value: Any) -> str:
    """Return a value as it is written: switches as in TOML, short whole numbers.

    >>> literal(1000.0), literal(True), literal("local")
    ('1000', 'true', "'local'")
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


class _Unreadable(Exception):
    """The text goes wrong where the reader stands."""


class _Reader:
    """Reads a text from the left; each method takes one rule of the grammar."""

    def __init__(self, text: str, nests: bool) -> None:
        self.text, self.nests, self.position = text, nests, 0

    def sum(self, name: re.Pattern[str]) -> tuple[Term, ...]:
        terms = [self.term(name)]
        while self.take(_SIGNS["+"]):
            terms.append(self.term(name))
        return tuple(terms)

    def term(self, pattern: re.Pattern[str]) -> Term:
        name = self.need(pattern)
        position = self.position - len(name)
        values: dict[str, Any] = {}
        sums = []
        for _ in self.items("(", ")"):
            parameter = self.take(_PARAMETER) if self.nests else self.need(_PARAMETER)
            if parameter in values:
                raise _Unreadable
            if parameter:
                values[parameter] = self.value()
            else:
                sums.append(self.sum(_INNER_NAME))
        counted = not self.nests and self.take(_SIGNS["*"])
        count = int(self.need(_COUNT)) if counted else None
        return Term(name, position, values, tuple(sums), count)

    def value(self) -> Any:
        if not _SIGNS["["].match(self.text, self.position):
            return _value(self.need(_VALUE))
        return [self.value() for _ in self.items("[", "]")]

    def items(self, start: str, end: str) -> Iterator[None]:
        """Stand before each item of a list in brackets, if one begins here."""
        if not self.take(_SIGNS[start]):
            return
        while not self.take(_SIGNS[end]):
            yield
            if not self.take(_SIGNS[","]):
                self.need(_SIGNS[end])
                return

    def take(self, pattern: re.Pattern[str]) -> str:
        """Return what comes next where it matches, and pass it; else an empty text."""
        match = pattern.match(self.text, self.position)
        if match is None:
            return ""
        self.position = match.end()
        return match[1]

    def need(self, pattern: re.Pattern[str]) -> str:
        """Return what comes next, which must match."""
        text = self.take(pattern)
        if not text:
            raise _Unreadable
        return text


def _value(text: str) -> Any:
    if text in _SWITCHES:
        return _SWITCHES[text]
    if text[0] in "'\"":
        try:
            return ast.literal_eval(text)
        except (SyntaxError, ValueError):  # of a wrong escape
            raise _Unreadable from None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
