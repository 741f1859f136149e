"""What a search did, and when: a row a step, from its record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from mechlab.report.sizes import size_of
from mechlab.report.tables import Table
from mechlab.search.results import SearchResult


def history(result: SearchResult) -> Table:
    """Return the steps of a search: exploring by candidate, then each attempt to certify."""
    columns = ["step", "candidate", "from", "to", "what", "episodes", "outcome"]
    rows = [*_exploring(result), *_certifying(result)]
    frame = pd.DataFrame(rows, columns=columns[1:])
    frame.insert(0, "step", range(1, len(frame) + 1))
    return Table(frame)


def _exploring(result: SearchResult) -> Iterator[dict[str, Any]]:
    done = result.trials[result.trials["episodes"] > 0]
    for name, rows in done.groupby("candidate", sort=False):
        met = int((rows["efficiency"] >= result.study.target.efficiency).sum())
        yield {
            "candidate": name,
            "from": _time(rows["started"].min()),
            "to": _time(rows["finished"].max()),
            "what": f"explored in {len(rows)} trial{'s' if len(rows) > 1 else ''}",
            "episodes": int(rows["episodes"].sum()),
            "outcome": f"{met} met the target in their few episodes",
        }


def _certifying(result: SearchResult) -> Iterator[dict[str, Any]]:
    """The record dates no fresh episodes; their order is known."""
    judged = result.evidence[result.evidence["attempt"].notna()]
    for (name, attempt), rows in judged.groupby(["candidate", "attempt"], sort=False):
        answer = next((a for a in result.answers if a.candidate == name), result.best)
        doses = zip(rows["size"], rows["verdict"], strict=True)
        yield {
            "candidate": name,
            "what": f"attempt {attempt:.0f} to certify",
            "episodes": int(rows["episodes"].sum()),
            "outcome": "; ".join(f"{size_of(result, answer, s)} {shown}" for s, shown in doses),
        }
    for row in result.evidence[result.evidence["attempt"].isna()].to_dict("records"):
        at_answer = row["purpose"] == "answer"
        yield {
            "candidate": row["candidate"],
            "what": "measured at the answer" if at_answer else "played, not judged",
            "episodes": row["episodes"],
            "outcome": f"{row['efficiency']:.1%} of {result.study.target.relative_to}",
        }


def _time(moment: Any) -> str:
    return "" if pd.isna(moment) else f"{moment:%Y-%m-%d %H:%M:%S}"
