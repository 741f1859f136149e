"""A public record of who answers, shown to all."""

from dataclasses import dataclass
from typing import ClassVar

from mechlab.mechanism import Mechanism, mechanism


@mechanism
@dataclass(frozen=True)
class Reputation(Mechanism):
    """Shows everybody, for each agent, what was asked of it and how much of that it gave.

    payment_i = 0: it changes only what agents see, as the counterpart of ``hidden``. An agent may
    stop answering those that do not answer; whether it does is its own choice. Agents that are
    described by numbers treat all others alike: ``conditional`` ones follow the record of the whole
    group, ``selfish`` and ``logit`` ones gain nothing from it, scripted ones do not look, and
    emulated ones refuse to play, because the figures that they are fitted to had no record. Players
    see it in the games in which agents ask each other, ``sharing`` and ``grants``.

    Source: Nowak and Sigmund, "Evolution of Indirect Reciprocity by Image Scoring", Nature 393
    (1998); shown to people, Milinski, Semmann and Krambeck, "Reputation Helps Solve the 'Tragedy of
    the Commons'", Nature 415 (2002).

    >>> Reputation().shows
    frozenset({'record'})
    """

    name: ClassVar[str] = "reputation"
    balanced: ClassVar[bool] = True

    @property
    def shows(self) -> frozenset[str]:
        """The record."""
        return frozenset({"record"})
