"""The four steps: pilot, emulate, search, confirm."""

from __future__ import annotations

from collections.abc import Iterator

from optuna.distributions import FloatDistribution, IntDistribution

from mechlab.errors import UserError
from mechlab.llm.session import session_for
from mechlab.mechanism.candidate import ends
from mechlab.pilot.emulate import Line
from mechlab.pilot.result import PilotResult
from mechlab.pilot.sequential import Quest
from mechlab.search.worker import calm
from mechlab.study import BASELINE, Study


def pilot(study: Study, storage: str | None = None) -> PilotResult:
    """Answer a study that has a ``[pilot]`` table with few episodes of its own agents.

    1. Pilot: a few episodes in the middle of each candidate's range.
    2. Emulate: fit emulated agents to them, with draws that carry the fit's uncertainty.
    3. Search: find the smallest sufficient size of the fit and of each draw, for nothing.
    4. Confirm: play fresh episodes on both sides of it, and say from them where the target is
       reached (see ``mechlab.pilot.confirm``). The first of them join the fit, which then stands;
       step 4 goes on until the interval is narrow or the budget is used up.

    Args:
        study: the study; its budget counts episodes of its own agents.
        storage: database URL of live agents' calls, which are never paid for twice.

    Raises:
        UserError: for a study without ``[pilot]``, a mixed group, a budget that does not cover
            the pilot, or a candidate whose one free number is not what the study minimises.
    """
    quest = Quest(study, tuple(lines_of(study)))
    url = storage or f"sqlite:///.mechlab/{study.name}.db"
    with calm(), session_for(study.group, study.live, url, study.name):
        return quest.answer()


def lines_of(study: Study) -> Iterator[Line]:
    """Return the candidates that a pilot searches; raises as ``pilot``."""
    if study.pilot is None:
        raise UserError(f"the study {study.name!r} has no [pilot]")
    if len(set(study.group.members)) > 1:
        raise UserError(f"a pilot is fitted to agents of one sort, got {study.group}")
    for name, candidate in study.candidates.items():
        free = candidate.space
        number = [n for n, d in free.items() if isinstance(d, (FloatDistribution, IntDistribution))]
        if name != BASELINE and list(free) == number == [study.minimise]:
            yield Line(study, name, study.minimise, *map(float, ends(free[study.minimise])))
        elif name != BASELINE:
            raise UserError(
                f"a pilot searches candidates whose one free number is what the study minimises "
                f"({study.minimise}); {name} has {', '.join(free) or 'none'}"
            )
