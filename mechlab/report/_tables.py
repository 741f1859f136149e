"""The tables of a search: trials, evidence, answers, and what the search did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from mechlab.figures import reference_words, size_title
from mechlab.report._page import Table
from mechlab.report.words import percent, rank_words, rounded, size_of
from mechlab.search.pareto import Place
from mechlab.search.results import Answer, SearchResult
from mechlab.statistics import counted


def trials(result: SearchResult) -> Table:
    """Return the trials; columns that are empty or repeat the size are left out."""
    frame = _lean(result, result.trials)
    if result.spoken:
        records = result.trials.to_dict("records")
        frame = frame.assign(mechanism=[_mechanism(result, row) for row in records])
    return Table(frame, {"number": "trial", **_titles(result)})


def _mechanism(result: SearchResult, trial: Mapping[Any, Any]) -> str:
    """Return a trial's mechanism, as the transcripts name it."""
    candidate = result.study.candidates[trial["candidate"]]
    return str(candidate.build({p: trial[f"{trial['candidate']}.{p}"] for p in candidate.space}))


def evidence(result: SearchResult) -> Table:
    """Return the doses that were played on held-out episodes."""
    bounds = {
        "lower": "lower bound",
        "upper": "upper bound",
        "level": "error of the claim",
        "p": "p-value",
        "spent": "error spent by the stage",
        "episodes": "held-out episodes",
    }
    titles = {**bounds, **_titles(result)}
    return Table(_lean(result, result.evidence), titles, frozenset({"lower", "upper"}))


def assumptions(result: SearchResult) -> Table:
    """Return what the certificate rests on, with the result of each check."""
    words = {True: "nothing speaks against it", False: "it does not hold", None: "not testable"}
    rows = [
        {"assumption": one.name, "check": words[one.holds], "what the episodes say": one.words}
        for one in result.assumptions
    ]
    return Table(pd.DataFrame(rows))


def _titles(result: SearchResult) -> dict[str, str]:
    reference = reference_words(result.study.target.relative_to)
    return {"attainment": f"attainment: % of {reference}", "size": size_title(result)}


def _lean(result: SearchResult, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out columns without values, and parameters that are the size."""
    again = [name for name in frame if str(name).endswith(f".{result.study.minimise}")]
    return frame.drop(columns=again).dropna(axis="columns", how="all")


def answers(result: SearchResult) -> Table:
    """Return the answers in their order, the study's first, each with its possible ranks."""
    places = {place.name: place for place in result.ranking}
    rows = [answer_row(answer, places[answer.candidate]) for answer in result.answers]
    return Table(pd.DataFrame(rows), answer_titles(f"{size_title(result)}, "))


def answer_row(answer: Answer, place: Place) -> dict[str, Any]:
    """Return an answer with its possible ranks, as a row of a table."""
    return {
        "rank": rank_words(place),
        "mechanism": rounded(answer.mechanism),
        "status": answer.status.replace("_", " "),
        "lower": answer.interval[0],
        "upper": answer.interval[1],
        **answer.efficiency.columns("efficiency"),
        "spend": answer.spend.mean,
        "spend_share": answer.spend_share,
        "subsidy": answer.subsidy.mean,
        "episodes": answer.efficiency.n,
        "tied_with": ", ".join(place.level) or "none",
    }


def answer_titles(size: str = "") -> dict[str, str]:
    """Return the headings of such rows; ``size`` is what the ends of the interval are of."""
    ends = {"lower": f"{size}lower end", "upper": f"{size}upper end"}
    return {**ends, "efficiency": "% of perfect play", "episodes": "held-out episodes"}


def history(result: SearchResult) -> Table:
    """Return the steps of a search: exploration by candidate, then each stage of a certificate."""
    columns = ["candidate", "from", "to", "what", "episodes", "outcome"]
    rows = [*_exploration(result), *_stages(result), *_measured(result)]
    frame = pd.DataFrame(rows, columns=columns)
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
    for row in result.evidence[result.evidence["stage"].isna()].to_dict("records"):
        effect = row["purpose"] == "effect"
        yield {
            "candidate": row["candidate"],
            "what": "measured for the effect" if effect else "played, but not judged",
            "episodes": row["episodes"],
            "outcome": f"{percent(row['attainment'])} of {reference}",
        }


def _time(moment: Any) -> str:
    return "" if pd.isna(moment) else f"{moment:%Y-%m-%d %H:%M:%S}"
