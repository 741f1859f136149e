"""Payments in rational arithmetic, where rounding cannot hide a cent."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import fields
from fractions import Fraction
from typing import Any

import numpy as np

from mechlab.flows import FIELDS, Amounts, Flows
from mechlab.mechanism import Mechanism

_STATES = 20
_MOST = 12  # units in a cell of a drawn state


def rational(value: Any) -> Any:
    """Return a mechanism, or a parameter, with fractions in place of floating-point numbers.

    A mechanism stays what it is but for its numbers, which are not checked again.

    >>> from mechanisms import Royalty
    >>> rational(Royalty(share=0.5)).share
    Fraction(1, 2)
    """
    if isinstance(value, tuple):
        return tuple(map(rational, value))
    if isinstance(value, Mechanism):
        made = copy(value)
        for part in fields(value):
            object.__setattr__(made, part.name, rational(getattr(value, part.name)))
        return made
    return Fraction(value) if isinstance(value, float) else value


def drawn(agents: int, unit: float) -> Iterator[Flows]:
    """Yield states in which everything happens at once, of whole numbers and thirds."""
    rng = np.random.default_rng(0)
    for round in range(_STATES):
        now, past = (_amounts(rng, agents) for _ in range(2))
        exact: Any = Fraction(unit)
        yield Flows.over(now, past, round, exact)


def _amounts(rng: np.random.Generator, agents: int) -> Amounts:
    arrays = {}
    for name in FIELDS:
        shape = (1, agents) if name == "produced" else (1, agents, agents)
        units = rng.integers(0, _MOST, shape) * (rng.random(shape) < rng.random())
        if name != "produced":
            units[:, np.arange(agents), np.arange(agents)] = 0
        exact = [Fraction(int(unit), 3) for unit in units.ravel()]
        arrays[name] = np.array(exact, object).reshape(shape)
    return Amounts(**arrays)


def exact_payments(mechanism: Mechanism, agents: int, unit: float) -> list[list[Any]]:
    """Return what each agent is paid in each drawn state, in fractions if the formula keeps them.

    Raises:
        TypeError: for a mechanism whose formula works on floating-point numbers only.
    """
    rules = rational(mechanism)
    return [rules.payments(flows)[0].tolist() for flows in drawn(agents, unit)]
