"""mechlab: a lab for incentives among agents.

>>> import mechlab
>>> episodes = mechlab.simulate(population="perfect", episodes=5, seed=0)
>>> float(episodes.frame["efficiency"].mean())
1.0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mechlab.search import search

if TYPE_CHECKING:
    from mechlab.agents.base import Agent
    from mechlab.analysis.decomposition import decompose
    from mechlab.analysis.replication import replicate
    from mechlab.errors import UserError
    from mechlab.flows import Amounts, Flows
    from mechlab.games.base import Game, Player
    from mechlab.mechanism import Capped, Mechanism, Stack, parse
    from mechlab.mechanism.incentives import Act
    from mechlab.parameters import param
    from mechlab.search.sampler import MinimumIncentiveSampler
    from mechlab.simulation import Episodes, simulate
    from mechlab.study import Study

__all__ = [
    "Act",
    "Agent",
    "Amounts",
    "Capped",
    "Episodes",
    "Flows",
    "Game",
    "Mechanism",
    "MinimumIncentiveSampler",
    "Player",
    "Stack",
    "Study",
    "UserError",
    "decompose",
    "param",
    "parse",
    "replicate",
    "search",
    "simulate",
]

# Where each public name stands. They are imported at first use: `mechlab --help` needs none.
_HOMES = {
    "agents.base": ("Agent",),
    "analysis.decomposition": ("decompose",),
    "analysis.replication": ("replicate",),
    "errors": ("UserError",),
    "flows": ("Amounts", "Flows"),
    "games.base": ("Game", "Player"),
    "mechanism": ("Capped", "Mechanism", "Stack", "parse"),
    "mechanism.incentives": ("Act",),
    "parameters": ("param",),
    "search.sampler": ("MinimumIncentiveSampler",),
    "simulation": ("Episodes", "simulate"),
    "study": ("Study",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"mechlab.{home}"), name)
    raise AttributeError(f"module 'mechlab' has no attribute {name!r}")
