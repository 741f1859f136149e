"""Parameters that carry their range: declared once, read by validation, search, lists and docs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from mechlab.errors import UserError, unknown

_KEY = "mechlab.param"


@dataclass(frozen=True)
class Param:
    """What is known of one parameter.

    Attributes:
        default: the value when none is given; its type is the parameter's type.
        low, high: the smallest and largest valid value (numbers only).
        unit: unit of the value, in words ("dollars per piece").
        text: one line for lists and help.
        choices: the valid values of a parameter that is a word.
    """

    default: float | int | bool | str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    text: str = ""
    choices: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        """The range in words, with its unit.

        >>> Param(0.0, low=0, high=5000, unit="dollars per piece").range
        '[0, 5000] dollars per piece'
        """
        if isinstance(self.default, bool):
            return "{true, false}"
        if self.choices:
            return "{" + ", ".join(self.choices) + "}"
        low = "(-inf" if self.low is None else f"[{self.low:g}"
        high = "inf)" if self.high is None else f"{self.high:g}]"
        return f"{low}, {high} {self.unit}".strip()

    def checked(self, name: str, value: Any) -> Any:
        """Return ``value`` in the parameter's type, or raise ``UserError`` with rule and value."""
        if isinstance(self.default, bool) or isinstance(value, bool):
            valid = isinstance(self.default, bool) and isinstance(value, bool)
        elif isinstance(self.default, str):
            valid = isinstance(value, str) and (not self.choices or value in self.choices)
        else:
            valid = isinstance(value, (int, float)) and self._holds(float(value))
        if not valid:
            raise UserError(f"{name} must be in {self.range}, got {value!r}")
        return type(self.default)(value)

    def _holds(self, value: float) -> bool:
        whole = not isinstance(self.default, int) or value == math.floor(value)
        above = self.low is None or value >= self.low
        return math.isfinite(value) and whole and above and (self.high is None or value <= self.high)


def param(
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
    def build(cls, values: dict[str, Any]) -> Any:
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
