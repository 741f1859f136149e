"""PettingZoo: its environments under our mechanisms, and our games as its environments.

Needs the extra ``mechlab[pettingzoo]``; without it, importing this module raises ``UserError``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mechlab.errors import UserError

try:
    import pettingzoo
except ImportError:
    raise UserError(
        "PettingZoo environments need pettingzoo, which is not installed: "
        "pip install 'mechlab[pettingzoo]'"
    ) from None

from mechlab.adapters._environments import GameRounds, GameTurns
from mechlab.adapters._verbs import Step, Verbs, rps, simple_spread, verbs
from mechlab.adapters._wrappers import ParallelPayments, TurnPayments
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism, parse
from mechlab.simulation import scenario

__all__ = [
    "MechanismWrapper",
    "Step",
    "Verbs",
    "env",
    "parallel_env",
    "rps",
    "simple_spread",
    "verbs",
]


def MechanismWrapper(
    env: Any, mechanism: str | Mechanism, *, flows: Verbs
) -> ParallelPayments | TurnPayments:
    """Put an environment under a mechanism: rewards become rewards plus payments.

    Args:
        env: a ``ParallelEnv`` or an ``AECEnv``.
        mechanism: a mechanism or its specification.
        flows: translates a step into flows: a function of your own under the decorator ``verbs``,
            or ``rps`` or ``simple_spread``, for the environments of these names.

    Returns a wrapper of the same kind. ``infos`` hold an agent's ``payment`` and its
    ``production``; its reward is their sum. ``UserError`` for something else than an environment,
    or a mechanism that needs flows which ``flows`` does not fill.

    >>> from pettingzoo.classic import rps_v2
    >>> env = MechanismWrapper(rps_v2.parallel_env(), "team_share(share=1)", flows=rps)
    >>> observations, infos = env.reset(seed=0)
    >>> env.step({"player_0": 0, "player_1": 1})[1]
    {'player_0': 0.0, 'player_1': 0.0}
    """
    rules = parse(mechanism) if isinstance(mechanism, str) else mechanism
    if isinstance(env, pettingzoo.ParallelEnv):
        return ParallelPayments(env, rules, flows)
    if isinstance(env, pettingzoo.AECEnv):
        return TurnPayments(env, rules, flows)
    raise UserError(f"a ParallelEnv or an AECEnv of PettingZoo is expected, got {env!r}")


def env(
    game: str | Game,
    mechanism: str | Mechanism | None = None,
    *,
    condition: str = "baseline",
    settings: Mapping[str, Any] | None = None,
) -> GameTurns:
    """Return one of our games turn by turn, every agent a player; rewards include payments.

    Observations are flat; ``parts`` names their parts. An action that the game refuses does
    nothing, and ``infos`` say why. ``UserError`` as ``simulate``, and for a game without spaces.

    >>> match = env("matrix")
    >>> match.reset(seed=0)
    >>> for agent in match.agents:
    ...     match.step(0)  # both cooperate
    >>> match.rewards
    {'agent_0': 3.0, 'agent_1': 3.0}
    """
    asked = scenario(game, "silent", mechanism, 0, condition=condition, settings=settings)
    return GameTurns(asked)


def parallel_env(
    game: str | Game,
    mechanism: str | Mechanism | None = None,
    *,
    condition: str = "baseline",
    settings: Mapping[str, Any] | None = None,
) -> GameRounds:
    """Return one of our games, in which all agents act at once; see ``env``.

    >>> match = parallel_env("public_goods", "sharing_bonus(rate=0.7)")
    >>> observations, infos = match.reset(seed=0)
    >>> round(match.step(dict.fromkeys(match.agents, 20))[1]["agent_0"], 6)  # 1.6 and 0.7 a token
    46.0
    """
    asked = scenario(game, "silent", mechanism, 0, condition=condition, settings=settings)
    return GameRounds(asked)
