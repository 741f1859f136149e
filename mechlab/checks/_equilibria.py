"""Nash equilibria of a two-player game before and after a mechanism, by Gambit."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from mechlab.agents.deviations import Tabled, paid_table
from mechlab.checks._rounds import SampledPlays
from mechlab.checks._verdict import CHECKS, Check, Verdict
from mechlab.errors import UserError
from mechlab.flows import Array
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism

Equilibrium = tuple[tuple[float, ...], tuple[float, ...]]
Moves = tuple[tuple[str, ...], ...]

NAME = "equilibria"
_SMALL = 8  # choices up to which mixed equilibria are enumerated too: their number is exponential


def equilibria(table: Array) -> list[Equilibrium]:
    """Return the Nash equilibria of a payoff table (2, M, M): the chances of each choice.

    All extreme ones up to 8 choices, those in pure strategies beyond.

    Raises:
        UserError: where pygambit is not installed.
    """
    gambit = _gambit()
    written = gambit.read_nfg(io.StringIO(_nfg(table)))
    if table.shape[1] <= _SMALL:
        profiles = gambit.nash.enummixed_solve(written, rational=False).equilibria
    else:
        profiles = gambit.nash.enumpure_solve(written).equilibria
    return [_chances(profile, written) for profile in profiles]


def _gambit() -> Any:
    try:
        import pygambit
    except ImportError:
        raise UserError(
            "equilibria need pygambit, which is not installed: pip install 'mechlab[gambit]'"
        ) from None
    return pygambit


def _nfg(table: Array) -> str:
    """The table in Gambit's own format: payoffs by column, then by row."""
    choices = table.shape[1]
    cells = np.stack([pay.T.ravel() for pay in table], axis=1).ravel()
    numbers = " ".join(format(value, ".12g") for value in cells)
    return f'NFG 1 R "" {{ "row" "column" }} {{ {choices} {choices} }}\n\n{numbers}\n'


def _chances(profile: Any, game: Any) -> Equilibrium:
    row, column = (
        tuple(float(chance) for chance in dict(profile[player]).values()) for player in game.players
    )
    return row, column


def _verdict(mechanism: Mechanism, game: Game, plays: SampledPlays) -> Verdict:
    """The equilibria of one round, before and after; best is where all give in each of them."""
    if not isinstance(game, Tabled):
        return Verdict(NAME, None, "Equilibria are computed for games with a payoff table only.")
    try:
        before, after = (equilibria(t) for t in (game.payoffs, paid_table(mechanism, game)))
    except UserError as error:
        return Verdict(NAME, None, f"Not checked: {error}.")
    wanted = game.chances(game.behaviour(game.reference_rows("perfect")))
    holds = all(np.allclose(pair, wanted, atol=1e-9) for pair in after)
    values = {"before": float(len(before)), "after": float(len(after))}
    plain, paid = (_listed(pairs, game.moves) for pairs in (before, after))
    words = f"Equilibria of one round before: {plain}. After: {paid}."
    return Verdict(NAME, holds, words, values)


def _listed(pairs: list[Equilibrium], moves: Moves) -> str:
    """Each equilibrium in the names of the moves in use, with their chances if several."""
    named = [[_mixture(*player) for player in zip(pair, moves, strict=True)] for pair in pairs]
    return "; ".join(f"{row} against {column}" for row, column in named)


def _mixture(chances: tuple[float, ...], moves: tuple[str, ...]) -> str:
    used = [(move, chance) for move, chance in zip(moves, chances, strict=True) if chance > 1e-9]
    if len(used) == 1:
        return used[0][0]
    return " or ".join(f"{move} ({chance:.0%})" for move, chance in used)


CHECKS.add(NAME, Check(NAME, "all give in every equilibrium of one round", _verdict))
