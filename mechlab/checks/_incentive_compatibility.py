"""Incentive compatibility: whether it pays to give honestly, whatever the others do."""

from __future__ import annotations

import numpy as np

from mechlab.checks._rounds import Measure, Round, SampledPlays
from mechlab.checks._verdict import CHECKS, Check, Verdict
from mechlab.flows import Array
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism

NAME = "incentive_compatibility"


def _margin(round: Round) -> Array:
    """What one more unit of honest giving brings beyond the best that could be done instead."""
    margins = [round.advantage(name) for name in _giving(round.game)]
    return np.asarray(np.minimum.reduce(margins))


def _giving(game: Game) -> tuple[str, ...]:
    """The acts of honest giving on request; of giving at all where nobody can ask."""
    answers = tuple(name for name, act in game.acts.items() if np.any(act.answered))
    return answers or tuple(name for name, act in game.acts.items() if np.any(act.given))


def _verdict(mechanism: Mechanism, game: Game, plays: SampledPlays) -> Verdict:
    """Whether one more unit of honest giving pays more than any alternative, in every state."""
    everywhere, at_honest = plays.worst(NAME), plays.worst_among(NAME, f"honest*{game.agents}")
    assert everywhere is not None
    least, best = everywhere.value, at_honest.value
    values = {
        "margin": least,
        "margin_in_units": least / game.unit,
        "margin_among_honest": best,
        "margin_among_honest_in_units": best / game.unit,
    }
    money, unit = game.vocabulary.money, game.vocabulary.unit
    if least > 0:
        words = f"Honest giving is dominant: it pays at least {money(least)} more per {unit}."
        return Verdict(NAME, True, words, values)
    if best > 0:
        words = (
            f"Honest giving is a best response among honest agents, by {money(best)} per {unit}, "
            f"but not dominant: elsewhere it pays {_compared(least, money(-least))}."
        )
        return Verdict(NAME, False, words, values, everywhere.play)
    words = (
        "Honest giving is not even a best response among honest agents: it pays "
        f"{_compared(best, money(-best))}, per {unit}."
    )
    return Verdict(NAME, False, words, values, at_honest.play)


def _compared(margin: float, amount: str) -> str:
    other = "what could be done instead"
    return f"no more than {other}" if margin == 0 else f"{amount} less than {other}"


_PROMISE = "honest giving pays more than anything else (it is dominant)"
CHECKS.add(NAME, Check(NAME, _PROMISE, _verdict, Measure(_margin, np.negative)))
