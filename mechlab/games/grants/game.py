"""The grants game: its settings, acts and reference points."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mechlab.errors import UserError
from mechlab.flows import Amounts, Array
from mechlab.games._compiled import FlowRows
from mechlab.games.base import Game, Seeds, game
from mechlab.games.grants._state import MESSAGES, REQUESTED, SENT, Sizes, State, Terms, empty_state
from mechlab.games.grants._table import Table
from mechlab.games.grants._turns import BEGIN, play_turns
from mechlab.mechanism import Mechanism, Vocabulary
from mechlab.mechanism.incentives import Act
from mechlab.parameters import param

_PIECES = 30000  # in all: numbers of 16 bits, as in the sharing game
PERFECT = {"ask": 1.0, "answer": 1.0, "submit": 1.0}


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
    def terms(self) -> Terms:
        """The settings, as the compiled rules need them."""
        return Terms(self.lifetime, self.deadline, self.reward, self.reward / self.needed)

    @property
    def acts(self) -> Mapping[str, Act]:
        """What one more unit of each act changes, in expectation; see the sharing game."""
        part = self.reward / self.needed
        chance = min(1.0, self.tasks * self.needed / (self.family * (self.agents - 1)))
        return {
            "ask": Act(asked=1, produced=part),
            "answer": Act(given=1, answered=1, withheld=-1, used=1, credit=part, returned=part),
            "volunteer": Act(given=1, used=chance, credit=chance * part, returned=chance * part),
            "submit": Act(produced=self.reward),
        }

    def start(self, seeds: Seeds, condition: str) -> State:
        """Begin without grants; tasks are drawn on the first turns."""
        memory = min(max(1, self.lifetime - 1), self.rounds)  # older grants lapsed, or never will
        sizes = Sizes.of(self.agents, self.family, self.tasks, self.needed, memory)
        return empty_state(seeds, sizes)

    def play(self, state: State, round: int, behaviour: Array, now: Amounts) -> None:
        """Play one round of every episode in compiled code."""
        play_turns(state, FlowRows.of(now), self.terms, behaviour, round, BEGIN, self.agents)

    def make_table(self, state: State, mechanism: Mechanism, players: Collection[int]) -> Table:
        """Return a table at which some agents are players; see ``grants.view``."""
        return Table(state, self.terms, self.rounds, self.vocabulary, mechanism, players)

    def tallies(self, state: State) -> dict[str, Any]:
        """Return tasks by agent, and counts of messages, requests, grants and feasible tasks."""
        return {
            "tasks": state.done.astype(float),
            "feasible": state.feasible.sum(axis=1, dtype=float),
            "messages": state.counts[:, MESSAGES].astype(float),
            "requested": state.counts[:, REQUESTED].astype(float),
            "sent": state.counts[:, SENT].astype(float),
        }
