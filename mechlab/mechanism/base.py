"""Mechanisms: parameterised objects that change what agents are paid, told or shown."""

from __future__ import annotations

import ast
import math
from abc import ABC
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np

from mechlab.errors import UserError
from mechlab.flows import Array, Flows
from mechlab.parameters import Parameterised
from mechlab.registry import Registry


@dataclass(frozen=True)
class Words:
    """A game's own nouns and verbs, for the sentences that agents read.

    >>> Words().money(1000)
    '$1,000'
    """

    unit: str = "piece of information"
    units: str = "pieces of information"
    give: str = "send"
    given: str = "sent"
    asked: str = "requested"
    product: str = "completed task"
    currency: str = "$"

    def money(self, amount: float) -> str:
        """Return an amount of the game's money in words."""
        digits = 0 if float(amount).is_integer() else 2
        return f"{self.currency}{amount:,.{digits}f}"


@dataclass(frozen=True)
class Mechanism(Parameterised, ABC):
    """A frozen dataclass of parameters with one pure method, ``payments``.

    A mechanism holds no state: what must be remembered is in ``flows.past``. One that works
    through words or sight instead of money leaves ``payments`` as it is and fills ``rule``,
    ``advises``/``instructions`` or ``hides``.

    Class attributes:
        name: its name in study files and on the command line.
        version: raised when behaviour changes, so that old results keep their meaning.
        needs: the fields of ``Flows`` that it reads; a game must fill them.
        balanced: whether payments sum to zero in every round of every episode.
        anonymous: whether renumbering the agents only renumbers the payments.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset()
    balanced: ClassVar[bool] = False
    anonymous: ClassVar[bool] = True

    def payments(self, flows: Flows) -> Array:
        """Return what each agent is paid this round: (B, N), in the game's money, + to the agent."""
        return np.zeros((flows.episodes, flows.agents))

    def rule(self, words: Words) -> str:
        """Return what agents are told of the payments: plain sentences in the game's words."""
        return ""

    @property
    def advises(self) -> frozenset[str]:
        """The steps of the protocol it gives, among ``ask``, ``answer`` and ``submit``."""
        return frozenset()

    def instructions(self, words: Words) -> tuple[str, ...]:
        """Return the advised steps as sentences, in their order."""
        return ()

    @property
    def hides(self) -> frozenset[str]:
        """The parts of an agent's view that disappear: ``board``, ``notices``, ``thoughts``."""
        return frozenset()

    def __str__(self) -> str:
        """The specification that ``parse`` reads back."""
        values = ", ".join(f"{name}={_literal(value)}" for name, value in self.params.items())
        return f"{self.name}({values})" if values else self.name


@dataclass(frozen=True)
class Stack(Mechanism):
    """Several mechanisms at once: payments add up, words and hidden parts join.

    >>> from mechanisms import Protocol, SharingBonus
    >>> str(Stack.of(SharingBonus(rate=500), Protocol()))
    'sharing_bonus(rate=500) + protocol'
    """

    name: ClassVar[str] = "stack"
    parts: tuple[Mechanism, ...]

    @classmethod
    def of(cls, *parts: Mechanism) -> Stack:
        """Stack ``parts`` in order."""
        return cls(parts)

    @property
    def needs(self) -> frozenset[str]:  # type: ignore[override] # derived from the parts
        """All fields that a part needs."""
        return frozenset().union(*(part.needs for part in self.parts))

    @property
    def balanced(self) -> bool:  # type: ignore[override] # derived from the parts
        """Whether every part is."""
        return all(part.balanced for part in self.parts)

    @property
    def anonymous(self) -> bool:  # type: ignore[override] # derived from the parts
        """Whether every part is."""
        return all(part.anonymous for part in self.parts)

    def payments(self, flows: Flows) -> Array:
        """Return the sum of the parts' payments."""
        return np.sum([part.payments(flows) for part in self.parts], axis=0)

    def rule(self, words: Words) -> str:
        """Join the parts' rules."""
        return " ".join(filter(None, (part.rule(words) for part in self.parts)))

    @property
    def advises(self) -> frozenset[str]:
        """All steps that a part advises."""
        return frozenset().union(*(part.advises for part in self.parts))

    def instructions(self, words: Words) -> tuple[str, ...]:
        """Join the parts' steps."""
        return tuple(step for part in self.parts for step in part.instructions(words))

    @property
    def hides(self) -> frozenset[str]:
        """All that a part hides."""
        return frozenset().union(*(part.hides for part in self.parts))

    def __str__(self) -> str:
        return " + ".join(map(str, self.parts))


