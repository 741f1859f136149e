"""Populations: the agents of a game, read from text like "o3*5 + perfect*5"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from mechlab.agents.base import AGENTS, FIT, LIVE, Agent, Remote
from mechlab.agents.emulated import Fitted
from mechlab.errors import UserError
from mechlab.games.base import Player
from mechlab.notation import Notation, Term, check_size

Member = Agent | Player | Remote

_NOTATION = Notation("population", "'o3*5 + perfect*5' or 'logit(lambda=2)*5'")

OFFLINE = frozenset({"scripted", "emulated"})  # kinds of agents that are computed here


@dataclass(frozen=True)
class Population:
    """The agents of a game, in order of their numbers.

    >>> str(Population.of("o3*2 + perfect", 3))
    'o3*2 + perfect'
    >>> str(Population.of("logit(lambda=2)", 10))
    'logit(lambda=2)'
    >>> str(Population.of("llm:org/model-4.1:8b(endpoint=local)*2 + perfect", 3))
    "llm:org/model-4.1:8b(endpoint='local')*2 + perfect"
    """

    members: tuple[Member, ...]

    @classmethod
    def of(cls, spec: str | Member | Sequence[str | Member], agents: int) -> Population:
        """Build a population of ``agents`` agents.

        Args:
            spec: names with counts ("o3*5 + perfect*5") and parameters ("logit(lambda=2)*5",
                "llm:MODEL(temperature=0)"), among them the files of fits ("fit:pilot.json"); or a
                sequence with a name, agent or player for each agent. A single name without a count,
                agent or player fills the group.
            agents: number of agents that the game is set to.

        Raises:
            UserError: for an unknown name, or where the counts do not add up to ``agents``.
        """
        if not isinstance(spec, (str, Sequence)):
            return cls((spec,) * agents)
        if isinstance(spec, str):
            terms = _NOTATION.counted(spec, agents)
            return cls(tuple(chain.from_iterable([_agent(term)] * count for term, count in terms)))
        members = tuple(_agent(_single(s)) if isinstance(s, str) else s for s in spec)
        check_size("the population", len(members), agents)
        return cls(members)

    @property
    def players(self) -> dict[int, Player | Remote]:
        """The members that are driven turn by turn, by their numbers."""
        return {i: m for i, m in enumerate(self.members) if not isinstance(m, Agent)}

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of agents in the group: ``scripted``, ``emulated``, ``live`` or ``own``."""
        return frozenset(getattr(member, "kind", "own") for member in self.members)

    @property
    def offline(self) -> bool:
        """Whether all agents are computed here, so that their episodes cost nothing."""
        return self.kinds <= OFFLINE

    def __str__(self) -> str:
        # Agents are counted only where they stand side by side, because their numbers matter.
        runs = [(name, len(list(run))) for name, run in groupby(map(_name, self.members))]
        if len(runs) == 1:
            return runs[0][0]
        return " + ".join(name if n == 1 else f"{name}*{n}" for name, n in runs)


def _single(name: str) -> Term:
    """Return the term of a single agent."""
    term, *more = _NOTATION.terms(name)
    if more or term.count is not None:
        raise UserError(f"each item of a sequence is one agent, got {name!r}")
    return term


def _agent(term: Term) -> Agent | Remote:
    """Return the agent of a term, with the parameters that stand in its brackets."""
    if term.name.startswith(LIVE):
        from mechlab.llm.agent import LiveAgent

        return LiveAgent.read(term.name.removeprefix(LIVE), term.values)
    if term.name.startswith(FIT):
        agent: Agent = Fitted.load(term.name)
    else:
        agent = AGENTS.get(term.name)
    return agent.tuned(term.values) if term.values else agent


def _name(member: Member) -> str:
    if isinstance(member, (Agent, Remote)):
        return str(member)
    return str(getattr(member, "name", type(member).__name__))
