"""What carries over of an answer, where the study asks for it."""

from __future__ import annotations

import pandas as pd

from mechlab.figures import transfer
from mechlab.report.chart import Chart
from mechlab.report.tables import Table

_SHARES = frozenset(
    {"attainment", "attainment_lower", "attainment_upper", "baseline", "spend_share"}
    | {"change", "change_lower", "change_upper"}
)


def transfer_charts(rows: pd.DataFrame) -> list[Chart]:
    """The map of games and populations; none where the study does not ask for it."""
    if rows.empty:
        return []
    counts = rows["outcome"].value_counts()
    alt = f"Of {len(rows)} settings: " + ", ".join(f"{name} {n}" for name, n in counts.items())
    note = "Money is scaled by each game's unit of account; the same seeds with it and without."
    title = "The answer in other games and among other agents"
    return [Chart("transfer", title, transfer(rows), f"{alt}.", Table(rows, shares=_SHARES), note)]
