"""A game's own nouns and verbs, so that one sentence serves every game."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Vocabulary:
    """The nouns and verbs of a game, from which mechanisms build the sentences that agents read.

    Attributes:
        unit, units: what is given, one and several.
        give, given: the verb of giving, and its participle.
        to: what makes a giving useful and honest, in words that follow the verb.
        asked: participle of asking for a unit.
        product: what earns an agent money in the game itself.
        currency: sign of the money.
        ask_step, answer_step, submit_step: what to do as a sentence, with the words above in
            braces; "" where nobody can do that in the game.
    """

    unit: str = "piece of information"
    units: str = "pieces of information"
    give: str = "send"
    given: str = "sent"
    to: str = "unaltered to an agent that lacks it"
    asked: str = "requested"
    product: str = "completed task"
    currency: str = "$"
    ask_step: str = "Ask the agents that have them for all {units} that you need and lack."
    answer_step: str = "{Give} every {unit} that you have and that an agent has {asked} from you."
    submit_step: str = "Hand in each {product} as soon as you can."

    def step(self, name: str) -> str:
        """Return what an agent is told to do in a step: ``ask``, ``answer`` or ``submit``.

        >>> Vocabulary(product="pie").step("submit"), Vocabulary(ask_step="").step("ask")
        ('Hand in each pie as soon as you can.', '')
        """
        sentence: str = getattr(self, f"{name}_step")
        return sentence.format(**vars(self), Give=self.give.capitalize())

    def money(self, amount: float) -> str:
        """Return an amount of the game's money in words; small ones keep two digits.

        >>> Vocabulary().money(1000), Vocabulary().money(-2.5), Vocabulary().money(0.00417)
        ('$1,000', '-$2.50', '$0.0042')
        """
        size = abs(float(amount))
        digits = 0 if size.is_integer() else max(2, 1 - math.floor(math.log10(size)))
        return f"{'-' if amount < 0 else ''}{self.currency}{size:,.{digits}f}"

    def percent(self, share: float) -> str:
        """Return a share as percent.

        >>> Vocabulary().percent(0.125)
        '12.5%'
        """
        return f"{100 * share:.4g}%"
