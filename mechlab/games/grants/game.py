"""The grants game: its settings, acts and reference points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mechlab.errors import UserError
from mechlab.flows import Amounts, Array
from mechlab.games._compiled import BEGIN, flow_rows
from mechlab.games.base import Game, Seeds, game
from mechlab.games.grants._rules import Rules
from mechlab.games.grants._state import empty_state
from mechlab.games.grants._table import Table
from mechlab.games.grants._turns import play_turns
from mechlab.games.pieces import acts_of, tallies_of
from mechlab.mechanism import Vocabulary
from mechlab.mechanism.incentives import Act
from mechlab.parameters import param

_PIECES = 30000  # in all: numbers of 16 bits, as in the sharing game
PERFECT = {"ask": 1.0, "answer": 1.0, "submit": 1.0}


Start = tuple[Any, Rules]  # the arrays of a batch, and the rules that it is played by


@game
@dataclass(frozen=True)
class Grants(Game):
    """Each agent owns pieces for good and can lend others access to them, which costs nothing.

    A task needs access to ``needed`` pieces of as many different owners at the same time, pays its
    holder ``reward`` dollars, and is replaced after ``deadline`` rounds. A grant lasts ``lifetime``
    rounds, the round of granting included. Agents write to one another directly, never to all.
    Nothing can be falsified. Giving is to grant a piece to which the other has no access in the
    next round: as grants expire, it can be given again and again.

    Two reference points are known in closed form, for T rounds, N agents and L tasks each. In
    perfect play requests are answered at once, so a task takes two turns, which makes
    N * L * floor(T / 2) tasks, hardly more with long grants. In the optimum all grant everything
    from the first turn on: every task is complete from the second round on, and in the first round
    L * C(N, needed + 1) / C(N - 1, needed) are, on average.

    Source: the second environment of Yadav, Black and Sourbut, "More Capable, Less Cooperative?
    When LLMs Fail At Zero-Cost Collaboration", arXiv 2604.07821: access in place of copies, expiry
    of grants and tasks, direct messages, pieces of distinct owners. Group and reward are those of
    their sharing game; the durations of grants and tasks are ours.

    >>> Grants(reward=100).acts["answer"].credit
    25.0
    """

    name: ClassVar[str] = "grants"
    fields: ClassVar[frozenset[str]] = frozenset(
        {"asked", "withheld", "given", "answered", "used", "credit", "produced"}
    )
    propensities: ClassVar[tuple[str, ...]] = (
        "ask",  # for each lacking piece, each turn
        "answer",  # each request, once
        "volunteer",  # each peer, each turn: to grant it, unasked, all that it lacks
        "submit",  # each complete task, each turn
        "immediate",  # 1: answers at once when it is asked; 0: on its own turn
    )
    vocabulary: ClassVar[Vocabulary] = Vocabulary(
        unit="piece",
        units="pieces",
        give="lend",
        given="lent",
        to="to an agent that has no access to it",
    )
    roles: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "perfect": {**PERFECT, "immediate": 1.0},
        "silent": {**PERFECT, "answer": 0.0},
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
    family: int = param(10, low=1, high=1000, unit="pieces", text="that each agent owns")
    tasks: int = param(2, low=1, high=64, unit="tasks", text="that each agent always holds")
    needed: int = param(4, low=1, high=64, unit="pieces", text="that a task needs")
    reward: float = param(10000.0, low=0.01, unit="dollars per task")
    lifetime: int = param(3, low=1, high=10000, unit="rounds", text="that a grant lasts")
    deadline: int = param(8, low=1, high=10000, unit="rounds", text="that a task lasts")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.needed > self.agents - 1:
            raise UserError(
                f"needed must be at most agents - 1 ({self.agents - 1}), as each piece of a task "
                f"has another owner, got {self.needed}"
            )
        if self.agents * self.family > _PIECES:
            raise UserError(
                f"agents * family must be at most {_PIECES} pieces in all, "
                f"got {self.agents} * {self.family}"
            )

    @property
    def unit(self) -> float:
        """The reward of a task, in dollars."""
        return self.reward

    @property
    def acts(self) -> Mapping[str, Act]:
        """Those of every game of pieces."""
        chance = self.tasks * self.needed / (self.family * (self.agents - 1))
        return acts_of(self.reward, self.needed, chance)

    def start(self, seeds: Seeds, condition: str) -> Start:
        """Begin without grants; tasks are drawn on the first turns."""
        memory = min(max(1, self.lifetime - 1), self.rounds)  # older grants lapsed, or never will
        state = empty_state(
            seeds,
            agents=self.agents,
            size=self.family,
            slots=self.tasks,
            needed=self.needed,
            memory=memory,
        )
        return state, Rules(self.lifetime, self.deadline, self.reward, self.reward / self.needed)

    def play(self, state: Start, round: int, behaviour: Array, now: Amounts) -> None:
        """Play one round of every episode in compiled code."""
        board, rules = state
        play_turns(board, flow_rows(now), rules, behaviour, round, BEGIN, self.agents)

    def tallies(self, state: Start) -> dict[str, Array]:
        """Return tasks by agent, and counts of messages, requests, grants and feasible tasks."""
        return tallies_of(state[0])
