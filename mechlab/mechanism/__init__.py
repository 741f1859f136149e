"""Mechanisms: parameterised objects that change what agents are paid, told or shown."""

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
