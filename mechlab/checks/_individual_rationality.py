"""Individual rationality: whether an honest agent can lose by taking part."""

from __future__ import annotations

import numpy as np

from mechlab.checks._plays import Play, members
from mechlab.checks._rounds import EPISODES, SampledPlays, sampled_groups, without_rounding
from mechlab.checks._verdict import CHECKS, Check, Verdict
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.simulation import simulate

NAME = "individual_rationality"


def _verdict(mechanism: Mechanism, game: Game, plays: SampledPlays) -> Verdict:
    """Whether the payments to an honest agent are ever below zero over an episode."""
    worst, play, earned, usual = np.inf, None, 0.0, 0.0
    for group in sampled_groups(game):
        if not group.startswith("honest"):
            continue
        episodes = simulate(game, members(game, group), mechanism, episodes=EPISODES)
        paid = episodes.payments[:, 0]
        b = int(paid.argmin())
        if group == f"honest*{game.agents}":
            usual = without_rounding(float(episodes.payments.mean()), game)
        if paid[b] < worst:
            worst, earned = float(paid[b]), float(episodes.produced[b, 0])
            play = Play.of(game, mechanism, group, check=NAME, episode=b)
    worst, money = without_rounding(worst, game), game.vocabulary.money
    values = {"worst_payment": worst, "earned": earned, "mean_among_honest": usual}
    if worst >= 0:
        words = "Honest agents lose nothing by it, whatever the others do (in all sampled groups)."
        return Verdict(NAME, True, words, values)
    words = (
        f"An honest agent can lose {money(-worst)} by it in an episode, of {money(earned)} that it "
        f"then earns; among honest agents it is paid {money(usual)} on average."
    )
    return Verdict(NAME, False, words, values, play)


def worst_payment(mechanism: Mechanism, game: Game) -> float:
    """Return the least that an honest agent is paid in an episode, in all sampled groups."""
    return _verdict(mechanism, game, SampledPlays(mechanism, game, {})).values["worst_payment"]


CHECKS.add(NAME, Check(NAME, "honesty never costs", _verdict))
