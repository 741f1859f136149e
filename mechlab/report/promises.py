"""What each answer of a comparison promises, checked without a model: balance, and farming."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from mechlab.checks import Verdict
from mechlab.checks.farming import farming
from mechlab.checks.promises import balance
from mechlab.comparison import Comparison, Entry
from mechlab.game import Game
from mechlab.mechanism import Mechanism


@dataclass(frozen=True)
class Promise:
    """What was checked of one entry.

    Attributes:
        balance: whether payments sum to zero. alone, pair: whether one agent, or a colluding pair,
            is paid for giving that nobody uses.
    """

    entry: Entry
    balance: Verdict
    alone: Verdict
    pair: Verdict

    @property
    def words(self) -> list[str]:
        """The findings in plain sentences."""
        return [verdict.words for verdict in (self.balance, self.alone, self.pair)]


def promises(comparison: Comparison) -> list[Promise]:
    """Check each entry's mechanism, at its answer, in its study's game."""
    return [
        Promise(entry, *_checked(entry.answer.mechanism, entry.result.study.played))
        for entry in comparison.entries
    ]


@lru_cache(maxsize=256)  # the same answer may stand in several studies
def _checked(rules: Mechanism, game: Game) -> tuple[Verdict, Verdict, Verdict]:
    return balance(rules, game), farming(rules, game, 1), farming(rules, game, 2)
