"""The dialogue between a game and a model: one agent's side of one episode, in the game's words.

A game is played by models once a dialogue is registered under its name in ``DIALOGUES``, from a
module named in the entry-point group ``mechlab.dialogues``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from pydantic import BaseModel

from mechlab.errors import UserError
from mechlab.games.base import Game
from mechlab.llm.settings import PromptOptions
from mechlab.mechanism import Mechanism
from mechlab.registry import Registry

Message = dict[str, str]  # role, content


class Dialogue(Protocol):
    """One agent's side of one episode; whoever plays the episode calls the model.

    Each turn: ``messages`` once, then ``actions`` once if the model answered validly; else the
    table receives None, an empty turn.

    Attributes:
        answer: the schema of the model's answer, thoughts and actions; its JSON schema goes to the
            endpoint. A model that keeps private thoughts has a field ``thoughts``.
    """

    answer: type[BaseModel]

    def messages(self, view: Any) -> list[Message]:
        """Return the messages of a turn; what changes least comes first, for prefix caches."""

    def actions(self, answer: Any) -> Any:
        """Return what the game's table takes for a valid answer, an instance of ``answer``."""

    def typical_answer(self, view: Any) -> BaseModel:
        """Return an answer of ordinary length, for estimates before anything is spent."""


DialogueMaker = Callable[[Game, Mechanism, int, PromptOptions], Dialogue]

DIALOGUES = Registry[DialogueMaker]("dialogue", "mechlab.dialogues")  # by name of the game


def dialogue_for(game: Game, mechanism: Mechanism, agent: int, options: PromptOptions) -> Dialogue:
    """Return the dialogue of agent number ``agent`` for one episode.

    Raises:
        UserError: for a game without prompts.
    """
    if game.name not in DIALOGUES:
        playable = ", ".join(DIALOGUES) or "none"
        raise UserError(f"live agents cannot play {game.name!r} (they can play: {playable})")
    return DIALOGUES.get(game.name)(game, mechanism, agent, options)
