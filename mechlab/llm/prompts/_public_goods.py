"""The public goods game."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from mechlab.games.base import Turn
from mechlab.games.simultaneous import Contribute, PublicGoodsView, Punish
from mechlab.llm.dialogue import DIALOGUES, Message
from mechlab.llm.prompts.template import Closed, TemplateDialogue, ThoughtfulAnswer


class Contribution(ThoughtfulAnswer):
    """What a model answers with where it is asked what to contribute."""

    tokens: int


class Punished(Closed):
    """What is spent on punishing one agent."""

    agent: int
    amount: float


class Punishment(ThoughtfulAnswer):
    """What a model answers with where it is asked whom to punish."""

    punish: list[Punished]


class PublicGoodsDialogue(TemplateDialogue):
    """One agent's side of a public goods game; its answer depends on the stage."""

    schema = Contribution
    template = "public_goods"

    def messages(self, view: PublicGoodsView) -> list[Message]:
        """Return the messages of a stage; ``answer`` is that stage's schema from now on."""
        self.expect(Punishment if view.stage == "punish" else Contribution)
        return super().messages(view)

    def actions(self, answer: Any) -> Turn:
        if isinstance(answer, Contribution):
            return Turn([Contribute(answer.tokens)], answer.thoughts)
        return Turn([Punish({p.agent: p.amount for p in answer.punish})], answer.thoughts)

    def typical_answer(self, view: PublicGoodsView) -> BaseModel:
        if view.stage == "punish":
            return Punishment(thoughts=_THOUGHTS, punish=[])
        return Contribution(thoughts=_THOUGHTS, tokens=view.endowment // 2)


_THOUGHTS = (
    "Half of what I have goes to the project: it makes more in all, but I get little of it myself. "
    "If the others contribute less than I do, I shall give less in the next round."
)

DIALOGUES.add("public_goods", PublicGoodsDialogue)
