"""One live agent in one episode: from its view to its actions, asking twice at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mechlab.errors import UserError
from mechlab.llm.answers import Invalid, again, read_answer
from mechlab.llm.dialogue import Dialogue
from mechlab.llm.model import Ask, Caller
from mechlab.llm.store import Book
from mechlab.llm.tables import TURNS

_FEW = 20  # turns below which a share of them says nothing


class TooManyInvalid(UserError):
    """More turns than permitted brought no valid answer."""


@dataclass
class Validity:
    """Counts the turns of a run and those without a valid answer."""

    limit: float
    turns: int = 0
    invalid: int = 0

    def note(self, name: str, why: str) -> None:
        """Note a turn, and why it brought no valid answer ("" where it did).

        Raises:
            TooManyInvalid: where their share exceeds the limit.
        """
        self.turns += 1
        self.invalid += bool(why)
        if why and self.invalid > self.limit * max(self.turns, _FEW):
            raise TooManyInvalid(
                f"{self.invalid} of {self.turns} turns without a valid answer exceed the limit of "
                f"{self.limit:.0%}; the last, of {name}: {why}"
            )


@dataclass
class Sitting:
    """What the seats of one episode share.

    Attributes:
        id: of the episode. seed: its own.
        known: keys of calls that are in the book. written: turns and attempts that are.
        made: to be called at each call that is not in the book.
        thoughts: of the valid answers so far. invalid: turns without one.
        turn: number of the present turn.
    """

    id: str
    seed: str
    known: set[str]
    written: set[tuple[int, int]]
    made: Callable[[], None]
    thoughts: list[str] = field(default_factory=list)
    invalid: int = 0
    turn: int = -1


@dataclass
class Seat:
    """A live agent's seat at one episode."""

    agent: int
    name: str
    dialogue: Dialogue
    caller: Caller
    book: Book
    sitting: Sitting
    validity: Validity

    async def act(self, view: Any) -> Any:
        """Return the actions of a turn; None where two answers in a row were not valid.

        Raises:
            TooManyInvalid: see ``Validity``; and what ``Caller.call`` raises.
        """
        self.sitting.turn += 1
        messages, why = self.dialogue.messages(view), ""
        for attempt in range(2):
            ask = Ask(
                messages,
                self.dialogue.answer,
                seed=self.sitting.seed,
                agent=self.agent,
                turn=self.sitting.turn,
                attempt=attempt,
            )
            link = partial(self._link, attempt, int(view.round))
            reply = await self.caller.call(ask, self.sitting.known, link)
            try:
                answer = read_answer(reply, self.dialogue.answer)
            except Invalid as reason:
                why = str(reason)
                messages = [*messages, *again(reply, why)]
                continue
            self.validity.note(self.name, "")
            self.sitting.thoughts.append(getattr(answer, "thoughts", ""))
            return self.dialogue.actions(answer)
        self.sitting.invalid += 1
        self.validity.note(self.name, why)
        return None

    def _link(self, attempt: int, round: int, key: str) -> None:
        """Write down which call belongs to this turn."""
        turn = self.sitting.turn
        if (turn, attempt) not in self.sitting.written:
            self.sitting.made()
            where = {"episode": self.sitting.id, "turn": turn, "attempt": attempt}
            self.book.put(TURNS, {**where, "agent": self.agent, "round": round, "key": key})
