"""What is measured in a round, and where in all sampled plays it is worst."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mechlab.agents.choice import groups
from mechlab.checks.play import Play
from mechlab.checks.states import Seen, giving, sampled, watch
from mechlab.flows import Array, Flows
from mechlab.games.base import Game, make_game
from mechlab.mechanism import Mechanism, parse

_WASTE = ("given", "answered", "asked")  # a unit that is asked for, given, and never used


@dataclass(frozen=True)
class Measure:
    """A number for each episode and agent, or for each episode, (B, N) or (B, 1).

    Attributes:
        of: computes it from a round. bad: how bad it is: what is looked for is the worst.
    """

    of: Callable[[Seen], Array]
    bad: Callable[[Array], Array]


def _sum(seen: Seen) -> Array:
    """What all agents together are paid."""
    return np.asarray(seen.paid.sum(axis=1, keepdims=True))


def _margin(seen: Seen) -> Array:
    """What one more unit of honest giving brings beyond the best that could be done instead."""
    margins = [seen.gains[name] - _best_other(seen, name) for name in giving(seen.game)]
    return np.asarray(np.minimum.reduce(margins))


def _falsifying(seen: Seen) -> Array:
    """What one more falsified unit brings beyond the best that could be done instead."""
    false = [name for name, act in seen.game.acts.items() if np.any(act.falsified)]
    return np.asarray(np.maximum.reduce([seen.gains[n] - _best_other(seen, n) for n in false]))


def _best_other(seen: Seen, name: str) -> Array:
    """What the best act in place of this one brings; none at all brings 0."""
    group = next(group for group in groups(seen.game.acts) if name in group)
    others = [seen.gains[other] for other in group if other != name]
    return np.asarray(np.maximum.reduce([np.zeros_like(seen.gains[name]), *others]))


def _alone(seen: Seen) -> Array:
    """What one more unit that nobody uses pays agent 0, who gives it unasked."""
    return _extra(seen, 1, ("given",), 1)


def _together(seen: Seen) -> Array:
    """What one more unit that nobody uses pays agents 0 and 1 together.

    Given by the one to the other, who asked for it, or to somebody else, who did not.
    """
    between = _extra(seen, 1, _WASTE, 2)
    if seen.flows.agents == 2:
        return between
    return np.maximum(between, _extra(seen, 2, ("given",), 2))


def _extra(seen: Seen, receiver: int, fields: Sequence[str], colluders: int) -> Array:
    """What the first agents are paid for one more unit from agent 0 to a receiver, (B, 1)."""
    flows = seen.flows
    arrays = {name: array.copy() for name, array in flows.arrays()}
    for name in fields:
        pair = (receiver, 0) if name == "asked" else (0, receiver)
        arrays[name][:, *pair] += 1.0
    wasted = Flows(**arrays, past=flows.past, round=flows.round, unit=flows.unit)
    extra = seen.mechanism.payments(wasted) - seen.paid
    return np.asarray(extra[:, :colluders].sum(axis=1, keepdims=True))


MEASURES = {
    "balance": Measure(_sum, np.abs),
    "dominance": Measure(_margin, np.negative),
    "falsifying": Measure(_falsifying, np.asarray),
    "farming_1": Measure(_alone, np.asarray),
    "farming_2": Measure(_together, np.asarray),
}


@dataclass(frozen=True)
class Worst:
    """The worst value of a measure, and where it was seen."""

    value: float
    bad: float
    play: Play


def worst(
    mechanism: Mechanism, game: Game, checks: Iterable[str], some: Iterable[str] = ()
) -> dict[str, Worst]:
    """Return the worst of each named measure over the plays of some groups; of all by default."""
    names, found = tuple(checks), dict[str, Worst]()
    for group in tuple(some) or sampled(game):
        for seen in watch(game, mechanism, group) if names else ():
            for name in names:
                measure = MEASURES[name]
                values = measure.of(seen)
                bad = measure.bad(values)
                b, i = (int(k) for k in np.unravel_index(int(bad.argmax()), bad.shape))
                if name not in found or bad[b, i] > found[name].bad:
                    shown = seen.play(name, b, i)
                    found[name] = Worst(clean(values[b, i], game), float(bad[b, i]), shown)
    return found


def finding(play: Play) -> float:
    """Return the number that a play was shown for, found anew.

    It is the measure of its check in its round, or where it has no round what the agent, or the
    colluding pair, was paid in an episode, on average.

    >>> finding(Play("public_goods", "sharing_bonus(rate=0.5)", "honest*4", "dominance", round=3))
    -0.1
    """
    game, mechanism = make_game(play.game, play.settings), parse(play.mechanism)
    if play.round is None:
        payments = play.replay().payments
        paid = 2 if play.check == "farming_2" else 1  # the agents whose payments are the finding
        return clean(payments[:, play.agent : play.agent + paid].sum(axis=1).mean(), game)
    for seen in watch(game, mechanism, play.group):
        if seen.flows.round == play.round:
            return clean(MEASURES[play.check].of(seen)[play.episode, play.agent], game)
    raise ValueError(f"round must be below {game.rounds}, got {play.round}")


def clean(value: float, game: Game) -> float:
    """Return 0 for what is nothing but rounding."""
    return 0.0 if abs(value) < 1e-9 * game.unit else float(f"{value:.12g}")
