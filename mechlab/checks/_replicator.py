"""Replicator dynamics: which of giving and withholding grows in a population under a mechanism.

Source: Taylor and Jonker, "Evolutionary Stable Strategies and Game Dynamics", Mathematical
Biosciences 40 (1978); for groups of more than two, Gokhale and Traulsen, "Evolutionary Games in the
Multiverse", PNAS 107 (2010).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.stats import binom

from mechlab.checks._plays import Fixed, row
from mechlab.checks._rounds import SampledPlays
from mechlab.checks._verdict import CHECKS, Check, Verdict
from mechlab.flows import Array
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.simulation import simulate

NAME = "replicator"
_GRID = 2001  # shares of givers: one for each twentieth of a percent
_WORK = 1280  # episodes times agents of each group: large groups average over agents
_FEWEST = 8  # episodes, for a standard error
_SURE = 3.0  # standard errors: luck exceeds them at one share of givers in 370
_HIDDEN = 0.5  # of all shares of givers: beyond it luck hides the answer


def advantages(mechanism: Mechanism, game: Game) -> Array:
    """What a giver earns more than a withholder among 0, 1, ..., N - 1 other givers, (B, N).

    Payments included; the mean over a group's agents of either kind, so that seats do not matter.
    Episodes share their luck.
    """
    give, hold = (Fixed.of(row(game, name)) for name in ("honest", "silent"))
    n, episodes = game.agents, max(_FEWEST, _WORK // game.agents)
    givers, holders = [], []  # by number of givers in the group
    for k in range(n + 1):
        played = simulate(game, (give,) * k + (hold,) * (n - k), mechanism, episodes=episodes)
        earned = played.produced + played.payments
        if k:
            givers.append(earned[:, :k].mean(axis=1))
        if k < n:
            holders.append(earned[:, k:].mean(axis=1))
    return np.asarray(np.stack(givers, axis=1) - np.stack(holders, axis=1))


def drift(advantage: Array, share: Array) -> Array:
    """The growth of givers over withholders at each share x of givers: x' / (x (1 - x)).

    >>> drift(np.array([-1.0, 1.0]), np.array([0.0, 0.5, 1.0])).round(9) + 0.0
    array([-1.,  0.,  1.])
    """
    others = np.shape(advantage)[-1] - 1
    met = np.asarray(binom.pmf(np.arange(others + 1), others, np.asarray(share)[:, None]))
    return np.asarray(advantage @ met.T)


def growth(mechanism: Mechanism, game: Game) -> tuple[Array, Array, Array]:
    """Return shares of givers, the growth of givers at each, and its standard error."""
    share = np.linspace(0.0, 1.0, _GRID)
    grows = drift(advantages(mechanism, game), share)
    error = np.asarray(grows.std(axis=0, ddof=1) / np.sqrt(len(grows)))
    return share, np.asarray(grows.mean(axis=0)), error


def _verdict(mechanism: Mechanism, game: Game, plays: SampledPlays) -> Verdict:
    """From which shares of givers in a large population giving takes over.

    What luck could explain (3 standard errors) counts as no growth.
    """
    share, mean, error = growth(mechanism, game)
    sure = np.where(np.abs(mean) > _SURE * error + 1e-9 * game.unit, np.sign(mean), 0.0)
    crossings = [
        (_zero(share[i : j + 1], mean[i : j + 1]), bool(sure[i] < 0))
        for i, j in pairwise(np.flatnonzero(sure))
        if sure[i] != sure[j]
    ]
    values = {"advantage_among_none": float(mean[0]), "advantage_among_all": float(mean[-1])}
    values |= {f"rest_point_{i + 1}": at for i, (at, _) in enumerate(crossings)}
    hidden = float((sure == 0.0).mean()) if error.any() else 0.0  # by luck
    if hidden > _HIDDEN:
        words = "Which of giving and withholding grows cannot be told from luck."
        return Verdict(NAME, None, words, values)
    holds = bool(sure.min() >= 0.0 and sure.max() > 0.0)
    return Verdict(NAME, holds, _story(sure, crossings, hidden > 0.0), values)


def _zero(share: Array, mean: Array) -> float:
    """The first share at which a curve changes its sign, between two points by a straight line."""
    k = int((np.sign(mean) != np.sign(mean[0])).argmax())
    return float(share[k] - mean[k] * (share[k] - share[k - 1]) / (mean[k] - mean[k - 1]))


def _story(sure: Array, crossings: list[tuple[float, bool]], luck: bool) -> str:
    if not sure.any():
        return "Giving and withholding earn the same: neither grows."
    if not crossings:
        verb = "takes over" if sure.max() > 0 else "dies out in"
        hidden = ", but for shares at which luck hides which grows" if luck else ""
        return f"Giving {verb} a large population from any share of givers{hidden}."
    points = [
        f"above {100 * at:.3g}% givers they grow, below it they shrink"
        if up
        else f"shares near {100 * at:.3g}% givers move towards it"
        for at, up in crossings
    ]
    return "In a large population " + "; ".join(points) + "."


CHECKS.add(NAME, Check(NAME, "giving takes over a population", _verdict))
