"""The four steps: pilot, emulate, search, confirm."""

from __future__ import annotations

from collections.abc import Iterator

from optuna.distributions import FloatDistribution, IntDistribution

from mechlab.candidate import ends
from mechlab.errors import UserError
from mechlab.live.session import session_for
from mechlab.pilot.confirm import Confirmation
from mechlab.pilot.fit import Fitted, fitted
from mechlab.pilot.offline import Line, search_offline
from mechlab.pilot.played import Played
from mechlab.pilot.result import Offline, PilotResult, PilotStatus
from mechlab.search.sequences import LEAST
from mechlab.search.work import calm
from mechlab.study import BASELINE, Study

ABOVE = 0.03  # how far above the fitted size the first test is: leaves room for the lower end
NARROW = 0.07  # widest interval of an answer, relative to its upper end: as a search's
"""See ``mechlab.search.quest``: an interval 1.4 tolerances of 5% wide is narrow enough."""


def pilot(study: Study, storage: str | None = None) -> PilotResult:
    """Answer a study that has a ``[pilot]`` table with few episodes of its own agents.

    1. Pilot: a few episodes at the low end and in the middle of each candidate's range.
    2. Emulate: fit emulated agents to them, with draws that carry the fit's uncertainty.
    3. Search: find the smallest sufficient size of each draw, in episodes that cost nothing.
    4. Confirm: test the upper end of the interval on fresh episodes of the study's own agents, in
       a group-sequential design. They join the fit, and steps 2 to 4 go on until the interval is
       narrow or the budget is used up.

    Args:
        study: the study; its budget counts episodes of its own agents.
        storage: database URL of live agents' calls, which are never paid for twice.

    Raises:
        UserError: for a study without ``[pilot]``, a mixed group, a budget that does not cover
            the pilot, or a candidate whose one free number is not the study's ``smallest``.
    """
    lines = tuple(_lines(study))
    url = storage or f"sqlite:///.mechlab/{study.name}.db"
    with calm(), session_for(study.group, study.live, url, study.name):
        return _answered(study, lines)


def _lines(study: Study) -> Iterator[Line]:
    if study.pilot is None:
        raise UserError(f"the study {study.name!r} has no [pilot]")
    if len(set(study.group.members)) > 1:
        raise UserError(f"a pilot is fitted to agents of one sort, got {study.group}")
    for name, candidate in study.candidates.items():
        free = candidate.space
        number = [n for n, d in free.items() if isinstance(d, (FloatDistribution, IntDistribution))]
        if name != BASELINE and list(free) == number == [study.smallest]:
            yield Line(study, name, study.smallest, *map(float, ends(free[study.smallest])))
        elif name != BASELINE:
            raise UserError(
                f"a pilot searches candidates whose one free number is the study's smallest "
                f"({study.smallest}); {name} has {', '.join(free) or 'none'}"
            )


def _answered(study: Study, lines: tuple[Line, ...]) -> PilotResult:
    """Go through the steps until there is an answer."""
    assert study.pilot is not None
    played = Played(study)
    mechanisms = dict.fromkeys(m for line in lines for m in line.piloted())
    least = study.pilot.episodes * len(mechanisms) + LEAST
    if study.budget.episodes < least:
        raise UserError(
            f"budget.episodes must cover the pilot and one look, at least {least}, "
            f"got {study.budget.episodes}"
        )
    for mechanism in mechanisms:
        played.play(mechanism, study.pilot.episodes)
    piloted = len(played)
    confirmation = Confirmation(played)
    while True:
        fit = fitted(played)
        offline = _searched(lines, fit)
        line = next(x for x in lines if x.candidate == offline[0].candidate)
        status, size = _decided(confirmation, line, offline[0])
        if not status:
            confirmation.test(line, size)
            status, size = _decided(confirmation, line, offline[0])
        if status:
            break
    return PilotResult(
        study=study,
        status=status,
        candidate=line.candidate,
        mechanism=line.at(size),
        interval=(float(min(size, _low(confirmation, line, offline[0]))), float(size)),
        fit=fit,
        offline=offline,
        looks=tuple(confirmation.looks),
        outcome=played.at(line.at(size)),
        episodes={"pilot": piloted, "confirm": len(played) - piloted},
    )


def _searched(lines: tuple[Line, ...], fit: Fitted) -> tuple[Offline, ...]:
    found = [Offline(line.candidate, *search_offline(line, fit.agent, fit.draws)) for line in lines]
    return tuple(sorted(found, key=lambda one: one.size))


def _low(confirmation: Confirmation, line: Line, found: Offline) -> float:
    """Return the lower end: the fit's, or what fresh episodes showed not to be enough.

    Where fresh episodes showed a size to be enough that the fit holds too small, the fit is wrong.
    """
    shown = max(line.low, confirmation.insufficient(line))
    enough, low = confirmation.sufficient(line), found.widened.interval[0]
    return shown if enough is not None and low >= enough else max(shown, low)


def _decided(
    confirmation: Confirmation, line: Line, found: Offline
) -> tuple[PilotStatus | None, float]:
    """Return the status, where there is an answer, and its size or else the size to test next."""
    enough, low = confirmation.sufficient(line), _low(confirmation, line, found)
    if enough is not None and (1.0 - NARROW) * enough <= max(low, found.widened.interval[0]):
        return "confirmed", enough
    if confirmation.insufficient(line) >= line.high:
        return "unreachable", line.high
    if confirmation.played.left < LEAST:
        return (
            ("out_of_budget", _next(line, found, low)) if enough is None else ("confirmed", enough)
        )
    return None, _next(line, found, low) if enough is None else low / (1.0 - NARROW)


def _next(line: Line, found: Offline, low: float) -> float:
    """Return the first size to test: enough if the fit is right, and little more than that."""
    return min(line.high, max(low, found.size) * (1.0 + ABOVE))
