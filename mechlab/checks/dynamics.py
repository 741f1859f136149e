"""Replicator dynamics: which of giving and withholding grows in a population under a mechanism.

Source: Taylor and Jonker, "Evolutionary Stable Strategies and Game Dynamics", Mathematical
Biosciences 40 (1978); for groups of more than two, Gokhale and Traulsen, "Evolutionary Games in the
Multiverse", PNAS 107 (2010).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.stats import binom

from mechlab.checks.states import EPISODES, honest, withholding
from mechlab.checks.verdict import Fixed, Verdict
from mechlab.flows import Array
from mechlab.game import Game
from mechlab.mechanism import Mechanism
from mechlab.simulate import simulate

_GRID = 2001


def advantages(mechanism: Mechanism, game: Game) -> Array:
    """What a giver earns more than a withholder among 0, 1, ..., N - 1 other givers, per episode.

    Payments included; the mean over a group's agents of either kind, so that seats do not matter.
    """
    give, hold = (Fixed.of(row(game)) for row in (honest, withholding))
    n = game.agents
    earned = np.full((n + 1, 2), np.nan)  # by number of givers in the group; giver, withholder
    for k in range(n + 1):
        episodes = simulate(game, (give,) * k + (hold,) * (n - k), mechanism, episodes=EPISODES)
        mean = (episodes.produced + episodes.payments).mean(axis=0)
        earned[k] = [part.mean() if part.size else np.nan for part in (mean[:k], mean[k:])]
    return np.asarray(earned[1:, 0] - earned[:-1, 1])


def drift(advantage: Array, share: Array) -> Array:
    """The growth of givers over withholders at each share x of givers: x' / (x (1 - x)).

    >>> drift(np.array([-1.0, 1.0]), np.array([0.0, 0.5, 1.0])).round(9) + 0.0
    array([-1.,  0.,  1.])
    """
    others = len(advantage) - 1
    met = binom.pmf(np.arange(others + 1), others, np.asarray(share)[:, None])
    return np.asarray(met @ advantage)


def replicator(mechanism: Mechanism, game: Game) -> Verdict:
    """From which shares of givers in a large population giving takes over."""
    advantage = advantages(mechanism, game)
    share = np.linspace(0.0, 1.0, _GRID)
    grows = drift(advantage, share)
    grows[np.abs(grows) < 1e-9 * game.unit] = 0.0
    moves = np.flatnonzero(grows)
    crossings = [
        (float(share[[i, j]].mean()), bool(grows[i] < 0))
        for i, j in pairwise(moves)
        if grows[i] * grows[j] < 0
    ]
    values = {"advantage_among_none": advantage[0], "advantage_among_all": advantage[-1]}
    values |= {f"rest_point_{i + 1}": at for i, (at, _) in enumerate(crossings)}
    holds = bool(grows.min() >= 0.0 and grows.max() > 0.0)
    return Verdict("replicator", holds, _story(grows, crossings), values)


def _story(grows: Array, crossings: list[tuple[float, bool]]) -> str:
    if not crossings:
        if not grows.any():
            return "Giving and withholding earn the same: neither grows."
        return (
            "Giving takes over a large population from any share of givers."
            if grows.sum() > 0
            else "Giving dies out in a large population from any share of givers."
        )
    points = [
        f"above {at:.0%} givers they grow, below it they shrink"
        if up
        else f"shares near {at:.0%} givers move towards it"
        for at, up in crossings
    ]
    return "In a large population " + "; ".join(points) + "."
