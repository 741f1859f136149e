"""Misreporting: whether it pays to give something false, rather than the truth or nothing."""

from __future__ import annotations

import numpy as np

from mechlab.checks._plays import Play, members
from mechlab.checks._rounds import EPISODES, SampledPlays, without_rounding
from mechlab.checks._verdict import CHECKS, Check, Verdict
from mechlab.flows import Array
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.simulation import Episodes, simulate

NAME = "misreporting"
_EPISODES = 4 * EPISODES  # what others do with false units varies with luck
_SURE = 3.0  # standard errors: a gain within them may be luck


def _verdict(mechanism: Mechanism, game: Game, plays: SampledPlays) -> Verdict:
    """Whether false answers are paid more than honest ones, or as much and more than to refuse.

    Payments alone are compared, of one agent among honest ones: what false units do to the others'
    production comes back to it in no game of ours. Who refuses answers nobody.
    """
    if not any(np.any(act.falsified) for act in game.acts.values()):
        return Verdict(NAME, None, "Nothing can be falsified in this game.")
    others = f"honest*{game.agents - 1}"
    group = f"ask&falsify&submit + {others}"
    false, honest, silent = (
        simulate(game, members(game, one), mechanism, episodes=_EPISODES)
        for one in (group, f"honest*{game.agents}", f"silent + {others}")
    )
    units = max(1.0, float(_falsified(game, honest).mean()))
    gains = {}
    for name, other in (("refusing", silent), ("honesty", honest)):
        more = false.payments[:, 0] - other.payments[:, 0]
        sure = abs(more.mean()) > _SURE * more.std(ddof=1) / len(more) ** 0.5
        gains[name] = without_rounding(float(more.mean()) / units, game) if sure else 0.0
    honesty = gains["honesty"]
    gain = honesty if honesty < 0 else max(gains.values())
    money, unit = game.vocabulary.money, game.vocabulary.unit
    values = {"gain": gain, "gain_in_units": gain / game.unit, **_over(gains)}
    play = Play.of(game, mechanism, group, check=NAME, episodes=_EPISODES)
    if gain > 0:
        than = max(gains, key=gains.__getitem__)
        words = f"False answers pay: {money(gain)} more per {unit} than {than}."
        return Verdict(NAME, False, words, values, play)
    less = "no more" if gain == 0 else f"{money(-gain)} less per {unit}"
    words = f"False answers do not pay: they are paid {less} than honest ones."
    return Verdict(NAME, True, words, values, play)


def _over(gains: dict[str, float]) -> dict[str, float]:
    return {f"gain_over_{name}": gain for name, gain in gains.items()}


def _falsified(game: Game, honest: Episodes) -> Array:
    """Units that agent 0 would have falsified: those that it gives where it is honest, (B,)."""
    return np.asarray(honest.given[:, 0].sum(axis=1))


CHECKS.add(NAME, Check(NAME, "false answers do not pay", _verdict))
