"""The grants game; pieces have one number each, so that an answer stays flat."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any, ClassVar, Literal

from mechlab.games.base import Turn
from mechlab.games.grants import view as act
from mechlab.games.grants.view import Piece, View
from mechlab.llm.dialogue import DIALOGUES
from mechlab.llm.prompts.template import Closed, TemplateDialogue, ThoughtfulAnswer

Kind = Literal["message", "lend", "submit"]


class Action(Closed):
    """One action; every field is there, as strict structured output asks for."""

    kind: Kind
    to: int
    pieces: list[int]
    text: str


class Answer(ThoughtfulAnswer):
    """What a model answers with on its turn."""

    actions: list[Action]


def _recent(view: View, full: bool) -> dict[str, Any]:
    """Return all events, or those since the round before without loans and settled requests.

    The state says what is awaited and accessible.
    """
    since = 0 if full else view.round - 1
    messages = (m for m in view.messages if m.round >= since)
    return {
        "notices": [n for n in view.notices or () if n.round >= since],
        "loans": view.borrowed or () if full else (),
        "messages": [m for m in messages if full or m.sender in view.requests or not m.asks],
    }


class GrantsDialogue(TemplateDialogue):
    """One agent's side of an episode of the grants game."""

    schema = Answer
    template = "grants"
    neutral_words: ClassVar = {"unit": "item", "units": "items", "product": "completed set"}
    names: ClassVar = {"piece": ("piece", "item"), "task": ("task", "set")}

    def context(self, view: View) -> dict[str, Any]:
        """Return the latest events, and how pieces are numbered."""
        access: dict[int, list[Piece]] = {}
        for piece, last in sorted(view.access.items(), key=itemgetter(1)):
            access.setdefault(last, []).append(piece)
        return {
            "access": access,
            "recent": _recent(view, self.full),
            "number": self._number,
            "named": self._numbers,
            "own": lambda owner, pieces: self._numbers((owner, k) for k in pieces),
        }

    def actions(self, answer: Answer) -> Turn:
        return Turn([self._game_action(action) for action in answer.actions], answer.thoughts)

    def _game_action(self, action: Action) -> act.Action:
        """Return the game's own action; the table refuses pieces that are not the owner's."""
        match action.kind:
            case "message":
                asks = tuple(piece - action.to * self._family for piece in action.pieces)
                return act.SendMessage(action.to, action.text, asks)
            case "lend":
                lent = tuple(piece - self.agent * self._family for piece in action.pieces)
                return act.Grant(action.to, lent)
            case "submit":
                return act.SubmitTask(tuple(divmod(piece, self._family) for piece in action.pieces))

    @property
    def _family(self) -> int:
        """Number of pieces that each agent owns."""
        return int(self.game.params["family"])

    def _numbers(self, pieces: Iterable[Piece]) -> str:
        return ", ".join(str(self._number(piece)) for piece in pieces)

    def _number(self, piece: Piece) -> int:
        owner, number = piece
        return owner * self._family + number

    def typical_answer(self, view: View) -> Answer:
        lacking = sorted(view.lacking)
        wanted = {owner: [p for p in lacking if p[0] == owner] for owner, _ in lacking}
        ready = [task.pieces for task in view.tasks if set(task.pieces) <= view.access.keys()]
        due = {to: [(view.agent, k) for k in asked] for to, asked in view.requests.items()}
        asks = (self._action("message", to, pieces, _ASKS) for to, pieces in wanted.items())
        lends = (self._action("lend", to, pieces) for to, pieces in due.items())
        submits = (self._action("submit", -1, pieces) for pieces in ready)
        return Answer(thoughts=_THOUGHTS, actions=[*submits, *lends, *asks])

    def _action(self, kind: Kind, to: int, pieces: Iterable[Piece], text: str = "") -> Action:
        return Action(kind=kind, to=to, pieces=[self._number(p) for p in pieces], text=text)


_THOUGHTS = (
    "I have lent what was asked of me, as it costs me nothing and helps the group. "
    "My own tasks still lack some pieces; I ask their owners before the tasks run out."
)
_ASKS = "Please lend me these, I need them for my task."

DIALOGUES.add("grants", GrantsDialogue)
