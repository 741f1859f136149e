"""Populations: "o3*5 + perfect*5" to agents."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from mechlab.agents.base import AGENTS, FIT, LIVE, Agent, Remote
from mechlab.errors import UserError
from mechlab.games.base import Player

Member = Agent | Player | Remote

_TERM = re.compile(
    r"\s*(?P<name>[^\s*+()]+)\s*(?:\((?P<values>[^()]*)\))?\s*(?:\*\s*(?P<count>\d+))?\s*"
)
_PLUS = re.compile(r"\+(?![^()]*\))")  # one that stands in no brackets


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
            spec: names with counts ("o3*5 + perfect*5") and, in brackets, parameters
                ("logit(lambda=2)*5", "llm:MODEL(temperature=0)"), or the file of a fit
                ("fit:pilot.json"); a single name without a count fills the group; or a sequence
                with one name, agent or player for each agent.
            agents: number of agents that the game is set to.

        Raises:
            UserError: for an unknown name, or where the counts do not add up to ``agents``.
        """
        if not isinstance(spec, (str, Sequence)):
            return cls((spec,) * agents)
        members = _parse(spec, agents) if isinstance(spec, str) else tuple(map(_member, spec))
        if len(members) != agents:
            raise UserError(
                f"population {_text(spec)} has {len(members)} agents; the game is set to {agents}"
            )
        return cls(members)

    @property
    def players(self) -> dict[int, Player | Remote]:
        """The members that are driven turn by turn, by their numbers."""
        return {i: m for i, m in enumerate(self.members) if not isinstance(m, Agent)}

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of agents in the group: ``scripted``, ``emulated``, ``live`` or ``own``."""
        return frozenset(getattr(member, "kind", "own") for member in self.members)

    def __str__(self) -> str:
        names = map(_name, self.members)
        runs = [
            (name, len(list(run))) for name, run in groupby(names)
        ]  # in order, for numbers matter
        if len(runs) == 1:
            return runs[0][0]
        return " + ".join(name if n == 1 else f"{name}*{n}" for name, n in runs)


def _parse(spec: str, agents: int) -> tuple[Member, ...]:
    terms = [_term(term, spec) for term in _PLUS.split(spec)]
    alone = len(terms) == 1
    return tuple(
        member
        for term in terms
        for member in [_tuned(term)] * int(term["count"] or (agents if alone else 1))
    )


def _term(term: str, spec: str) -> re.Match[str]:
    found = _TERM.fullmatch(term)
    if found is None:
        raise UserError(
            f"a population is written like 'o3*5 + perfect*5' or 'logit(lambda=2)*5', got {spec!r}"
        )
    return found


def _tuned(term: re.Match[str]) -> Agent | Remote:
    """Return the agent of a term, with the parameters that stand in its brackets."""
    pairs = (value.partition("=") for value in (term["values"] or "").split(",") if value.strip())
    values = {name.strip(): _value(value) for name, _, value in pairs}
    if term["name"].startswith(LIVE):
        from mechlab.llm.agent import LiveAgent

        return LiveAgent.read(term["name"].removeprefix(LIVE), values)
    if term["name"].startswith(FIT):
        from mechlab.agents.emulated import read_fitted

        agent: Agent = read_fitted(term["name"])
    else:
        agent = AGENTS.get(term["name"])
    return agent.tuned(values) if values else agent


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return text.strip()


def _member(item: str | Member) -> Member:
    return _tuned(_term(item, item)) if isinstance(item, str) else item


def _name(member: Member) -> str:
    if isinstance(member, (Agent, Remote)):
        return str(member)
    return str(getattr(member, "name", type(member).__name__))


def _text(spec: object) -> str:
    return repr(spec) if isinstance(spec, str) else "given"
