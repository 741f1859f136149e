"""The sharing game."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from operator import attrgetter
from typing import Any, ClassVar, Literal

from mechlab.games.base import Turn
from mechlab.games.sharing import view as act
from mechlab.games.sharing.view import Exchange, View
from mechlab.llm.dialogue import DIALOGUES
from mechlab.llm.prompts.template import Closed, TemplateDialogue, ThoughtfulAnswer

Kind = Literal["message", "broadcast", "send", "submit"]


class Action(Closed):
    """One action; every field is there, as strict structured output asks for."""

    kind: Kind
    to: int
    pieces: list[int]
    values: list[int]
    text: str

    def game_action(self) -> act.Action:
        """Return the game's own action."""
        pieces = tuple(self.pieces)
        match self.kind:
            case "message":
                return act.SendMessage(self.to, self.text, pieces)
            case "broadcast":
                return act.Broadcast(self.text)
            case "send":
                return act.SendInformation(self.to, pieces, tuple(self.values) or None)
            case "submit":
                return act.SubmitTask(pieces)


class Answer(ThoughtfulAnswer):
    """What a model answers with on its turn."""

    actions: list[Action]


def _recent(view: View, full: bool) -> dict[str, Any]:
    """Return all events, or those since the round before without the agent's own requests.

    The state says which of these are awaited.
    """
    since = 0 if full else view.round - 1
    messages = (m for m in (*view.messages, *view.public) if m.round >= since)
    kept = (m for m in messages if full or m.sender != view.agent or not m.asks)
    return {
        "notices": [n for n in view.notices or () if n.round >= since],
        "copies": _copies(view.exchanges or (), view.round),  # in this round
        "messages": sorted(kept, key=attrgetter("round")),
    }


class Log:
    """Who held which pieces at first, and who gained which since, from the template's blocks.

    A round only adds to the text, so that what was sent once stays a prefix. If exchanges are
    hidden, the directory tells who gained what.
    """

    def __init__(self, line: Callable[..., str]) -> None:
        self.text, self._line, self._round = "", line, 0
        self._known: Mapping[int, tuple[int, ...]] = {}

    def read(self, view: View) -> str:
        """Add the rounds that have passed since the last reading; return the text."""
        if not self._known:
            self.text = self._line("first", held=self._gained(view))
        for round in range(self._round, view.round):
            copies = None if view.exchanges is None else _copies(view.exchanges, round)
            gained = self._gained(view) if copies is None else None
            self.text += self._line("passed", round=round, copies=copies, gained=gained)
        self._round = view.round
        return self.text

    def _gained(self, view: View) -> dict[int, list[int]]:
        """Return what is new in the directory, by agent."""
        new: dict[int, list[int]] = {}
        for piece, holders in view.directory.items():
            for agent in set(holders).difference(self._known.get(piece, ())):
                new.setdefault(agent, []).append(piece)
        self._known = view.directory
        return dict(sorted(new.items()))


class SharingDialogue(TemplateDialogue):
    """One agent's side of an episode of the sharing game.

    Rules, payments, advised steps and the form of the answer are the same for all agents and
    rounds, and the log of who holds what only grows: together they stand first. Other events are
    those of this round and the one before with ``history = "state"``, of all rounds with ``full``.
    """

    schema = Answer
    template = "sharing"
    neutral_words: ClassVar = {"unit": "item", "units": "items", "product": "completed set"}
    names: ClassVar = {"piece": ("piece", "item"), "task": ("task", "set")}

    @cached_property
    def _log(self) -> Log:
        return Log(self.text)

    def context(self, view: View) -> dict[str, Any]:
        """Return the log of who holds what, and the latest events."""
        return {"log": self._log.read(view), "recent": _recent(view, self.full)}

    def actions(self, answer: Answer) -> Turn:
        return Turn([action.game_action() for action in answer.actions], answer.thoughts)

    def typical_answer(self, view: View) -> Answer:
        asks = [(holder, piece) for piece in view.lacking for holder in view.directory[piece]]
        wanted = {holder: [k for j, k in asks if j == holder] for holder, _ in asks}
        ready = [task for task in view.tasks if set(task) <= view.pieces.keys()]
        submits = (_action("submit", pieces=task) for task in ready)
        sends = (_action("send", to, asked) for to, asked in view.requests.items())
        words = "Please send me {}, I need them."
        asks_for = (_action("message", to, p, words.format(p)) for to, p in wanted.items())
        return Answer(thoughts=_THOUGHTS, actions=[*submits, *sends, *asks_for])


# About as long as the thoughts that models answer with; their reasoning is not in it.
_THOUGHTS = (
    "I have answered what was asked of me, as sharing costs me nothing and helps the group. "
    "My own tasks still lack some pieces; I ask those that hold them and submit what is complete."
)


def _copies(exchanges: Iterable[Exchange], round: int) -> str:
    """Return who sent whom which pieces in a round: "0 to 1: 7; 1 to 2: 7, 9"."""
    pairs: dict[tuple[int, int], list[str]] = {}
    for one in exchanges:
        if one.round == round:
            pairs.setdefault((one.giver, one.receiver), []).append(str(one.piece))
    return "; ".join(f"{i} to {j}: {', '.join(pieces)}" for (i, j), pieces in sorted(pairs.items()))


def _action(kind: Kind, to: int = -1, pieces: Iterable[int] = (), text: str = "") -> Action:
    return Action(kind=kind, to=to, pieces=list(pieces), values=[], text=text)


DIALOGUES.add("sharing", SharingDialogue)
