"""Nash equilibria of a two-player game before and after a mechanism, by Gambit."""

from __future__ import annotations

import io
from typing import Any, Protocol, runtime_checkable

import numpy as np

from mechlab.checks.verdict import Verdict
from mechlab.errors import UserError
from mechlab.flows import Amounts, Array, Flows
from mechlab.game import Game
from mechlab.mechanism import Mechanism

Equilibrium = tuple[tuple[float, ...], tuple[float, ...]]

_SMALL = 8  # choices up to which mixed equilibria are enumerated too


@runtime_checkable
class Tabled(Protocol):
    """A two-player game with a payoff table, as ``matrix`` is."""

    @property
    def payoffs(self) -> Array:
        """What each player earns, (2, M, M)."""

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
        return Verdict("equilibria", None, f"{error}.")
    best = game.references["ceiling"]
    wanted = len(best) - 1 if best else game.payoffs.shape[1] - 1
    holds = all(min(chances[wanted] for chances in found) > 1 - 1e-9 for found in after)
    values = {"before": float(len(before)), "after": float(len(after))}
    words = f"Before: {_listed(before)}. After: {_listed(after)}."
    return Verdict("equilibria", holds, words, values)


def _listed(found: list[Equilibrium]) -> str:
    return "; ".join(f"{_mixture(row)} against {_mixture(column)}" for row, column in found)


def _mixture(chances: tuple[float, ...]) -> str:
    """The choices in use by number, from 1, with their chances where there are several."""
    used = [(k + 1, chance) for k, chance in enumerate(chances) if chance > 1e-9]
    if len(used) == 1:
        return f"choice {used[0][0]}"
    return " or ".join(f"{k} ({chance:.0%})" for k, chance in used)
