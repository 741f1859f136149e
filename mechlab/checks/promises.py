"""Money promises: that payments sum to zero, and that honesty never costs."""

from __future__ import annotations

import numpy as np

from mechlab.checks.states import EPISODES, honest, sampled, watch
from mechlab.checks.verdict import Fixed, Play, Verdict
from mechlab.game import Game
from mechlab.mechanism import Mechanism
from mechlab.simulate import simulate

ROUNDING = 1e-9  # of the gross payments of a round


def balance(mechanism: Mechanism, game: Game) -> Verdict:
    """Whether payments sum to zero in every round of every sampled episode, but for rounding."""
    worst, gross, play = 0.0, 0.0, None
    for group in sampled(game):
        for seen in watch(game, mechanism, group):
            paid = mechanism.payments(seen.flows)
            sums, sizes = paid.sum(axis=1), np.abs(paid).sum(axis=1)
            gross = max(gross, float(sizes.max()))
            b = int(np.abs(sums).argmax())
            if abs(sums[b]) > max(abs(worst), ROUNDING * sizes[b]):
                worst, play = float(sums[b]), seen.play(mechanism, game, b)
    money = game.words.money
    if play is None:
        words = "Payments sum to zero in every round" + ("." if gross else ", as nothing is paid.")
        return Verdict("balance", True, words, {"largest_sum": 0.0})
    flow = "comes in from outside" if worst > 0 else "leaves the group"
    words = f"Not budget-balanced: up to {money(abs(worst))} a round {flow}."
    return Verdict("balance", False, words, {"largest_sum": worst}, play)


def rationality(mechanism: Mechanism, game: Game) -> Verdict:
    """Whether the payments to an honest agent are ever below zero over an episode."""
    worst, earned, play = np.inf, 0.0, None
    for group in sampled(game):
        if group[0] != honest(game):
            continue
        episodes = simulate(game, tuple(map(Fixed.of, group)), mechanism, episodes=EPISODES)
        paid = episodes.payments[:, 0]
        b = int(paid.argmin())
        if paid[b] < worst:
            worst, earned = float(paid[b]), float(episodes.produced[b, 0])
            play = Play(game.name, game.params, str(mechanism), group, 0, b, None, 0)
    values, money = {"worst_payment": worst, "earned": earned}, game.words.money
    if worst >= -ROUNDING * game.unit:
        words = "Honest agents lose nothing by it, whatever the others do (in all sampled groups)."
        return Verdict("rationality", True, words, values, play)
    words = (
        f"An honest agent can lose {money(-worst)} an episode by it, "
        f"of {money(earned)} that it then earns."
    )
    return Verdict("rationality", False, words, values, play)
