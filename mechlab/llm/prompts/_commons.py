"""The commons game."""

from __future__ import annotations

from mechlab.games.base import Turn
from mechlab.games.simultaneous import CommonsView, Harvest
from mechlab.llm.dialogue import DIALOGUES
from mechlab.llm.prompts.template import TemplateDialogue, ThoughtfulAnswer


class Answer(ThoughtfulAnswer):
    """What a model answers with on its turn."""

    units: float


class CommonsDialogue(TemplateDialogue):
    """One agent's side of an episode of the commons."""

    schema = Answer
    template = "commons"

    def actions(self, answer: Answer) -> Turn:
        return Turn([Harvest(answer.units)], answer.thoughts)

    def typical_answer(self, view: CommonsView) -> Answer:
        return Answer(thoughts=_THOUGHTS, units=view.most / 2)


_THOUGHTS = (
    "If all leave half of their part, the stock grows back in full and we can go on like this. "
    "I watch what the others take and adapt to it."
)

DIALOGUES.add("commons", CommonsDialogue)
