"""What agents think: how much of it is language of withholding, bargaining and markets.

The share of thoughts with explicit withholding, leverage or bargaining is called hard defection.
Word lists find them: data, to which a user's own lists add.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from mechlab.errors import UserError, unknown
from mechlab.flows import Array
from mechlab.llm.transcripts import Transcripts
from mechlab.recipe import parse_toml, read_text
from mechlab.statistics import summarise

_DEFECTION = ("withholding", "leverage", "bargaining")
_MARKET = "market"
_NEGATIONS = "negations"
_LISTS = (_NEGATIONS, *_DEFECTION, _MARKET)

_WORD = re.compile(r"[\w'-]+")
_BETWEEN = r"[^\w.!?;:]+"  # words of one sentence
_GAP = rf"(?:{_BETWEEN}[\w'-]+){{0,4}}?{_BETWEEN}"  # "...": up to four words in between
_BEFORE = 400  # characters: more than so few words have; all of a text would take quadratic time
_NEAR = 3  # a negation among this many words before a match cancels it: "do not ever withhold"

_COLUMNS = (
    *("episode", "run", "mechanism", "number", "turn", "round", "agent", "model"),
    *("text", "words", "defects", "market", "terms"),
)


@dataclass(frozen=True)
class Reading:
    """What the lists find in one text: its number of words, and by list the terms as they stand."""

    words: int
    terms: Mapping[str, tuple[str, ...]]

    @property
    def defects(self) -> bool:
        """Whether there is language of withholding, leverage or bargaining."""
        return any(self.terms[name] for name in _DEFECTION)

    @property
    def market_terms(self) -> int:
        """Number of market terms."""
        return len(self.terms[_MARKET])


@dataclass(frozen=True)
class WordLists:
    """Terms by list; ``mechlab/data/thoughts.toml`` says how they are written.

    >>> lists = WordLists.load()
    >>> lists.read("I will hold back my pieces and negotiate a price.").terms["withholding"]
    ('hold back',)
    >>> lists.read("I should not hold back.").defects
    False
    """

    lists: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls, more: str | Path | None = None) -> Self:
        """Return the packaged lists, with those of a user's file added to them.

        Raises:
            UserError: if the file cannot be read, is not TOML or has an unknown list.
        """
        text = (files("mechlab") / "data" / "thoughts.toml").read_text(encoding="utf-8")
        lists, added = tomllib.loads(text), {}
        if more is not None:
            added = parse_toml(read_text(more), str(more))
        for name, terms in added.items():
            if name not in _LISTS:
                raise UserError(f"{more}: {unknown('list of words', name, _LISTS)}")
            if not isinstance(terms, list) or not all(isinstance(t, str) and t for t in terms):
                raise UserError(f"{more}: {name} must be a list of texts, got {terms!r}")
        return cls({name: (*lists[name], *added.get(name, ())) for name in _LISTS})

    def read(self, text: str) -> Reading:
        """Return what the lists find in a text."""
        plain = text.replace("’", "'")
        return Reading(
            words=len(_WORD.findall(plain)),
            terms={name: self._terms(name, plain) for name in (*_DEFECTION, _MARKET)},
        )

    def _terms(self, name: str, text: str) -> tuple[str, ...]:
        matches = self._patterns[name].finditer(text)
        befores = ((match[0], max(0, match.start() - _BEFORE), match.start()) for match in matches)
        return tuple(term for term, start, end in befores if not self._negated(text[start:end]))

    def _negated(self, before: str) -> bool:
        """Whether a negation stands among the last words of the sentence so far."""
        sentence = re.split(r"[.!?;:]", before)[-1]
        near = " ".join(_WORD.findall(sentence)[-_NEAR:])
        return bool(self._patterns[_NEGATIONS].search(near))

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        return {name: _pattern(terms) for name, terms in self.lists.items()}


def count_language(thoughts: Iterable[str]) -> dict[str, Array]:
    """Return an episode's counts for the measures of thoughts, each (1,), by the packaged lists.

    >>> count_language(["I hold back.", "I sell at a good price.", ""])["defections"]
    array([1.])
    """
    readings = [_packaged_lists().read(text) for text in thoughts if text.strip()]
    counts = {
        "thoughts": len(readings),
        "defections": sum(reading.defects for reading in readings),
        "thought_words": sum(reading.words for reading in readings),
        "market_terms": sum(reading.market_terms for reading in readings),
    }
    return {name: np.array([float(count)]) for name, count in counts.items()}


def read_thoughts(
    transcripts: Transcripts, run: str | None = None, lists: WordLists | None = None
) -> pd.DataFrame:
    """Return all thoughts of valid answers in finished episodes, one per row.

    Columns: the ``episode`` (its id), its ``run``, ``mechanism`` and ``number``, the ``turn``,
    ``round``, ``agent`` and ``model``; the ``text``, its number of ``words`` and of ``market``
    terms, whether it ``defects``, and the ``terms`` in it by list.

    Args:
        transcripts: of live episodes.
        run: the study's name; None: of all runs.
        lists: the packaged ones by default.
    """
    lists, rows = lists or _packaged_lists(), []
    for episode in transcripts.episodes(run):
        for call in transcripts.calls(episode.id) if episode.finished else ():
            if call.thoughts.strip() and not call.problem:
                about = (episode.id, episode.run, episode.mechanism, episode.number)
                turn = (call.turn, call.round, call.agent, call.model, call.thoughts)
                reading = lists.read(call.thoughts)
                terms = {name: terms for name, terms in reading.terms.items() if terms}
                counts = (reading.words, reading.defects, reading.market_terms, terms)
                rows.append((*about, *turn, *counts))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def summarise_thoughts(thoughts: pd.DataFrame, by: str = "mechanism") -> dict[str, dict[str, Any]]:
    """Return hard defection and market terms per 1,000 words, by a column of the thoughts.

    Means and 95% intervals are over episodes, as the thoughts of one episode are not independent.

    >>> one = {"episode": "a", "mechanism": "none", "words": 20, "market": 1, "defects": True}
    >>> two = {**one, "episode": "b", "market": 0, "defects": False}
    >>> none = summarise_thoughts(pd.DataFrame([one, one, two, two]))["none"]
    >>> none["hard_defection"].mean, none["market_terms"].mean, none["thoughts"]
    (0.5, 25.0, 4)
    """
    groups = {}
    for name, group in thoughts.groupby(by, sort=False):
        episodes = group.groupby("episode")[["defects", "words", "market"]].agg(
            share=("defects", "mean"), words=("words", "sum"), market=("market", "sum")
        )
        groups[str(name)] = {
            "thoughts": len(group),
            "hard_defection": summarise(episodes["share"].to_numpy(float)),
            "market_terms": summarise((1000.0 * episodes["market"] / episodes["words"]).to_numpy()),
        }
    return groups


def examples(thoughts: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the first thoughts with language of defection, spread over as many agents as possible.

    Each row names the episode and the turn in whose transcript it stands.
    """
    defecting = thoughts[thoughts["defects"]]
    order = defecting.groupby(["episode", "agent"]).cumcount()
    return defecting.loc[order.sort_values(kind="stable").index].head(count)


def term_counts(thoughts: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return how often each term occurs, by list, the most frequent first."""

    def counts(name: str) -> dict[str, int]:
        terms = (term.lower() for lists in thoughts["terms"] for term in lists.get(name, ()))
        return dict(Counter(terms).most_common())

    return {name: counts(name) for name in (*_DEFECTION, _MARKET)}


@lru_cache
def _packaged_lists() -> WordLists:
    return WordLists.load()


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of any of the terms, the longer ones first."""
    longest_first = sorted(terms, key=len, reverse=True)
    any_term = "|".join(_BETWEEN.join(map(_word, term.split())) for term in longest_first)
    any_term = any_term.replace(f"{_BETWEEN}...{_BETWEEN}", _GAP)
    return re.compile(rf"(?<![\w'-])(?:{any_term})(?![\w'-])", re.IGNORECASE)


def _word(word: str) -> str:
    if word == "...":
        return word
    either = "|".join(re.escape(one).replace(r"\*", r"[\w'-]*") for one in word.split("|"))
    return f"(?:{either})"
