"""What can be proved or attacked without a model: promises of a mechanism, checked in a game."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import numpy as np

from mechlab.checks.dynamics import replicator
from mechlab.checks.equilibria import nash
from mechlab.checks.farming import farming, flood, wasteful
from mechlab.checks.honesty import dominance, falsifying
from mechlab.checks.measures import finding, worst
from mechlab.checks.play import Play
from mechlab.checks.promises import balance, rationality
from mechlab.checks.verdict import Verdict, Verdicts
from mechlab.errors import unknown
from mechlab.games.base import Game, make_game
from mechlab.mechanism import Mechanism, check_fit, parse

__all__ = ["CHECKS", "Play", "Verdict", "Verdicts", "check", "finding"]

CHECKS = {
    "balance": "payments sum to zero",
    "rationality": "honesty never costs",
    "dominance": "honest giving pays more than anything else",
    "falsifying": "falsifying does not pay",
    "farming_1": "one agent is not paid for what nobody uses",
    "farming_2": "nor is a colluding pair",
    "selfish_group": "what it costs and produces where all are selfish",
    "equilibria": "all give in every equilibrium of one round",
    "replicator": "giving takes over a population",
}


def check(
    mechanism: str | Mechanism,
    game: str | Game = "sharing",
    *,
    settings: Mapping[str, Any] | None = None,
    only: Collection[str] = (),
) -> Verdicts:
    """Check what a mechanism promises in a game; nothing is asked of a model.

    What holds is shown over sampled plays, or by the rule itself on their flows; what fails comes
    with a play that shows it again.

    Args:
        mechanism: a mechanism or its specification.
        game: name of a game, or a game with its settings.
        settings: settings of a game given by name.
        only: names of ``CHECKS`` to do; all by default.

    Raises:
        UserError: for unknown names, or a mechanism that needs flows which the game lacks.

    >>> found = check("royalty(share=0.1)", "public_goods")
    >>> found["balance"].holds, found["farming_1"].holds, found["dominance"].holds
    (True, True, False)
    """
    rules = parse(mechanism) if isinstance(mechanism, str) else mechanism
    played = make_game(game, settings)
    check_fit(rules, played.fields, played.name)
    for name in only:
        if name not in CHECKS:
            raise unknown("check", name, CHECKS)
    wanted = [name for name in CHECKS if name in (only or CHECKS)]
    return Verdicts(rules, played, tuple(_checks(rules, played, wanted)))


def _checks(rules: Mechanism, game: Game, wanted: list[str]) -> list[Verdict]:
    """Do the checks; those that look at every round look at all of them in one go."""
    asks = {"balance", "dominance"}
    asks |= {"falsifying"} if any(np.any(act.falsified) for act in game.acts.values()) else set()
    asks |= {"farming_1", "farming_2"} if wasteful(game) else set()
    seen = worst(rules, game, [name for name in wanted if name in asks])
    honest = [f"honest*{game.agents}"]
    does: dict[str, Callable[[], Verdict]] = {
        "balance": lambda: balance(rules, game, seen["balance"]),
        "rationality": partial(rationality, rules, game),
        "dominance": lambda: dominance(
            game, seen["dominance"], worst(rules, game, ["dominance"], honest)["dominance"]
        ),
        "falsifying": lambda: falsifying(game, seen.get("falsifying")),
        "farming_1": lambda: farming(rules, game, 1, seen.get("farming_1")),
        "farming_2": lambda: farming(rules, game, 2, seen.get("farming_2")),
        "selfish_group": partial(flood, rules, game),
        "equilibria": partial(nash, rules, game),
        "replicator": partial(replicator, rules, game),
    }
    return [does[name]() for name in wanted]
