"""Properties of a mechanism in a game, proved or attacked without a model.

``check`` judges those in ``CHECKS``: each is registered by the file of its name, as a function of
the mechanism, the game and sampled plays that returns a ``Verdict``. Every failure comes with a
``Play`` that shows it again; ``finding`` is the number that it shows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

# The order of import is the order in which checks are listed: money first, then behaviour.
# isort: off
from mechlab.checks import _budget_balance  # noqa: F401
from mechlab.checks import _individual_rationality  # noqa: F401
from mechlab.checks import _incentive_compatibility  # noqa: F401
from mechlab.checks import _misreporting  # noqa: F401
from mechlab.checks import _farming  # noqa: F401
from mechlab.checks import _equilibria  # noqa: F401
from mechlab.checks import _replicator  # noqa: F401
from mechlab.checks import _acts  # noqa: F401

# isort: on
from mechlab.checks._plays import Fixed, Play
from mechlab.checks._rounds import SampledPlays
from mechlab.checks._verdict import CHECKS, SIGNS, Check, Verdict, Verdicts, finding
from mechlab.games.base import Game, make_game
from mechlab.mechanism import Mechanism, check_fit, parse

__all__ = [
    "CHECKS",
    "SIGNS",
    "Check",
    "Fixed",
    "Play",
    "Verdict",
    "Verdicts",
    "check",
    "finding",
]


def check(
    mechanism: str | Mechanism,
    game: str | Game = "sharing",
    *,
    settings: Mapping[str, Any] | None = None,
    only: Collection[str] = (),
) -> Verdicts:
    """Check what a mechanism promises in a game; no model is asked.

    What holds is shown over sampled plays, or by the rule itself on their flows; what fails comes
    with a play that shows it again.

    Args:
        mechanism: a mechanism or its specification.
        game: name of a game, or a game with its settings.
        settings: settings of a game given by name.
        only: names of ``CHECKS`` to do; all by default.

    Raises:
        UserError: for unknown names, or a mechanism that needs flows which the game lacks.

    >>> verdicts = check("royalty(share=0.1)", "public_goods")
    >>> names = ("budget_balance", "farming_1", "incentive_compatibility")
    >>> [verdicts[name].holds for name in names]
    [True, True, False]
    """
    rules = parse(mechanism) if isinstance(mechanism, str) else mechanism
    played = make_game(game, settings)
    check_fit(rules, played.fields, played.name, played.vocabulary)
    wanted = {name: CHECKS.get(name) for name in only or CHECKS}
    checks = {name: wanted[name] for name in CHECKS if name in wanted}
    measures = {name: one.measure for name, one in checks.items() if one.measure}
    plays = SampledPlays(rules, played, measures)
    return Verdicts(rules, played, tuple(c.verdict(rules, played, plays) for c in checks.values()))
