"""Misreporting: whether it pays to give something false."""

from __future__ import annotations

import numpy as np

from mechlab.checks._rounds import Measure, Round, SampledPlays
from mechlab.checks._verdict import CHECKS, Check, Verdict
from mechlab.flows import Array
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism

NAME = "misreporting"


def _gain(round: Round) -> Array:
    """What one more false unit brings beyond the best that could be done instead."""
    return np.asarray(np.maximum.reduce([round.advantage(name) for name in _false(round.game)]))


def _false(game: Game) -> list[str]:
    return [name for name, act in game.acts.items() if np.any(act.falsified)]


def _verdict(mechanism: Mechanism, game: Game, plays: SampledPlays) -> Verdict:
    """Whether giving something false ever pays more than to give honestly or not at all."""
    most = plays.worst(NAME)
    if most is None:
        return Verdict(NAME, None, "Nothing can be falsified in this game.")
    money, unit, gain = game.vocabulary.money, game.vocabulary.unit, most.value
    values = {"gain": gain, "gain_in_units": gain / game.unit}
    if gain > 0:
        words = f"Falsifying pays: up to {money(gain)} more per {unit} than honest alternatives."
        return Verdict(NAME, False, words, values, most.play)
    less = "no more" if gain == 0 else f"at least {money(-gain)} less per {unit}"
    words = f"Falsifying does not pay: it brings {less} than to give honestly or not at all."
    return Verdict(NAME, True, words, values)


_MEASURE = Measure(_gain, applies=lambda game: bool(_false(game)))
CHECKS.add(NAME, Check(NAME, "falsifying does not pay", _verdict, _MEASURE))
