"""mechlab: a lab for incentives among agents.

>>> import mechlab
>>> episodes = mechlab.simulate(population="perfect", episodes=5, seed=0)
>>> float(episodes.frame["efficiency"].mean())
1.0
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mechlab.agent import Agent
    from mechlab.decompose import decompose
    from mechlab.errors import UserError
    from mechlab.flows import Amounts, Flows
    from mechlab.game import Game, Player
    from mechlab.incentives import Act
    from mechlab.mechanism import Capped, Mechanism, Stack, parse
    from mechlab.parameters import param
    from mechlab.replicate import replicate
    from mechlab.search.run import search
    from mechlab.search.sampler import MinimumIncentiveSampler
    from mechlab.simulate import Episodes, simulate
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
    "agent": ("Agent",),
    "decompose": ("decompose",),
    "errors": ("UserError",),
    "flows": ("Amounts", "Flows"),
    "game": ("Game", "Player"),
    "incentives": ("Act",),
    "mechanism": ("Capped", "Mechanism", "Stack", "parse"),
    "parameters": ("param",),
    "replicate": ("replicate",),
    "search.run": ("search",),
    "search.sampler": ("MinimumIncentiveSampler",),
    "simulate": ("Episodes", "simulate"),
    "study": ("Study",),
}


class _Package(ModuleType):
    """The package: its functions come before the modules of the same names."""

    def __getattribute__(self, name: str) -> Any:
        if name in ("decompose", "replicate", "search", "simulate"):
            return __getattr__(name)
        return super().__getattribute__(name)


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"mechlab.{home}"), name)
    raise AttributeError(f"module 'mechlab' has no attribute {name!r}")


sys.modules[__name__].__class__ = _Package
