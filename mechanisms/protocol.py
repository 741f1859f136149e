"""The published policy: three steps told to every agent, each of which can be left out."""

from dataclasses import dataclass
from typing import ClassVar

from mechlab.mechanism import Mechanism, Vocabulary, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class Protocol(Mechanism):
    """Adds steps to the instruction and pays nothing: payment_i = 0.

    ask: request what you lack; answer: send what was asked for; submit: hand in what is complete.

    Source: the policy condition of Yadav, Black and Sourbut, arXiv 2604.07821, which gives all
    three at once. The sentences, and giving some of the steps only, are ours.

    >>> Protocol(ask=False, submit=False).instructions(Vocabulary())
    ('Send every piece of information that you have and that an agent has requested from you.',)
    >>> sorted(Protocol().advises)
    ['answer', 'ask', 'submit']
    """

    name: ClassVar[str] = "protocol"
    balanced: ClassVar[bool] = True

    ask: bool = param(True, text="request what you lack")
    answer: bool = param(True, text="send what was asked for")
    submit: bool = param(True, text="submit when complete")

    @property
    def advises(self) -> frozenset[str]:
        """The steps in force."""
        return frozenset(step for step, advised in self.params.items() if advised)

    def instructions(self, vocabulary: Vocabulary) -> tuple[str, ...]:
        """Return the steps in force as sentences, those that the game has."""
        steps = (step for step in ("ask", "answer", "submit") if step in self.advises)
        return tuple(filter(None, map(vocabulary.step, steps)))
