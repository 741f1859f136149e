"""Pure strategies: what an agent can do in a round, or in every round, by names.

Acts that exclude each other are linked by ``Act.instead``: a piece is falsified in place of being
sent honestly. The propensity of such an act is the chance that it takes the place of the other,
given that the other would have been done.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import product

import numpy as np

from mechlab.errors import unknown
from mechlab.flows import Array
from mechlab.games.base import Game
from mechlab.mechanism.incentives import Act

Row = Mapping[str, float]
IDLE = "idle"
ROUNDING = 1e-9  # of the game's unit: incomes that differ by less are the same

_ALL = 4  # of so many acts that exclude each other all are tried; of more, the first and the last
_PARTS = 20  # grid of an act that is done in units: the tokens of a public goods game


def groups(acts: Mapping[str, Act]) -> list[tuple[str, ...]]:
    """Return the acts in groups of which an agent does one at a time, or none.

    >>> groups({"ask": Act(), "answer": Act(), "falsify": Act(instead="answer")})
    [('ask',), ('answer', 'falsify')]
    """
    members: dict[str, list[str]] = {}
    for name in acts:
        members.setdefault(_line(acts, name)[-1], []).append(name)
    return [tuple(names) for names in members.values()]


def _line(acts: Mapping[str, Act], name: str) -> list[str]:
    """Return an act, the one in whose place it is done, the one in whose place that is done, ..."""
    names = [name]
    while acts[names[-1]].instead:
        names.append(acts[names[-1]].instead)
    return names


def layout(acts: Mapping[str, Act], chances: Mapping[str, float]) -> dict[str, float]:
    """Return the propensities of an agent that does each act with such a chance.

    >>> acts = {"answer": Act(), "falsify": Act(instead="answer")}
    >>> layout(acts, {"answer": 0.6, "falsify": 0.2})
    {'answer': 0.8, 'falsify': 0.25}
    """
    reached = dict.fromkeys(acts, 0.0)
    for name in acts:
        for passed in _line(acts, name):
            reached[passed] += chances.get(name, 0.0)
    before = {name: reached[act.instead] if act.instead else 1.0 for name, act in acts.items()}
    return {name: reached[name] / before[name] if before[name] else 0.0 for name in acts}


@lru_cache(maxsize=64)
def strategies(game: Game) -> dict[str, Row]:
    """Return the behaviours of the pure strategies of a game by name, idleness first.

    Every combination of acts that are done always or never; of an act that is done in units, as
    tokens are given, also in part, on a grid of at most 20; then the ``extremes`` of the game.

    >>> from mechlab.games.base import make_game
    >>> list(strategies(make_game("public_goods", {"endowment": 2})))
    ['idle', 'give', 'give(share=0.5)']
    """
    options = []
    for group in groups(game.acts):
        few = group if len(group) <= _ALL or game.repeated else (group[0], group[-1])
        options.append(("", *few))
    whole = ["&".join(filter(None, parts)) or IDLE for parts in product(*options)]
    units = np.unique(np.round(np.linspace(game.steps, 0, min(game.steps, _PARTS) + 1)))[-2:0:-1]
    in_part = [
        f"{name}(share={count / game.steps:.12g})" for name in whole[1:] for count in units.tolist()
    ]
    return {name: strategy(game, name) for name in (*whole, *in_part, *game.extremes)}


def strategy(game: Game, name: str) -> Row:
    """Return the behaviour of a pure strategy: acts joined by "&", idleness or an extreme.

    Raises:
        UserError: for a name that is none of these.
    """
    if name in game.extremes:
        return game.extremes[name]
    joined, share = part_of(name)
    done = () if joined == IDLE else joined.split("&")
    for act in done:
        if act not in game.acts:
            raise unknown("behaviour", act, [*game.acts, *game.extremes, "honest", "silent", IDLE])
    acts = layout(game.acts, dict.fromkeys(done, share))
    return {**game.habits(acts), **acts}


def part_of(name: str) -> tuple[str, float]:
    """Return the acts of a strategy, and the share to which it does them.

    >>> part_of("give(share=0.25)")
    ('give', 0.25)
    """
    acts, _, share = name.removesuffix(")").partition("(share=")
    return acts, float(share) if share else 1.0


@lru_cache(maxsize=64)
def strategy_rows(game: Game, extremes: bool = True) -> dict[str, Array]:
    """Return the behaviours of ``strategies`` as rows of propensities, (A,), by name."""
    chosen = {n: row for n, row in strategies(game).items() if extremes or n not in game.extremes}
    return dict(zip(chosen, game.behaviour(list(chosen.values())), strict=True))
