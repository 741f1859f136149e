"""Mechanisms: parameterised objects that change what agents are paid, told or shown.

A mechanism is a frozen dataclass with ``payments(flows)``; ``Stack`` and ``Capped`` combine
mechanisms, and ``parse`` reads "sharing_bonus(rate=1000) + protocol". Further modules:
``candidate`` (``Candidate``, a mechanism with ranges to search) and ``incentives`` (``marginal``,
``Act``, ``Incentives``: what one more unit of an act pays).
"""

from mechlab.mechanism._base import MECHANISMS, Mechanism, check_fit, mechanism
from mechlab.mechanism._compose import Capped, Stack, parse
from mechlab.mechanism._vocabulary import Vocabulary

__all__ = [
    "MECHANISMS",
    "Capped",
    "Mechanism",
    "Stack",
    "Vocabulary",
    "check_fit",
    "mechanism",
    "parse",
]
