"""What agents think: how much of it is language of withholding, bargaining and markets.

The share of thoughts with explicit withholding, leverage or bargaining is called hard defection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mechlab.flows import Array
from mechlab.llm.wordlists import DEFECTION, MARKET, Reading, WordLists, shipped
from mechlab.statistics import summarise

if TYPE_CHECKING:
    from mechlab.llm.transcripts import Transcripts

COLUMNS = {
    "episode": "id of the episode",
    "run": "the study's name",
    "mechanism": "as specified",
    "number": "number of the episode under its seed",
    "turn": "number of the turn in the episode",
    "round": "from 0",
    "agent": "its number",
    "model": "name of the model",
    "text": "the thought",
    "words": "number of words",
    "defects": "whether there is language of withholding, leverage or bargaining",
    "market": "number of market terms",
    "found": "what the lists found, by list",
}


def tally(thoughts: Iterable[str]) -> dict[str, Array]:
    """Return an episode's counts for the measures of thoughts, each (1,), by the shipped lists.

    >>> tally(["I hold back.", "I sell at a good price.", ""])["defections"]
    array([1.])
    """
    readings = [shipped().read(text) for text in thoughts if text.strip()]
    counts = {
        "thoughts": len(readings),
        "defections": sum(reading.defects for reading in readings),
        "thought_words": sum(reading.words for reading in readings),
        "market_terms": sum(len(reading.found[MARKET]) for reading in readings),
    }
    return {name: np.array([float(count)]) for name, count in counts.items()}


def read_thoughts(
    book: Transcripts, run: str | None = None, lists: WordLists | None = None
) -> pd.DataFrame:
    """Return all thoughts of valid answers in finished episodes, a row each; see ``COLUMNS``.

    Args:
        book: transcripts of live episodes.
        run: the study's name; None: of all runs.
        lists: the shipped ones by default.
    """
    rows = list(_rows(book, run, lists or shipped()))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(book: Transcripts, run: str | None, lists: WordLists) -> Iterator[dict[str, Any]]:
    for played in book.episodes(run):
        if not played.finished:
            continue
        about = {"episode": played.id, "run": played.run, "number": played.number}
        for turn in book.turns(played.id):
            if turn.problem or not turn.thoughts.strip():
                continue
            where = {"turn": turn.turn, "round": turn.round, "agent": turn.agent}
            said = {"model": turn.model, "mechanism": played.mechanism, "text": turn.thoughts}
            yield {**about, **where, **said, **_counts(lists.read(turn.thoughts))}


def _counts(reading: Reading) -> dict[str, Any]:
    found = {name: terms for name, terms in reading.found.items() if terms}
    counts = {"words": reading.words, "market": len(reading.found[MARKET])}
    return {**counts, "defects": reading.defects, "found": found}


def summarised(thoughts: pd.DataFrame, by: str = "mechanism") -> dict[str, dict[str, Any]]:
    """Return hard defection and market terms per 1,000 words, by a column of the thoughts.

    Means and 95% intervals are over episodes, as the thoughts of one episode are not independent.

    >>> one = {"episode": "a", "mechanism": "none", "words": 20, "market": 1, "defects": True}
    >>> two = {**one, "episode": "b", "market": 0, "defects": False}
    >>> found = summarised(pd.DataFrame([one, one, two, two]))["none"]
    >>> found["hard_defection"].mean, found["market_terms"].mean, found["thoughts"]
    (0.5, 25.0, 4)
    """
    found = {}
    for name, group in thoughts.groupby(by, sort=False):
        episodes = group.groupby("episode")[["defects", "words", "market"]].agg(
            share=("defects", "mean"), words=("words", "sum"), market=("market", "sum")
        )
        found[str(name)] = {
            "thoughts": len(group),
            "hard_defection": summarise(episodes["share"].to_numpy(float)),
            "market_terms": summarise((1000.0 * episodes["market"] / episodes["words"]).to_numpy()),
        }
    return found


def examples(thoughts: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the first thoughts with language of defection, of as many agents as there are.

    Each row names the episode and the turn in whose transcript it stands.
    """
    defecting = thoughts[thoughts["defects"]]
    order = defecting.groupby(["episode", "agent"]).cumcount()
    return defecting.loc[order.sort_values(kind="stable").index].head(count)


def terms(thoughts: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return how often each term was found, by list, the most frequent first."""
    counts: dict[str, dict[str, int]] = {name: {} for name in (*DEFECTION, MARKET)}
    for found in thoughts["found"]:
        for name, texts in found.items():
            for text in texts:
                term = text.lower()
                counts[name][term] = counts[name].get(term, 0) + 1
    return {
        name: dict(sorted(each.items(), key=lambda item: -item[1])) for name, each in counts.items()
    }
