"""Who the agents of a study are: what limits them, and what the emulated ones rest on."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from mechlab.analysis.findings import Findings, MemberFit
from mechlab.report.chart import Chart
from mechlab.report.decomposition import map_chart, sentences
from mechlab.report.tables import Table

_SHOWN = {
    "condition": "condition",
    "measure": "measure",
    "target": "published",
    "tolerance": "tolerance",
    "ours": "emulated",
    "factor": "off by a factor of",
    "inside": "inside",
    "fitted": "fitted",
    "reason": "why not",
    "source": "source",
}


@dataclass(frozen=True)
class Group:
    """What a page says of the agents.

    Attributes:
        said: what limits the group, in sentences; none where it was not taken apart.
        charts: the map of cooperation against competence.
        fits: a sentence on each emulated agent: how well it meets the figures it was fitted to.
        residuals: every published figure of these agents beside ours; None without such agents.
    """

    said: tuple[str, ...]
    charts: list[Chart]
    fits: list[str]
    residuals: Table | None


def group_of(found: Findings) -> Group:
    """Say what limits the group, and what its emulated agents rest on."""
    limits = found.decomposition
    return Group(
        said=sentences(limits) if limits else (),
        charts=[map_chart(limits)] if limits else [],
        fits=[_fit(fit) for fit in found.fits],
        residuals=_residuals(found.fits),
    )


def _residuals(fits: tuple[MemberFit, ...]) -> Table | None:
    if not fits:
        return None
    rows = [fit.figures[list(_SHOWN)].assign(agent=fit.agent) for fit in fits]
    frame = pd.concat(rows, ignore_index=True)[["agent", *_SHOWN]]
    for name in ("inside", "fitted"):
        frame[name] = frame[name].map({True: "yes", False: "no"})
    return Table(frame, _SHOWN)


def _fit(fit: MemberFit) -> str:
    fitted, missed = fit.fitted, fit.missed
    text = (
        f"{fit.agent}: {len(fitted) - len(missed)} of the {len(fitted)} published figures that it "
        "was fitted to lie within their published interval, or within 10% where none was published"
    )
    pairs = zip(missed["measure"], missed["condition"], strict=True)
    worst = "; not met: " + ", ".join(f"{m} ({c})".replace("_", " ") for m, c in pairs)
    lent = f"; borrowed from other models: {', '.join(fit.borrowed)}" if fit.borrowed else ""
    return f"{text}{worst if len(missed) else ''}{lent}."
