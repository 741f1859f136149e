"""What the games of pieces share: acts, tallies, messages, and a table over compiled turns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from mechlab.errors import UserError
from mechlab.flows import Amounts, Array
from mechlab.games import base
from mechlab.games._compiled import BEGIN, MESSAGES, REQUESTED, SENT, flow_rows
from mechlab.mechanism import Mechanism
from mechlab.mechanism.incentives import Act


def acts_of(reward: float, needed: int, chance: float) -> dict[str, Act]:
    """Return what one more unit of each act changes, in expectation.

    A piece that was asked for is needed now, and becomes part of a task. A piece given unasked
    becomes so with the chance that the recipient's open tasks need a random piece.
    """
    part, chance = reward / needed, min(1.0, chance)
    return {
        "ask": Act(asked=1, produced=part),
        "answer": Act(given=1, answered=1, withheld=-1, used=1, credit=part, returned=part),
        "volunteer": Act(given=1, used=chance, credit=chance * part, returned=chance * part),
        "submit": Act(produced=reward),
    }


def tallies_of(state: Any) -> dict[str, Array]:
    """Return tasks by agent; counts of messages, requests, pieces given and feasible tasks."""
    counts = {"messages": MESSAGES, "requested": REQUESTED, "sent": SENT}
    return {
        "tasks": state.done.astype(float),
        "feasible": state.feasible.sum(axis=1, dtype=float),
        **{name: state.counts[:, column].astype(float) for name, column in counts.items()},
    }


@dataclass(frozen=True)
class SendMessage:
    """A private message; ``asks`` names the pieces that it requests from its recipient.

    In the grants game these are numbers among the recipient's own pieces.
    """

    to: int
    text: str = ""
    asks: tuple[int, ...] = ()


@dataclass(frozen=True)
class Message:
    """A message as it was sent; a public one has no recipient."""

    round: int
    sender: int
    to: int | None
    text: str
    asks: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class View(base.View):
    """What a player of every game of pieces sees; board and record are those of the round's start.

    Attributes:
        reward: revenue of a completed task, in dollars.
        requests: by asker, the pieces that the agent is asked for.
        awaited: by the agent asked, the pieces that it asked for and still awaits.
        messages: private messages that it received or sent.
        notices: tasks that others completed.
        record: by agent, how many of the pieces that it was asked for it gave, and how many it did
            not; None unless a mechanism shows it.
    """

    reward: float
    requests: Mapping[int, tuple[int, ...]]
    awaited: Mapping[int, tuple[int, ...]]
    messages: tuple[Message, ...]
    notices: tuple[Any, ...] | None
    record: Mapping[int, tuple[int, int]] | None


class Table(base.Table):
    """Rows of propensities and players at one table, through the same compiled steps.

    Attributes:
        turns: the module of the game's compiled turns.
        state, rules: of a batch of one.
    """

    shown: ClassVar[frozenset[str]] = frozenset({"record"})
    turns: ClassVar[ModuleType]

    def __init__(
        self,
        game: Any,
        start: tuple[Any, Any],
        mechanism: Mechanism,
        players: Collection[int],
        limit: float = np.inf,
    ) -> None:
        state, self.rules = start
        super().__init__(game, state, mechanism, players, limit)
        # By player, what its views show of earlier turns: kept, as to collect it each turn is slow.
        self._messages: dict[int, list[Message]] = {i: [] for i in players}
        self._notices: dict[int, list[Any]] = {i: [] for i in players}

    def play(self, round: int, behaviour: Array, now: Amounts) -> base.Turns:
        """Play one round; see ``games.base.Table``."""
        self.round, self.behaviour, self.flows = round, behaviour, flow_rows(now)
        self.step(self.turns.play_turns, BEGIN, 0)
        self._begun = self.begin_round()
        for position in range(self.game.agents):
            i = int(self.state.order[0, position])
            done = int(self.state.done[0, i])
            if i in self.players:
                self.step(self.turns.open_turn, i)
                self.carry_out(i, (yield i, self.look(i)), partial(self.apply, i))
                self.step(self.turns.close_turn, i)
            else:
                self.step(self.turns.play_turns, position, position + 1)
            if tasks := int(self.state.done[0, i]) - done:
                for player in self._notices.keys() - {i}:
                    self._notices[player].append(self.notice(i, tasks))
            self.note_gifts()

    def step(self, rule: Callable[..., None], *args: int) -> None:
        """Carry out a compiled rule."""
        rule(self.state, self.flows, self.rules, self.behaviour, self.round, *args)

    def begin_round(self) -> dict[str, Any]:
        """Return the parts of a view that date from the beginning of the round."""
        record = self.record() if "record" in self.shows else None
        return {"board": self.board(), "record": record}

    def parts(self, i: int) -> dict[str, Any]:
        """Return what player i sees now of what the games of pieces share; see ``View``."""
        return {
            **self.common(i, self.round),
            **self._begun,
            "reward": self.rules.reward,
            "messages": tuple(self._messages[i]),
            "notices": None if "notices" in self.hides else tuple(self._notices[i]),
        }

    @abstractmethod
    def record(self) -> dict[int, tuple[int, int]]:
        """Return the record of every agent; see ``View``."""

    @abstractmethod
    def notice(self, i: int, tasks: int) -> Any:
        """Return the notice of tasks that agent i completed on its turn."""

    @abstractmethod
    def note_gifts(self) -> None:
        """Note what anybody was given since the last note."""

    @abstractmethod
    def apply(self, i: int, action: object) -> None:
        """Carry out one action of player i, or raise ``UserError``."""

    def post(self, message: Message) -> None:
        """Count and deliver a private message."""
        for i in self._messages.keys() & {message.sender, message.to}:
            self._messages[i].append(message)
        self.state.counts[0, MESSAGES] += 1

    def submit(
        self, i: int, pieces: Iterable[Any], tasks: Iterable[Any], held: Collection[Any], lack: str
    ) -> None:
        """Submit the first of agent i's tasks that needs just these pieces, if it holds them."""
        wanted = sorted(pieces)
        slots = [slot for slot, task in enumerate(tasks) if sorted(task) == wanted]
        if not slots:
            raise UserError(f"no open task needs just the pieces {wanted}")
        if missing := sorted(set(wanted).difference(held)):
            raise UserError(f"{lack} {missing}")
        self.step(self.turns.submit_slot, i, slots[0])
