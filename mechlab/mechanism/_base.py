"""Mechanisms, their registry, and whether one fits a game."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass, replace
from typing import ClassVar, Self, TypeVar

import numpy as np

from mechlab.errors import UserError
from mechlab.flows import Array, Flows
from mechlab.mechanism._vocabulary import Vocabulary
from mechlab.notation import literal
from mechlab.parameters import Parameterised, parameters
from mechlab.registry import Registry


@dataclass(frozen=True)
class Mechanism(Parameterised, ABC):
    """A frozen dataclass of parameters with one pure method, ``payments``.

    A mechanism holds no state: ``flows.past`` has the sums of earlier rounds. One that changes what
    agents are told or see, and not what they are paid, leaves ``payments`` as it is and fills
    ``advises`` and ``instructions``, ``hides`` or ``shows``.

    Class attributes (``balanced`` may depend on the parameters, so read it of an instance):
        name: its name in study files and on the command line.
        version: raised when its payments change, so that old results are not mixed with new.
        needs: the fields of ``Flows`` that it reads; a game must fill them.
        balanced: whether payments sum to zero in every round of every episode.
        anonymous: whether renumbering the agents only renumbers the payments.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset()
    balanced: ClassVar[bool] = False
    anonymous: ClassVar[bool] = True

    def payments(self, flows: Flows) -> Array:
        """Return what each agent is paid this round: (B, N), in the game's money, + to agents."""
        return np.zeros((flows.episodes, flows.agents))

    def rule(self, vocabulary: Vocabulary) -> str:
        """Return what agents are told of the payments, in the game's nouns; empty if none."""
        return ""

    @property
    def advises(self) -> frozenset[str]:
        """The steps of its protocol, among ``ask``, ``answer`` and ``submit``."""
        return frozenset()

    def instructions(self, vocabulary: Vocabulary) -> tuple[str, ...]:
        """Return the advised steps as sentences, in their order."""
        return ()

    @property
    def hides(self) -> frozenset[str]:
        """The parts of an agent's view that disappear: ``board``, ``notices``, ``thoughts``."""
        return frozenset()

    @property
    def shows(self) -> frozenset[str]:
        """The parts that appear in every agent's view: ``record``, which says who answers."""
        return frozenset()

    def scaled(self, factor: float) -> Self:
        """Return it with every amount of money multiplied, for a game with another unit.

        An amount that leaves its range raises ``UserError``.

        >>> from mechanisms import SharingBonus
        >>> str(SharingBonus(rate=1000).scaled(0.5))
        'sharing_bonus(rate=500)'
        """
        declared = parameters(type(self)).items()
        money = [name for name, known in declared if known.unit.startswith("dollars")]
        scaled = {name: float(f"{factor * getattr(self, name):.12g}") for name in money}
        return replace(self, **scaled)  # without the last digits, which are rounding

    def __str__(self) -> str:
        """The complete specification, defaults included; ``parse`` reads it back."""
        values = ", ".join(f"{name}={literal(value)}" for name, value in self.params.items())
        return f"{self.name}({values})" if values else self.name


MECHANISMS = Registry[type[Mechanism]]("mechanism", "mechlab.mechanisms")

M = TypeVar("M", bound=type[Mechanism])


def mechanism(cls: M) -> M:
    """Register a mechanism class under its ``name``; the outermost decorator of the class."""
    MECHANISMS.add(cls.name, cls)
    return cls


def check_fit(
    mechanism: Mechanism, fields: frozenset[str], game: str, vocabulary: Vocabulary
) -> None:
    """Raise ``UserError`` where a game does not have what a mechanism reads or advises.

    The game fills the flows ``fields``; without a word for any advised step in its ``vocabulary``,
    agents would be told nothing.

    >>> from mechanisms import SharingBonus
    >>> check_fit(SharingBonus(rate=5), frozenset({"produced"}), "market", Vocabulary())
    Traceback (most recent call last):
    mechlab.errors.UserError: sharing_bonus(rate=5) needs the flows given, which the game 'market' \
lacks (it has: produced)
    """
    missing = mechanism.needs - fields
    if missing:
        raise UserError(
            f"{mechanism} needs the flows {', '.join(sorted(missing))}, "
            f"which the game {game!r} lacks (it has: {', '.join(sorted(fields))})"
        )
    if mechanism.advises and not mechanism.instructions(vocabulary):
        steps = ", ".join(sorted(mechanism.advises))
        raise UserError(
            f"{mechanism} advises the steps {steps}: the game {game!r} has none of them"
        )