@dataclass(frozen=True)
class Capped(Mechanism):
    """A mechanism whose payment to each agent and round stays within +-``limit``.

    Where the inner mechanism is balanced, the capped one need not be: it is declared unbalanced.

    >>> from mechanisms import SharingBonus
    >>> capped = Capped(SharingBonus(rate=1000), limit=2500)
    >>> capped.payments(Flows.of(given=[[[0, 4], [1, 0]]]))
    array([[2500., 1000.]])
    """

    name: ClassVar[str] = "capped"
    inner: Mechanism
    limit: float

    def __post_init__(self) -> None:
        if not (isinstance(self.limit, (int, float)) and self.limit >= 0):
            raise UserError(f"limit must be at least 0 dollars per agent and round, got {self.limit!r}")

    @property
    def needs(self) -> frozenset[str]:  # type: ignore[override] # derived from the parts
        """What the inner mechanism needs."""
        return self.inner.needs

    @property
    def anonymous(self) -> bool:  # type: ignore[override] # derived from the parts
        """Whether the inner mechanism is."""
        return self.inner.anonymous

    def payments(self, flows: Flows) -> Array:
        """Return the inner payments, clipped."""
        return np.clip(self.inner.payments(flows), -self.limit, self.limit)

    def rule(self, words: Words) -> str:
        """The inner rule, and the cap."""
        return f"{self.inner.rule(words)} No agent is paid or fined more than {words.money(self.limit)} a round."

    @property
    def advises(self) -> frozenset[str]:
        """What the inner mechanism advises."""
        return self.inner.advises

    def instructions(self, words: Words) -> tuple[str, ...]:
        """The inner mechanism's steps."""
        return self.inner.instructions(words)

    @property
    def hides(self) -> frozenset[str]:
        """What the inner mechanism hides."""
        return self.inner.hides

    def __str__(self) -> str:
        return f"capped({self.inner}, limit={_literal(self.limit)})"


MECHANISMS = Registry[type[Mechanism]]("mechanism", "mechlab.mechanisms")

M = TypeVar("M", bound=type[Mechanism])


def mechanism(cls: M) -> M:
    """Register a mechanism class under its ``name``; the outermost decorator of the class."""
    MECHANISMS.add(cls.name, cls)
    return cls


def parse(spec: str) -> Mechanism:
    """Build a mechanism from its specification.

    Raises:
        UserError: for an unknown mechanism or parameter, a value out of range, or bad syntax.

    >>> parse("sharing_bonus(rate=1000) + protocol")
    Stack(parts=(SharingBonus(rate=1000.0), Protocol(ask=True, answer=True, submit=True)))
    >>> str(parse("capped(royalty(share=0.1), limit=500)"))
    'capped(royalty(share=0.1), limit=500)'
    """
    try:
        tree = ast.parse(spec.strip(), mode="eval").body
    except SyntaxError:
        raise _malformed(spec) from None
    parts = [_single(node, spec) for node in _summands(tree)]
    return parts[0] if len(parts) == 1 else Stack.of(*parts)


def _summands(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _summands(node.left) + _summands(node.right)
    return [node]


def _single(node: ast.expr, spec: str) -> Mechanism:
    match node:
        case ast.Name(id=name):
            return MECHANISMS.get(name)()
        case ast.Call(func=ast.Name(id=Capped.name), args=[inner], keywords=[limit]):
            return Capped(parse(ast.unparse(inner)), _arguments([limit], spec).get("limit", math.nan))
        case ast.Call(func=ast.Name(id=name), args=[], keywords=keywords):
            built: Mechanism = MECHANISMS.get(name).build(_arguments(keywords, spec))
            return built
    raise _malformed(spec)


def _arguments(keywords: list[ast.keyword], spec: str) -> dict[str, Any]:
    try:
        return {str(k.arg): ast.literal_eval(_word(k.value)) for k in keywords}
    except ValueError:
        raise _malformed(spec) from None


def _word(node: ast.expr) -> ast.expr:
    """Read TOML's ``true`` and ``false`` as Python does ``True`` and ``False``."""
    words = {"true": True, "false": False}
    if isinstance(node, ast.Name) and node.id in words:
        return ast.Constant(words[node.id])
    return node


def _malformed(spec: str) -> UserError:
    return UserError(
        f"a mechanism is written like 'sharing_bonus(rate=1000) + protocol', got {spec!r}"
    )


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return repr(value)


def check_fit(mechanism: Mechanism, fields: frozenset[str], game: str) -> None:
    """Raise ``UserError`` where ``mechanism`` reads flows that the game does not fill."""
    missing = mechanism.needs - fields
    if missing:
        raise UserError(
            f"{mechanism.name} needs the flows {', '.join(sorted(missing))}, "
            f"which the game {game!r} lacks (it has: {', '.join(sorted(fields))})"
        )
