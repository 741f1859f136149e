"""Where the replication misses the published study, in words that are computed from it."""

from __future__ import annotations

import math

from mechlab.analysis.replication import (
    Optimum,
    Pattern,
    Replica,
    Replication,
    SplitAnswers,
    UnmetRate,
)
from mechlab.report.words import interval, number


def words(found: Replication) -> dict[str, tuple[str, ...]]:
    """Return all that there is to say, by its kind."""
    return {
        "headline": (headline(found), rule(found)),
        "far": far(found),
        "tensions": tensions(found),
        "patterns": patterns(found),
        "near": near(found),
    }


def headline(found: Replication) -> str:
    """Return how many figures are met, fitted and held out apart."""
    parts = []
    for name, some in (("fitted", found.fitted), ("held out", found.held_out)):
        if some:
            inside = sum(r.cell.inside for r in some)
            parts.append(f"{inside} of {len(some)} {name} figures ({inside / len(some):.0%})")
    return f"Ours meet {' and '.join(parts)}."


def rule(found: Replication) -> str:
    """Return what counts as met, and how many figures cannot be compared."""
    apart = [r for r in found.replicas if not r.measured]
    reasons = "; ".join(sorted({r.cell.reason for r in apart} - {""}))
    return (
        "A figure is met where ours lies in its published 95% interval, or within 10% where none "
        f"is published. {len(apart)} figures cannot be compared"
        f"{f': {reasons}' if reasons else ''}."
    )


def named(replica: Replica) -> str:
    """Return a figure and ours in a sentence."""
    figure, ours = replica.figure, replica.ours
    where = f"{figure.model}, {figure.condition}, {figure.metric.replace('_', ' ')}"
    said = f"{where}: published {number(figure.target)}, ours {number(ours.mean)} "
    off = f"({interval(ours, number)}), {_factor(replica)}"
    return f"{said}{off}{f'; not fitted: {replica.cell.reason}' if replica.cell.reason else ''}."


def _factor(replica: Replica) -> str:
    factor = replica.cell.factor
    if math.isnan(factor):
        return "no factor, for one of them is 0"
    side = "large" if replica.residual > 0 else "small"
    return f"{factor:.2f} times too {side}"


def far(found: Replication) -> tuple[str, ...]:
    """Return every figure that is off by more than ``FAR``, the furthest first."""
    return tuple(map(named, found.far))


def near(found: Replication) -> tuple[str, ...]:
    """Return the other figures that are missed."""
    return tuple(map(named, found.near))


def patterns(found: Replication) -> tuple[str, ...]:
    """Return, for each metric, how many are met and to which side the others are off."""
    return tuple(map(_pattern, found.patterns))


def _pattern(one: Pattern) -> str:
    missed = one.too_large + one.too_small
    sides = f"; of the others {one.too_large} too large, {one.too_small} too small"
    met = f"{one.met} of {one.met + missed} met"
    return f"{one.metric.replace('_', ' ')}: {met}{sides if missed else ''}."


def tensions(found: Replication) -> tuple[str, ...]:
    """Return where published figures pull the common form of the agents apart."""
    pulled = found.tensions
    optimum = [_optimum(pulled.optimum)] if pulled.optimum else []
    return (*map(_split, pulled.answers), *map(_rate, pulled.rates), *optimum)


def _split(one: SplitAnswers) -> str:
    return (
        f"{one.model} answers peers and the system differently: its response rate to peers is "
        f"{number(one.response_rate)}, yet with the system's requests it reaches "
        f"{number(one.efficiency)} of perfect play. If it answered the system as it does "
        f"peers (chance {number(one.peer)} in place of {number(one.system)}), it would reach "
        f"{number(one.if_alike)}."
    )


def _rate(one: UnmetRate) -> str:
    if not one.reachable:
        return (
            f"{one.model}'s response rate of {number(one.response_rate)} is out of this form's "
            f"reach: whatever its chance to answer, it comes to {number(one.nearest)} at the "
            "nearest."
        )
    return (
        f"{one.model}'s response rate does not fit its throughput: an agent of this form that "
        f"answered often enough for {number(one.response_rate)} would complete "
        f"{number(one.completed)} tasks, not the published {number(one.tasks)}."
    )


def _optimum(one: Optimum) -> str:
    return (
        f"What the study calls optimal ({number(one.published)} tasks; ours {number(one.ours)}) "
        "is the optimum of asking: where everybody gives all it has unasked, the same rules "
        f"permit {number(one.factor)} times as much."
    )
