"""Parameters that carry their range: declared once, read by validation, search, lists and docs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import Any, ClassVar, Self

from mechlab.errors import UserError, unknown

_KEY = "mechlab.param"


@dataclass(frozen=True)
class Param:
    """The declaration of one parameter.

    Attributes:
        default: the value when none is given; its type is the parameter's type.
        low, high: the smallest and largest valid value (numbers only).
        unit: unit of the value, in words ("dollars per piece").
        text: one line for lists and help.
        choices: the valid values of a text; none where any text is valid.
    """

    default: float | int | bool | str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    text: str = ""
    choices: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        """The valid values as text: range and unit, or the choices.

        >>> Param(0.0, low=0, high=5000, unit="dollars per piece").range
        '[0, 5000] dollars per piece'
        """
        if isinstance(self.default, bool):
            return "{true, false}"
        if isinstance(self.default, str):
            return "{" + ", ".join(self.choices) + "}" if self.choices else "text"
        low = "(-inf" if self.low is None else f"[{self.low:.12g}"
        high = "inf)" if self.high is None else f"{self.high:.12g}]"
        return f"{low}, {high} {self.unit}".strip()

    def checked(self, name: str, value: Any) -> Any:
        """Return ``value`` in the parameter's type, or raise ``UserError`` with rule and value.

        >>> Param(20, low=1, unit="rounds").checked("rounds", 2.5)
        Traceback (most recent call last):
        mechlab.errors.UserError: rounds must be a whole number in [1, inf) rounds, got 2.5
        """
        if not self._accepts(value):
            kind = "a whole number in" if type(self.default) is int else "in"
            kind = "" if self.range == "text" else f"{kind} "
            raise UserError(f"{name} must be {kind}{self.range}, got {value!r}")
        return type(self.default)(value)

    def _accepts(self, value: Any) -> bool:
        if isinstance(self.default, bool) or isinstance(value, bool):
            return isinstance(self.default, bool) and isinstance(value, bool)
        if isinstance(self.default, str):
            return isinstance(value, str) and (not self.choices or value in self.choices)
        return isinstance(value, Real) and self._holds(value)

    def _holds(self, value: Real) -> bool:
        try:
            number = float(value)
        except OverflowError:  # a whole number beyond the largest double
            return False
        whole = isinstance(self.default, float) or number.is_integer()
        above = self.low is None or number >= self.low
        below = self.high is None or number <= self.high
        return math.isfinite(number) and whole and above and below


def param(  # noqa: PLR0913 # one keyword an attribute of Param
    default: float | int | bool | str,
    *,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    text: str = "",
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare a dataclass field that is a parameter: default, range, unit, one line of text."""
    declared = Param(default, low, high, unit, text, choices)
    declared.checked("default", default)
    return field(default=default, metadata={_KEY: declared})


class Parameterised:
    """Base of frozen dataclasses whose fields are parameters; checks them when constructed.

    >>> @dataclass(frozen=True)
    ... class Bonus(Parameterised):
    ...     name = "bonus"
    ...     rate: float = param(0.0, low=0, high=5000, unit="dollars per piece")
    >>> Bonus(rate=-3.0)
    Traceback (most recent call last):
    mechlab.errors.UserError: rate must be in [0, 5000] dollars per piece, got -3.0
    >>> Bonus.build({"rat": 1.0})
    Traceback (most recent call last):
    mechlab.errors.UserError: unknown parameter of bonus 'rat': did you mean 'rate'? (valid: rate)
    """

    name: ClassVar[str]

    def __post_init__(self) -> None:
        for name, declared in parameters(type(self)).items():
            object.__setattr__(self, name, declared.checked(name, getattr(self, name)))

    @classmethod
    def build(cls, values: Mapping[str, Any]) -> Self:
        """Construct from a mapping; an unknown name is an error with the nearest valid name."""
        valid = parameters(cls)
        for name in values:
            if name not in valid:
                raise unknown(f"parameter of {cls.name}", name, valid)
        return cls(**values)

    @property
    def params(self) -> dict[str, Any]:
        """The values of all parameters, by name."""
        return {name: getattr(self, name) for name in parameters(type(self))}


def parameters(cls: Any) -> dict[str, Param]:
    """Return the declared parameters of a class, by name, in order."""
    return {f.name: f.metadata[_KEY] for f in fields(cls) if _KEY in f.metadata}
