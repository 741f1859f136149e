"""Whether it pays to give honestly, and whether it pays to falsify."""

from __future__ import annotations

from mechlab.checks.measures import Worst
from mechlab.checks.verdict import Verdict
from mechlab.games.base import Game


def dominance(game: Game, everywhere: Worst, at_honest: Worst) -> Verdict:
    """Whether one more unit of honest giving pays more than any alternative, in every state."""
    values = {
        "margin": everywhere.value,
        "margin_in_units": everywhere.value / game.unit,
        "margin_among_honest": at_honest.value,
        "margin_among_honest_in_units": at_honest.value / game.unit,
    }
    money, unit = game.vocabulary.money, game.vocabulary.unit
    best, least = at_honest.value, everywhere.value
    if least > 0:
        words = f"Honest giving is dominant: it pays at least {money(least)} more per {unit}."
        return Verdict("dominance", True, words, values)
    if best > 0:
        words = (
            f"Honest giving is a best response among honest agents, by {money(best)} per {unit}, "
            f"but not dominant: elsewhere it pays {_compared(least, money(-least))}."
        )
        return Verdict("dominance", False, words, values, everywhere.play)
    words = (
        "Honest giving is not even a best response among honest agents: it pays "
        f"{_compared(best, money(-best))}, per {unit}."
    )
    return Verdict("dominance", False, words, values, at_honest.play)


def _compared(margin: float, amount: str) -> str:
    other = "what could be done instead"
    return f"no more than {other}" if margin == 0 else f"{amount} less than {other}"


def falsifying(game: Game, most: Worst | None) -> Verdict:
    """Whether giving something false ever pays more than to give honestly or not at all."""
    if most is None:
        return Verdict("falsifying", None, "Nothing can be falsified in this game.")
    money, unit, gain = game.vocabulary.money, game.vocabulary.unit, most.value
    values = {"gain": gain, "gain_in_units": gain / game.unit}
    if gain > 0:
        words = f"Falsifying pays: up to {money(gain)} more per {unit} than honest alternatives."
        return Verdict("falsifying", False, words, values, most.play)
    less = "no more" if gain == 0 else f"at least {money(-gain)} less per {unit}"
    words = f"Falsifying does not pay: it brings {less} than to give honestly or not at all."
    return Verdict("falsifying", True, words, values)
