"""Budget balance: whether payments sum to zero, in plays and in rational arithmetic.

Rational arithmetic shows what rounding could hide: a formula that moves a cent more than it takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import fields
from fractions import Fraction
from typing import Any

import numpy as np

from mechlab.checks._rounds import Measure, Round, SampledPlays
from mechlab.checks._verdict import CHECKS, Check, Verdict
from mechlab.flows import FIELDS, Amounts, Array, Flows
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism

NAME = "budget_balance"
_ROUNDING = 1e-9  # of the game's unit: sums of doubles are far closer, real leaks far larger
_AGENTS = 5  # in a drawn state: a formula does not know how many there are
_STATES = 20  # a formula that is off is off in almost every state
_MOST = 12  # units in a cell of a drawn state: enough to pass quotas and caps


def _sum(round: Round) -> Array:
    """What all agents together are paid, (B, 1)."""
    return np.asarray(round.paid.sum(axis=1, keepdims=True))


def _verdict(mechanism: Mechanism, game: Game, plays: SampledPlays) -> Verdict:
    """Whether payments sum to zero: in all sampled plays, and exactly in drawn states."""
    worst = plays.worst(NAME)
    assert worst is not None
    money, largest = game.vocabulary.money, worst.value
    if largest:
        flow = "comes in from outside" if largest > 0 else "leaves the group"
        words = f"Not budget-balanced: up to {money(abs(largest))} a round {flow}."
        return Verdict(NAME, False, words, {"largest_sum": largest}, worst.play)
    holds, words, off = _exactly(mechanism, game)
    return Verdict(NAME, holds, words, {"largest_sum": off})


def _exactly(mechanism: Mechanism, game: Game) -> tuple[bool, str, float]:
    """Whether payments sum to zero in drawn states, in words, and by how much they do not."""
    try:
        paid = exact_payments(mechanism, _AGENTS, game.unit)
    except TypeError:  # a formula for floating-point numbers only: say so
        return True, "Payments sum to zero in all sampled plays, except for rounding.", 0.0
    if not any(map(any, paid)):
        return True, "Nothing is paid, so nothing comes in or goes out.", 0.0
    sums = [sum(one, Fraction(0)) for one in paid]
    if not any(sums):
        return True, "Payments sum to zero in every round, exactly: in rational arithmetic.", 0.0
    off = float(max(map(abs, sums)))
    if off < _ROUNDING * game.unit and not all(isinstance(total, Fraction) for total in sums):
        return True, "Payments sum to zero in every round, except for rounding.", 0.0
    words = (
        "Not budget-balanced: payments sum to zero in all sampled plays of this game, but not in "
        f"states that others could reach (off by up to {game.vocabulary.money(off)})."
    )
    return False, words, off


def exact_payments(mechanism: Mechanism, agents: int, unit: float) -> list[list[Any]]:
    """Return what each agent is paid in each drawn state, in fractions if the formula keeps them.

    Raises:
        TypeError: for a mechanism whose formula works on floating-point numbers only.
    """
    exact = rational(mechanism)
    return [exact.payments(flows)[0].tolist() for flows in _drawn_states(agents, unit)]


def rational(value: Any) -> Any:
    """Return a mechanism, or a parameter, with fractions in place of floating-point numbers.

    The parameters are not checked again.

    >>> from mechanisms import Royalty
    >>> rational(Royalty(share=0.5)).share
    Fraction(1, 2)
    """
    if isinstance(value, tuple):
        return tuple(map(rational, value))
    if isinstance(value, Mechanism):
        exact = copy(value)
        for part in fields(value):
            object.__setattr__(exact, part.name, rational(getattr(value, part.name)))
        return exact
    return Fraction(value) if isinstance(value, float) else value


def _drawn_states(agents: int, unit: float) -> Iterator[Flows]:
    """Yield states in which everything happens at once, of whole numbers of thirds."""
    rng = np.random.default_rng(0)
    for round in range(_STATES):
        now, past = (_drawn_amounts(rng, agents) for _ in range(2))
        exact: Any = Fraction(unit)
        yield Flows.over(now, past, round, exact)


def _drawn_amounts(rng: np.random.Generator, agents: int) -> Amounts:
    arrays = {}
    for name in FIELDS:
        shape = (1, agents) if name == "produced" else (1, agents, agents)
        units = rng.integers(0, _MOST, shape) * (rng.random(shape) < rng.random())
        if name != "produced":
            units[:, np.arange(agents), np.arange(agents)] = 0
        exact = [Fraction(int(unit), 3) for unit in units.ravel()]
        arrays[name] = np.array(exact, object).reshape(shape)
    return Amounts(**arrays)


CHECKS.add(NAME, Check(NAME, "payments sum to zero", _verdict, Measure(_sum, np.abs)))
