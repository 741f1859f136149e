"""What is said between a game and a model: one agent's side of one episode, in the game's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from mechlab.errors import UserError
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.registry import Registry

Message = dict[str, str]  # role, content


class Telling(BaseModel):
    """How agents are told of the game: the published variants of the prompt.

    Attributes:
        history: ``state`` sends what is so now; ``full`` also all that was said before, as the
            published study does.
        framing: ``company`` (the published prompt), ``plain`` (no company), ``neutral`` (neutral
            names, points for dollars), ``team`` (a team objective).
        persona: ``competitive`` (to maximise one's own revenue) or ``uncooperative`` (to obstruct)
            in place of the group's objective.
        answers: ``short`` limits the length of texts and lists in the schema of an answer, for
            small models that find no end; the endpoint must know such limits (llama-server does,
            strict structured output of OpenAI does not).

    >>> Telling().history
    'state'
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    history: Literal["state", "full"] = "state"
    framing: Literal["company", "plain", "neutral", "team"] = "company"
    persona: Literal["none", "competitive", "uncooperative"] = "none"
    answers: Literal["free", "short"] = "free"


class Dialogue(Protocol):
    """One agent's side of one episode; whoever drives it asks the model.

    Each turn: ``messages`` once, then ``actions`` once where the model answered validly. A turn
    without a valid answer acts as an empty one: the table is sent None.

    Attributes:
        answer: what the model must answer with, thoughts and actions; its JSON schema goes to the
            endpoint. A model that keeps private thoughts has a field ``thoughts``.
    """

    answer: type[BaseModel]

    def messages(self, view: Any) -> list[Message]:
        """Return what the model is told on its turn; what changes least comes first.

        The order lets a provider's prefix cache reuse the most.
        """

    def actions(self, answer: Any) -> Any:
        """Return what the game's table takes for a valid answer, an instance of ``answer``."""


DialogueMaker = Callable[[Game, Mechanism, int, Telling], Dialogue]

DIALOGUES = Registry[DialogueMaker]("dialogue", "mechlab.dialogues")  # by name of the game


def dialogue_for(game: Game, mechanism: Mechanism, agent: int, telling: Telling) -> Dialogue:
    """Return agent number ``agent``'s dialogue for one episode.

    Raises:
        UserError: for a game without words for models.
    """
    import mechlab.llm.prompts  # noqa: F401 - where ours are registered

    if game.name not in DIALOGUES:
        playable = ", ".join(DIALOGUES) or "none"
        raise UserError(f"live agents cannot play {game.name!r} (they can play: {playable})")
    return DIALOGUES.get(game.name)(game, mechanism, agent, telling)
