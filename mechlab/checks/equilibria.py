"""Nash equilibria of a two-player game before and after a mechanism, by Gambit."""

from __future__ import annotations

import io
from typing import Any, Protocol, runtime_checkable

import numpy as np

from mechlab.checks.verdict import Verdict
from mechlab.errors import UserError
from mechlab.flows import Amounts, Array, Flows
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism

Equilibrium = tuple[tuple[float, ...], tuple[float, ...]]
Moves = tuple[tuple[str, ...], ...]

_SMALL = 8  # choices up to which mixed equilibria are enumerated too


@runtime_checkable
class Tabled(Protocol):
    """A two-player game with a payoff table, as ``matrix`` is."""

    @property
    def payoffs(self) -> Array:
        """What each player earns, (2, M, M)."""

    @property
    def moves(self) -> Moves:
        """The names of each player's choices."""

    def outcomes(self) -> Amounts:
        """What happens in one round of each pair of choices, row by row."""


def paid_table(mechanism: Mechanism, game: Tabled) -> Array:
    """The payoffs of one round with the payments of its outcome, (2, M, M)."""
    now = game.outcomes()
    unit = getattr(game, "unit", 1.0)
    past = Amounts.zeros(*now.produced.shape)
    earned = now.produced + mechanism.payments(Flows.over(now, past, 0, unit))
    return np.asarray(earned.T.reshape(game.payoffs.shape))


def equilibria(table: Array) -> list[Equilibrium]:
    """Return the Nash equilibria of a payoff table (2, M, M): the chances of each choice.

    All extreme ones up to 8 choices, those in pure strategies beyond.

    Raises:
        UserError: where pygambit is not installed.
    """
    gambit = _gambit()
    written = gambit.read_nfg(io.StringIO(_nfg(table)))
    if table.shape[1] <= _SMALL:
        found = gambit.nash.enummixed_solve(written, rational=False).equilibria
    else:
        found = gambit.nash.enumpure_solve(written).equilibria
    return [_chances(profile, written) for profile in found]


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


def nash(mechanism: Mechanism, game: Game) -> Verdict:
    """The equilibria of one round, before and after; best is where all give in each of them."""
    if not isinstance(game, Tabled):
        return Verdict("equilibria", None, "Equilibria are told of games from a payoff table only.")
    try:
        before, after = (equilibria(t) for t in (game.payoffs, paid_table(mechanism, game)))
    except UserError as error:
        return Verdict("equilibria", None, f"Not checked: {error}.")
    best = game.references["perfect"]
    wanted = len(best) - 1 if best else game.payoffs.shape[1] - 1
    holds = all(min(chances[wanted] for chances in found) > 1 - 1e-9 for found in after)
    values = {"before": float(len(before)), "after": float(len(after))}
    told = [_listed(found, game.moves) for found in (before, after)]
    words = f"Equilibria of one round before: {told[0]}. After: {told[1]}."
    return Verdict("equilibria", holds, words, values)


def _listed(found: list[Equilibrium], moves: Moves) -> str:
    """Each equilibrium in the names of the moves in use, with their chances if several."""
    pairs = [[_mixture(*played) for played in zip(pair, moves, strict=True)] for pair in found]
    return "; ".join(f"{row} against {column}" for row, column in pairs)


def _mixture(chances: tuple[float, ...], moves: tuple[str, ...]) -> str:
    used = [(move, chance) for move, chance in zip(moves, chances, strict=True) if chance > 1e-9]
    if len(used) == 1:
        return used[0][0]
    return " or ".join(f"{move} ({chance:.0%})" for move, chance in used)
