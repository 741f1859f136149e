"""Two-player games from a payoff table."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, create_model

from mechlab.games.base import Game, Turn
from mechlab.games.payoffs import TRAVELLERS, moves
from mechlab.games.simultaneous import Choose, MatrixView
from mechlab.llm.dialogue import DIALOGUES
from mechlab.llm.prompts.template import TemplateDialogue, ThoughtfulAnswer
from mechlab.llm.settings import PromptOptions
from mechlab.mechanism import Mechanism


class Answer(ThoughtfulAnswer):
    """What a model answers with on its turn; in a dialogue, one of the moves by name."""

    move: str


@cache
def _one_of(moves: tuple[str, ...]) -> type[Answer]:
    """Return the schema of an answer with one of these moves."""
    choice: Any = Literal[moves]
    return create_model("Answer", __base__=Answer, move=(choice, ...))


class MatrixDialogue(TemplateDialogue):
    """One player's side of a match; its answer is one of its moves by name.

    With neutral names the moves are called by their numbers, except claims, which are amounts.
    """

    schema = Answer
    template = "matrix"
    neutral_words: ClassVar = {"unit": "gift", "units": "gifts"}

    def __init__(
        self, game: Game, mechanism: Mechanism, agent: int, options: PromptOptions
    ) -> None:
        super().__init__(game, mechanism, agent, options)
        names = moves(game.params["table"])
        self._claims = game.params["table"] == TRAVELLERS
        self._moves, self._others = self._names(names[agent]), self._names(names[1 - agent])
        self.expect(_one_of(self._moves))

    def _names(self, plain: tuple[str, ...]) -> tuple[str, ...]:
        if not self.nouns.neutral or self._claims:
            return plain
        return tuple(f"option {number}" for number in range(1, len(plain) + 1))

    def context(self, view: MatrixView) -> dict[str, Any]:
        """Return the names of moves and the payoff table, from the player's own side."""
        return {
            "moves": self._moves,
            "their_moves": self._others,
            "payoffs": view.payoffs,
            "claims": self._claims,
        }

    def actions(self, answer: Any) -> Turn:
        return Turn([Choose(self._moves.index(answer.move))], answer.thoughts)

    def typical_answer(self, view: MatrixView) -> BaseModel:
        return self.answer(thoughts=_THOUGHTS, move=self._moves[0])


_THOUGHTS = (
    "If both of us choose this, both do well; if the other does not, I lose little in one round. "
    "I try it and see what comes back."
)

DIALOGUES.add("matrix", MatrixDialogue)
