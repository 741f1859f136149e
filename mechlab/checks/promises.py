"""Money promises: that payments sum to zero, and that honesty never costs."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from mechlab.checks.exact import exact_payments
from mechlab.checks.measures import Worst, clean
from mechlab.checks.play import members, play
from mechlab.checks.states import EPISODES, sampled
from mechlab.checks.verdict import Verdict
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.simulation import simulate

ROUNDING = 1e-9  # of the game's unit
_DRAWN = 5  # agents in a drawn state: the formula does not know how many there are


def balance(mechanism: Mechanism, game: Game, seen: Worst) -> Verdict:
    """Whether payments sum to zero: in all sampled plays, and exactly in drawn states."""
    money, largest = game.vocabulary.money, seen.value
    if largest:
        flow = "comes in from outside" if largest > 0 else "leaves the group"
        words = f"Not budget-balanced: up to {money(abs(largest))} a round {flow}."
        return Verdict("balance", False, words, {"largest_sum": largest}, seen.play)
    holds, words, off = _exactly(mechanism, game)
    return Verdict("balance", holds, words, {"largest_sum": off})


def _exactly(mechanism: Mechanism, game: Game) -> tuple[bool, str, float]:
    """Whether payments sum to zero in drawn states, in words, and by how much they do not."""
    try:
        paid = exact_payments(mechanism, _DRAWN, game.unit)
    except TypeError:  # a formula for floating-point numbers only: say so
        return True, "Payments sum to zero in all sampled plays, but for rounding.", 0.0
    if not any(map(any, paid)):
        return True, "Nothing is paid, so nothing comes in or goes out.", 0.0
    sums = [sum(one, Fraction(0)) for one in paid]
    if not any(sums):
        return True, "Payments sum to zero in every round, exactly: in rational arithmetic.", 0.0
    off = float(max(map(abs, sums)))
    if off < ROUNDING * game.unit and not all(isinstance(total, Fraction) for total in sums):
        return True, "Payments sum to zero in every round, but for rounding.", 0.0
    words = (
        "Not budget-balanced: payments sum to zero in all sampled plays of this game, and not in "
        f"states that others could reach (off by up to {game.vocabulary.money(off)})."
    )
    return False, words, off


def rationality(mechanism: Mechanism, game: Game) -> Verdict:
    """Whether the payments to an honest agent are ever below zero over an episode."""
    worst, shown, earned, usual = np.inf, None, 0.0, 0.0
    for group in sampled(game):
        if not group.startswith("honest"):
            continue
        episodes = simulate(game, members(game, group), mechanism, episodes=EPISODES)
        paid = episodes.payments[:, 0]
        b = int(paid.argmin())
        if group == f"honest*{game.agents}":
            usual = float(episodes.payments.mean())
        if paid[b] < worst:
            worst, earned = float(paid[b]), float(episodes.produced[b, 0])
            shown = play(game, mechanism, group, check="rationality", episode=b)
    worst, money = clean(worst, game), game.vocabulary.money
    values = {"worst_payment": worst, "earned": earned, "mean_among_honest": clean(usual, game)}
    if worst >= 0:
        words = "Honest agents lose nothing by it, whatever the others do (in all sampled groups)."
        return Verdict("rationality", True, words, values)
    words = (
        f"An honest agent can lose {money(-worst)} an episode by it, of {money(earned)} that it "
        f"then earns; among honest agents it is paid {money(clean(usual, game))} on average."
    )
    return Verdict("rationality", False, words, values, shown)
