"""The tables of a search: trials, evidence, answers, and what the search did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from mechlab.figures import reference_words, size_title
from mechlab.report._page import DOLLARS, SHARES, Table
from mechlab.report.words import percent, rank_words, rounded, size_of
from mechlab.search.results import SearchResult
from mechlab.statistics import counted


def trials(result: SearchResult) -> Table:
    """Return the trials; columns that are empty or repeat the size are left out."""
    titles = {"number": "trial", **_attainment(result), "size": size_title(result)}
    frame = _lean(result, result.trials)
    if result.spoken:
        frame = frame.assign(mechanism=[_mechanism(result, row) for row in _records(result.trials)])
    return Table(frame, titles, SHARES, DOLLARS)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _mechanism(result: SearchResult, trial: dict[str, Any]) -> str:
    """Return a trial's mechanism, as the transcripts name it."""
    name = trial["candidate"]
    free = result.study.candidates[name].space
    return str(result.study.candidates[name].build({p: trial[f"{name}.{p}"] for p in free}))


def evidence(result: SearchResult) -> Table:
    """Return the doses that were played on held-out episodes."""
    titles = {
        **_attainment(result),
        "size": size_title(result),
        "lower": "lower bound",
        "upper": "upper bound",
        "episodes": "held-out episodes",
    }
    return Table(_lean(result, result.evidence), titles, SHARES | {"lower", "upper"})


def _attainment(result: SearchResult) -> dict[str, str]:
    share = f"attainment: % of {reference_words(result.study.target.relative_to)}"
    return {"attainment": share, "attainment_lower": "95% from", "attainment_upper": "to"}


def _lean(result: SearchResult, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out columns without values, and parameters that are the size."""
    again = [name for name in frame if str(name).endswith(f".{result.study.minimise}")]
    return frame.drop(columns=again).dropna(axis="columns", how="all")


def answers(result: SearchResult) -> Table:
    """Return the answers in their order, the study's first, each with its possible ranks."""
    places = {place.name: place for place in result.ranking}
    rows = [
        {
            "rank": rank_words(places[a.candidate]),
            "mechanism": rounded(a.mechanism),
            "status": a.status.replace("_", " "),
            "lower": a.interval[0],
            "upper": a.interval[1],
            "efficiency": a.efficiency.mean,
            "efficiency_lower": a.efficiency.ci95[0],
            "efficiency_upper": a.efficiency.ci95[1],
            "spend": a.spend.mean,
            "spend_share": a.spend_share,
            "subsidy": a.subsidy.mean,
            "episodes": a.efficiency.n,
            "tied_with": ", ".join(places[a.candidate].level) or "none",
        }
        for a in result.answers
    ]
    size = size_title(result)
    titles = {
        "lower": f"{size}, lower end",
        "upper": f"{size}, upper end",
        "efficiency": "% of perfect play",
        "efficiency_lower": "95% from",
        "efficiency_upper": "to",
        "spend_share": "% of revenue",
        "episodes": "held-out episodes",
    }
    return Table(pd.DataFrame(rows), titles, SHARES, DOLLARS)


def history(result: SearchResult) -> Table:
    """Return the steps of a search: exploration by candidate, then each stage of a certificate."""
    columns = ["step", "candidate", "from", "to", "what", "episodes", "outcome"]
    rows = [*_exploration(result), *_stages(result), *_measured(result)]
    frame = pd.DataFrame(rows, columns=columns[1:])
    frame.insert(0, "step", range(1, len(frame) + 1))
    return Table(frame)


def _exploration(result: SearchResult) -> Iterator[dict[str, Any]]:
    done = result.trials[result.trials["episodes"] > 0]
    for name, rows in done.groupby("candidate", sort=False):
        met = int((rows["attainment"] >= result.study.target.efficiency).sum())
        yield {
            "candidate": name,
            "from": _time(rows["started"].min()),
            "to": _time(rows["finished"].max()),
            "what": f"explored in {counted(len(rows), 'trial')}",
            "episodes": int(rows["episodes"].sum()),
            "outcome": f"the mean of {counted(met, 'trial')} met the target",
        }


def _stages(result: SearchResult) -> Iterator[dict[str, Any]]:
    """Yield the stages; the record has their order, but no times."""
    judged = result.evidence[result.evidence["stage"].notna()]
    for (name, stage), rows in judged.groupby(["candidate", "stage"], sort=False):
        answer = next((a for a in result.answers if a.candidate == name), result.best)
        doses = zip(rows["size"], rows["verdict"], strict=True)
        yield {
            "candidate": name,
            "what": f"stage {stage:.0f} of the certificate",
            "episodes": int(rows["episodes"].sum()),
            "outcome": "; ".join(f"{size_of(result, answer, s)} {verdict}" for s, verdict in doses),
        }


def _measured(result: SearchResult) -> Iterator[dict[str, Any]]:
    reference = reference_words(result.study.target.relative_to)
    for row in _records(result.evidence[result.evidence["stage"].isna()]):
        at_answer = row["purpose"] == "answer"
        yield {
            "candidate": row["candidate"],
            "what": "measured at the answer" if at_answer else "played, but not judged",
            "episodes": row["episodes"],
            "outcome": f"{percent(row['attainment'])} of {reference}",
        }


def _time(moment: Any) -> str:
    return "" if pd.isna(moment) else f"{moment:%Y-%m-%d %H:%M:%S}"
