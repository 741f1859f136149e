"""An interim analysis: what the held-out episodes at one dose show by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mechlab.search._direction import Dose
from mechlab.search.bounds import Sample, Serial, mean_bounds, p_value


@dataclass(frozen=True)
class Evidence(Dose):
    """A dose with what its held-out episodes showed; no other dose and no belief enters.

    Attributes:
        n: episodes.
        mean, lower, upper: of efficiency, with one-sided bounds at ``level``.
        level: error of the claim at this look; ``p``: its p-value, of a mean on the other side of
            the target.
        size, least, most: mean size at the dose with bounds at ``level``; all the same where the
            rules fix it.
        conclusion: what was shown; only what the purpose says can be.
        stage, look: in which stage of the test, and at which look at it, both from 1.
        spent: error that its stage had spent by then.
    """

    n: int
    mean: float
    lower: float
    upper: float
    level: float
    p: float
    size: float
    least: float
    most: float
    conclusion: Literal["sufficient", "insufficient", "neither"]
    stage: int = 0
    look: int = 0
    spent: float = 0.0


def judge(  # noqa: PLR0913 - what was measured, and how strictly it is judged
    dose: Dose,
    target: float,
    efficiency: Sample,
    size: Sample | float,
    level: float,
    unseen: float,
    serial: Serial,
) -> Evidence:
    """Return what a dose's own episodes show.

    Args:
        dose: the dose.
        target: mean efficiency that is enough.
        efficiency: of its episodes.
        size: of its episodes where it is observed, otherwise the size that the rules fix.
        level: error of the claim about efficiency; a bound of an observed size has the same.
        unseen: the same for episodes that were not seen (see ``bounds``).
        serial: how much neighbouring episodes depend on each other.
    """
    lower, upper = mean_bounds(efficiency, level, unseen, serial)
    enough, too_little = lower >= target, upper < target
    shown: Literal["sufficient", "insufficient", "neither"] = "neither"
    if dose.purpose == "upper" and enough:
        shown = "sufficient"
    if dose.purpose == "lower" and too_little:
        shown = "insufficient"
    p = p_value(efficiency, target, 1.0 if dose.purpose == "upper" else -1.0, serial)
    sizes = _mean_size(size, level, serial) if isinstance(size, Sample) else (size,) * 3
    return Evidence(
        dose.t,
        dose.params,
        dose.purpose,
        efficiency.n,
        efficiency.mean,
        lower,
        upper,
        level,
        p,
        *sizes,
        shown,
    )


def _mean_size(size: Sample, level: float, serial: Serial) -> tuple[float, float, float]:
    """Return the mean of an observed size with its bounds.

    A size that is the same in every episode is fixed by the rules, and exact. One that is never
    negative in any episode has no negative bound.
    """
    if size.variance == 0.0:
        return (size.mean,) * 3
    least, most = mean_bounds(size, level, serial=serial)
    return size.mean, max(least, 0.0) if size.least >= 0.0 else least, most
