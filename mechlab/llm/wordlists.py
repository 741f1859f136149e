"""Lists of words by which thoughts are read; they are data, and a user's own add to them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Self

from mechlab.errors import UserError, unknown

DEFECTION = ("withholding", "leverage", "bargaining")
MARKET = "market"
_NEGATIONS = "negations"
_LISTS = (_NEGATIONS, *DEFECTION, MARKET)

_WORD = re.compile(r"[\w'-]+")
_BETWEEN = r"[^\w.!?;:]+"  # words of one sentence
_NEAR = 3  # words before a match in which a negation counts


@dataclass(frozen=True)
class Reading:
    """What the lists find in one text.

    Attributes:
        words: number of words.
        found: by list, what was found of it, as it stands in the text.
    """

    words: int
    found: Mapping[str, tuple[str, ...]]

    @property
    def defects(self) -> bool:
        """Whether there is language of withholding, leverage or bargaining."""
        return any(self.found[name] for name in DEFECTION)


@dataclass(frozen=True)
class WordLists:
    """Terms by list; see ``mechlab/data/thoughts.toml`` for how they are written.

    >>> lists = WordLists.load()
    >>> lists.read("I will hold back my pieces and negotiate a price.").found["withholding"]
    ('hold back',)
    >>> lists.read("I should not hold back.").defects
    False
    """

    lists: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls, more: str | Path | None = None) -> Self:
        """Return the shipped lists, with those of a user's file added to them.

        Raises:
            UserError: where the file cannot be read, is not TOML or has an unknown list.
        """
        text = (files("mechlab") / "data" / "thoughts.toml").read_text(encoding="utf-8")
        lists = cls._of(tomllib.loads(text), "thoughts.toml")
        added = cls._of(_toml(Path(more)), str(more)) if more is not None else {}
        return cls({name: (*lists[name], *added.get(name, ())) for name in _LISTS})

    @staticmethod
    def _of(table: Mapping[str, object], source: str) -> dict[str, tuple[str, ...]]:
        lists = {}
        for name, terms in table.items():
            if name not in _LISTS:
                raise UserError(f"{source}: {unknown('list of words', name, _LISTS)}")
            if not isinstance(terms, list) or not all(isinstance(t, str) and t for t in terms):
                raise UserError(f"{source}: {name} must be a list of texts, got {terms!r}")
            lists[name] = tuple(terms)
        return lists

    def read(self, text: str) -> Reading:
        """Return what the lists find in a text."""
        plain = text.replace("’", "'")
        return Reading(
            words=len(_WORD.findall(plain)),
            found={name: self._found(name, plain) for name in (*DEFECTION, MARKET)},
        )

    def _found(self, name: str, text: str) -> tuple[str, ...]:
        matches = self._patterns[name].finditer(text)
        return tuple(match[0] for match in matches if not self._negated(text[: match.start()]))

    def _negated(self, before: str) -> bool:
        """Whether a negation stands among the last words of the sentence so far."""
        sentence = re.split(r"[.!?;:]", before)[-1]
        near = " ".join(_WORD.findall(sentence)[-_NEAR:])
        return bool(self._patterns[_NEGATIONS].search(near))

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        return {name: _pattern(terms) for name, terms in self.lists.items()}


@lru_cache
def shipped() -> WordLists:
    """Return the shipped lists."""
    return WordLists.load()


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """Return what finds any of the terms, the longer ones first."""
    found = "|".join(_term(term) for term in sorted(terms, key=len, reverse=True))
    return re.compile(rf"(?<![\w'-])(?:{found})(?![\w'-])", re.IGNORECASE)


def _term(term: str) -> str:
    words = [_word(word) for word in term.split()]
    return _BETWEEN.join(words).replace(f"{_BETWEEN}...{_BETWEEN}", _gap())


def _word(word: str) -> str:
    if word == "...":
        return word
    either = "|".join(re.escape(one).replace(r"\*", r"[\w'-]*") for one in word.split("|"))
    return f"(?:{either})"


def _gap() -> str:
    """Return what finds up to four words in between."""
    return rf"(?:{_BETWEEN}[\w'-]+){{0,4}}?{_BETWEEN}"


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UserError(f"{path}: cannot be read: {reason}") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not TOML: {error}") from None
