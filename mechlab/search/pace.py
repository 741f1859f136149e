"""How many episodes are played at a time: few, where each of them costs money."""

from __future__ import annotations

from dataclasses import dataclass

from mechlab.search.bounds import MIN_EPISODES
from mechlab.study import Study

OFFLINE = frozenset({"scripted", "emulated"})  # kinds of agents that cost nothing to play


@dataclass(frozen=True)
class Pace:
    """Most episodes of one batch of the certificate, and of an answer that none was played at.

    An answer lies between the doses that were played. Its efficiency follows from them; what its
    own episodes measure is spend, subsidy and revenue.
    """

    batch: int
    answer: int


CHEAP = Pace(batch=64, answer=1024)
DEAR = Pace(batch=16, answer=MIN_EPISODES)


def pace(study: Study) -> Pace:
    """Return the pace that the agents of a study allow."""
    return CHEAP if study.group.kinds <= OFFLINE else DEAR
