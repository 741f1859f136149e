"""How an agent that weighs its acts is laid out as propensities.

Acts that exclude each other are linked by ``Act.instead``: a piece is falsified in place of being
sent honestly. The propensity of such an act is the chance that it takes the place of the other,
given that the other would have been done.
"""

from __future__ import annotations

from collections.abc import Mapping

from mechlab.mechanism.incentives import Act


def groups(acts: Mapping[str, Act]) -> list[tuple[str, ...]]:
    """Return the acts in groups of which an agent does one at a time, or none.

    >>> groups({"ask": Act(), "answer": Act(), "falsify": Act(instead="answer")})
    [('ask',), ('answer', 'falsify')]
    """
    members: dict[str, list[str]] = {}
    for name in acts:
        members.setdefault(line(acts, name)[-1], []).append(name)
    return [tuple(names) for names in members.values()]


def line(acts: Mapping[str, Act], name: str) -> list[str]:
    """Return an act, the one in whose place it is done, the one in whose place that is done, ..."""
    names = [name]
    while acts[names[-1]].instead:
        names.append(acts[names[-1]].instead)
    return names


def layout(acts: Mapping[str, Act], chances: Mapping[str, float]) -> dict[str, float]:
    """Return the propensities of an agent that does each act with such a chance.

    >>> acts = {"answer": Act(), "falsify": Act(instead="answer")}
    >>> layout(acts, {"answer": 0.6, "falsify": 0.2})
    {'answer': 0.8, 'falsify': 0.25}
    """
    reached = dict.fromkeys(acts, 0.0)
    for name in acts:
        for passed in line(acts, name):
            reached[passed] += chances.get(name, 0.0)
    before = {name: reached[act.instead] if act.instead else 1.0 for name, act in acts.items()}
    return {name: reached[name] / before[name] if before[name] else 0.0 for name in acts}
