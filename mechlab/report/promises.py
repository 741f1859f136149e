"""What each answer of a comparison promises, checked without a model: balance, and farming."""

from __future__ import annotations

from dataclasses import dataclass

from mechlab.analysis.comparison import Comparison, Entry
from mechlab.checks import Verdict
from mechlab.report.checks import checked

_NAMES = ("balance", "farming_1", "farming_2")


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
    return [_promise(entry) for entry in comparison.entries]


def _promise(entry: Entry) -> Promise:
    found = checked(entry.answer.mechanism, entry.result.study.played, _NAMES)
    return Promise(entry, found["balance"], found["farming_1"], found["farming_2"])
