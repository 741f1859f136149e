"""What can be proved or attacked without a model: promises of a mechanism, checked in a game."""

from __future__ import annotations

from mechlab.checks.dynamics import replicator
from mechlab.checks.equilibria import nash
from mechlab.checks.farming import farming, flood
from mechlab.checks.honesty import dominance, falsifying
from mechlab.checks.promises import balance, rationality
from mechlab.checks.verdict import Play, Verdict, Verdicts
from mechlab.game import Game, make_game
from mechlab.mechanism import Mechanism, check_fit, parse

__all__ = ["Play", "Verdict", "Verdicts", "check"]


def check(mechanism: str | Mechanism, game: str | Game = "sharing") -> Verdicts:
    """Check what a mechanism promises in a game; nothing is asked of a model.

    The verdicts, by name: ``balance``, ``rationality``, ``dominance``, ``falsifying``,
    ``farming_1`` (by one agent), ``farming_2`` (by a colluding pair), ``selfish_group`` (what it
    costs and produces where all farm it), ``equilibria`` and ``replicator``. What holds is shown
    over sampled plays, or by the rule itself on their flows; what fails comes with an episode that
    can be played again.

    Raises:
        UserError: for unknown names, or a mechanism that needs flows which the game lacks.

    >>> found = check("royalty(share=0.1)", "public_goods")
    >>> found["balance"].holds, found["farming_1"].holds, found["dominance"].holds
    (True, True, False)
    """
    rules = parse(mechanism) if isinstance(mechanism, str) else mechanism
    played = make_game(game)
    check_fit(rules, played.fields, played.name)
    found = (
        balance(rules, played),
        rationality(rules, played),
        dominance(rules, played),
        falsifying(rules, played),
        farming(rules, played, 1),
        farming(rules, played, 2),
        flood(rules, played),
        nash(rules, played),
        replicator(rules, played),
    )
    return Verdicts(rules, played, found)
