"""Whether it pays to give honestly, and whether it pays to falsify."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from mechlab.agents.choice import groups
from mechlab.checks.states import Seen, giving, honest, sampled, watch
from mechlab.checks.verdict import Play, Verdict
from mechlab.flows import Array
from mechlab.game import Game
from mechlab.incentives import marginal
from mechlab.mechanism import Mechanism


def dominance(mechanism: Mechanism, game: Game) -> Verdict:
    """Whether one more unit of honest giving pays more than any alternative, in every state."""
    everywhere, play = _margin(mechanism, game, sampled(game))
    at_honest, _ = _margin(mechanism, game, [(honest(game),) * game.agents])
    values = {"margin": everywhere, "margin_among_honest": at_honest}
    money, unit = game.words.money, game.words.unit
    if everywhere > 0:
        words = f"Honest giving is dominant: it pays at least {money(everywhere)} more per {unit}."
    elif at_honest > 0:
        words = (
            "Honest giving is a best response among honest agents, by "
            f"{money(at_honest)} per {unit}, "
            f"but not dominant: elsewhere it pays {_compared(everywhere, money(abs(everywhere)))}."
        )
    else:
        words = (
            "Honest giving is not even a best response among honest agents: it pays "
            f"{_compared(at_honest, money(abs(at_honest)))}, per {unit}."
        )
    return Verdict("dominance", everywhere > 0, words, values, play)


def _compared(margin: float, amount: str) -> str:
    other = "what could be done instead"
    return f"no more than {other}" if margin == 0 else f"{amount} less than {other}"


def _margin(
    mechanism: Mechanism, game: Game, some: Iterable[tuple[Mapping[str, float], ...]]
) -> tuple[float, Play | None]:
    """The smallest advantage of honest giving over its alternatives in the plays of some groups."""
    least, play = np.inf, None
    for group in some:
        for seen in watch(game, mechanism, group):
            gain = gains(mechanism, seen)
            for name in giving(game):
                advantage = gain[name] - _best_other(game, gain, name)
                b, i = np.unravel_index(int(advantage.argmin()), advantage.shape)
                if advantage[b, i] < least:
                    least = float(advantage[b, i])
                    play = seen.play(mechanism, game, int(b), int(i))
    return _clean(least, game), play


def gains(mechanism: Mechanism, seen: Seen) -> dict[str, Array]:
    """What one more unit of each act brings, game and mechanism together, (B, N)."""
    return {
        name: np.asarray(act.produced) + marginal(mechanism, seen.flows, act)
        for name, act in seen.acts.items()
    }


def _best_other(game: Game, gain: Mapping[str, Array], name: str) -> Array:
    """What the best act in place of this one brings; none at all brings 0."""
    group = next(group for group in groups(game.acts) if name in group)
    others = [gain[other] for other in group if other != name]
    return np.asarray(np.maximum.reduce([np.zeros_like(gain[name]), *others]))


def falsifying(mechanism: Mechanism, game: Game) -> Verdict:
    """Whether giving something false ever pays more than to give honestly or not at all."""
    false = [name for name, act in game.acts.items() if np.any(act.falsified)]
    if not false:
        return Verdict("falsifying", None, "Nothing can be falsified in this game.")
    most, play = -np.inf, None
    for group in sampled(game):
        for seen in watch(game, mechanism, group):
            gain = gains(mechanism, seen)
            for name in false:
                extra = gain[name] - _best_other(game, gain, name)
                b, i = np.unravel_index(int(extra.argmax()), extra.shape)
                if extra[b, i] > most:
                    most, play = float(extra[b, i]), seen.play(mechanism, game, int(b), int(i))
    most = _clean(most, game)
    money, unit = game.words.money, game.words.unit
    if most > 0:
        words = f"Falsifying pays: up to {money(most)} more per {unit} than honest alternatives."
        return Verdict("falsifying", False, words, {"gain": most}, play)
    less = "no more" if most == 0 else f"at least {money(-most)} less per {unit}"
    words = f"Falsifying does not pay: it brings {less} than to give honestly or not at all."
    return Verdict("falsifying", True, words, {"gain": most})


def _clean(value: float, game: Game) -> float:
    """Return 0 for what is nothing but rounding."""
    return 0.0 if abs(value) < 1e-9 * game.unit else round(value, 9)
