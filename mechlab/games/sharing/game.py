"""The sharing game: its settings, conditions, acts and reference points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mechlab.errors import UserError
from mechlab.flows import Amounts, Array
from mechlab.games._compiled import BEGIN, flow_rows
from mechlab.games.base import Game, Seeds, game
from mechlab.games.pieces import acts_of, tallies_of
from mechlab.games.sharing._rules import Rules
from mechlab.games.sharing._state import deal, empty_state
from mechlab.games.sharing._table import Table
from mechlab.games.sharing._turns import ask_by_system, play_turns
from mechlab.mechanism import Vocabulary
from mechlab.mechanism.incentives import Act
from mechlab.parameters import param

_NO_LIMIT = 1 << 62  # actions in a turn: more than any agent takes
PERFECT = {"ask": 1.0, "answer": 1.0, "answer_system": 1.0, "submit": 1.0, "thorough": 1.0}


Start = tuple[Any, Rules]  # the arrays of a batch, and the rules that it is played by


@game
@dataclass(frozen=True)
class Sharing(Game):
    """Each agent holds pieces of information that others need, and copying a piece costs nothing.

    A task needs ``needed`` distinct pieces and pays its owner ``reward`` dollars. Agents message,
    send copies and submit in turns of an order shuffled anew each round (arXiv 2604.07821,
    section 3; rules and reference figures in ``docs/sharing_game.md``).

    >>> Sharing(agents=10, pieces=100).unit
    10000.0
    """

    name: ClassVar[str] = "sharing"
    conditions: ClassVar[tuple[str, ...]] = (
        "baseline",
        "auto_request",
        "auto_fulfill",
        "auto_both",
    )
    propensities: ClassVar[tuple[str, ...]] = (
        "ask",  # each turn, for all pieces that are lacking
        "answer",  # each turn, all open requests of a peer, each peer by itself
        "answer_system",  # as ``answer``, where the system asks in the peers' names
        "volunteer",  # each turn, unasked, each piece that a peer lacks
        "submit",  # each turn, all complete tasks
        "falsify",  # each piece sent
        "chatter",  # messages on each turn that ask for nothing: any number from 0
        "immediate",  # 1: answers at once when it is asked; 0: on its own turn
        "thorough",  # 1: asks every holder, none twice for one piece; 0: one random holder
        "repeat",  # each turn on which it asks, to ask for the same pieces again; not if thorough
        "breadth",  # each further holder of a piece that it asks for; not if thorough
    )
    vocabulary: ClassVar[Vocabulary] = Vocabulary()
    roles: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "perfect": {**PERFECT, "immediate": 1.0},
        "silent": {**PERFECT, "answer": 0.0, "answer_system": 0.0},
        "saboteur": {**PERFECT, "falsify": 1.0},
    }
    references: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "perfect": roles["perfect"],
        "sequential": PERFECT,
        "optimum": {"volunteer": 1.0, "submit": 1.0},
    }
    alike: ClassVar[bool] = True

    table_type = Table

    agents: int = param(10, low=2, high=1000, unit="agents")
    rounds: int = param(20, low=1, high=10000, unit="rounds")
    pieces: int = param(100, low=1, high=30000, unit="pieces", text="distinct pieces in all")
    hand: int = param(10, low=0, high=30000, unit="pieces", text="that each agent starts with")
    tasks: int = param(2, low=1, high=64, unit="tasks", text="that each agent always holds")
    needed: int = param(4, low=1, high=64, unit="pieces", text="that a task needs")
    reward: float = param(10000.0, low=0.01, unit="dollars per task")
    action_limit: int = param(0, low=0, unit="actions per turn", text="0: no limit")
    traced: bool = param(
        False, text="credit a copy's first holder, not its sender; altered copies are no gifts"
    )
    unique: bool = param(False, text="one first holder for each piece: pieces = agents * hand")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, count in (("needed", self.needed), ("hand", self.hand)):
            if count > self.pieces:
                raise UserError(f"{name} must be at most pieces ({self.pieces}), got {count}")
        if self.unique and self.pieces != self.agents * self.hand:
            raise UserError(
                f"unique needs pieces = agents * hand = {self.agents * self.hand}, "
                f"got {self.pieces}"
            )

    @property
    def unit(self) -> float:
        """The reward of a task, in dollars."""
        return self.reward

    @property
    def acts(self) -> Mapping[str, Act]:
        """Those of every game of pieces, and to falsify what was asked for."""
        chance = self.tasks * self.needed / self.pieces
        falsify = Act(falsified=1, withheld=-1, instead="answer")
        return {**acts_of(self.reward, self.needed, chance), "falsify": falsify}

    def habits(self, acts: Mapping[str, float]) -> Mapping[str, float]:
        """Ask every holder, and answer the system like a peer."""
        return {"thorough": 1.0, "answer_system": acts["answer"]}

    def start(self, seeds: Seeds, condition: str) -> Start:
        """Deal a batch of episodes."""
        state = empty_state(
            seeds,
            agents=self.agents,
            pieces=self.pieces,
            slots=self.tasks,
            needed=self.needed,
            traced=int(self.traced),
        )
        deck, pool = np.empty(self.pieces, np.int64), np.empty(2 * self.pieces, np.int64)
        deal(state, flow_rows(Amounts.zeros(1, 1)), self.hand, deck, pool)
        rules = Rules(
            reward=self.reward,
            action_limit=self.action_limit or _NO_LIMIT,
            system_asks=condition in ("auto_request", "auto_both"),
            system_answers=condition in ("auto_fulfill", "auto_both"),
        )
        return state, rules

    def play(self, state: Start, round: int, behaviour: Array, now: Amounts) -> None:
        """Play one round of every episode in compiled code."""
        board, rules = state
        flows = flow_rows(now)
        play_turns(board, flows, rules, behaviour, round, BEGIN, self.agents)
        if rules.system_asks:
            ask_by_system(board, flows, rules, behaviour, round)

    def tallies(self, state: Start) -> dict[str, Array]:
        """Return tasks by agent; counts of messages, requests, pieces sent and feasible tasks."""
        return tallies_of(state[0])
