"""Requirements that a study may make of its answer, and the audit that every answer carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mechlab.checks._incentive_compatibility import best_deviation
from mechlab.checks._individual_rationality import worst_payment
from mechlab.checks._plays import Play
from mechlab.checks._rounds import SampledPlays
from mechlab.checks._verdict import CHECKS
from mechlab.errors import unknown
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.notation import Notation
from mechlab.parameters import Param

_NOTATION = Notation("requirement", "'budget_balanced' or 'no_profitable_deviation(at_most=0.5)'")
_LIMIT = Param(0.0, low=0, unit="dollars")


def _gain(mechanism: Mechanism, game: Game) -> float:
    """What a deviator gains a round where all others give honestly."""
    return best_deviation(mechanism, game).a_round


def _loss(mechanism: Mechanism, game: Game) -> float:
    """What an honest agent loses by the payments of an episode, at worst."""
    return -worst_payment(mechanism, game)


def _sum(mechanism: Mechanism, game: Game) -> float:
    """What payments of a round bring in from outside, or burn, at worst."""
    return _worst(mechanism, game, "budget_balance")


def _waste(mechanism: Mechanism, game: Game) -> float:
    """What one agent, or a pair, is paid for a unit that nobody uses, at worst."""
    return max(_worst(mechanism, game, name) for name in ("farming_1", "farming_2"))


def _worst(mechanism: Mechanism, game: Game, name: str) -> float:
    measure = CHECKS.get(name).measure
    assert measure is not None
    worst = SampledPlays(mechanism, game, {name: measure}).worst(name)
    return worst.badness if worst else 0.0


REQUIREMENTS: Mapping[str, Callable[[Mechanism, Game], float]] = {
    "individually_rational": _loss,
    "no_profitable_deviation": _gain,
    "budget_balanced": _sum,
    "not_farmable": _waste,
}


@dataclass(frozen=True)
class Requirement:
    """A property that an answer must have.

    Attributes:
        name: one of ``REQUIREMENTS``. at_most: dollars that it may be missed by.

    >>> str(Requirement.read("no_profitable_deviation(at_most=0.5)"))
    'no_profitable_deviation(at_most=0.5)'
    """

    name: str
    at_most: float = 0.0

    @classmethod
    def read(cls, text: str) -> Requirement:
        """Read a requirement; raises ``UserError`` for what is none."""
        term, *more = _NOTATION.terms(text)
        if more or term.count is not None or term.sums:
            _NOTATION.refuse(text, more[0].position if more else 0)
        if term.name not in REQUIREMENTS:
            raise unknown("requirement", term.name, REQUIREMENTS)
        for name in term.values.keys() - {"at_most"}:
            raise unknown(f"parameter of {term.name}", name, ["at_most"])
        return cls(term.name, _LIMIT.checked("at_most", term.values.get("at_most", 0.0)))

    def missed_by(self, mechanism: Mechanism, game: Game) -> float:
        """Return by how much a mechanism misses it, in the game's money; 0 where it is met."""
        value = _measured(self.name, mechanism, game)
        return value if value > self.at_most + 1e-9 * game.unit else 0.0

    def __str__(self) -> str:
        return f"{self.name}(at_most={self.at_most:g})" if self.at_most else self.name


@lru_cache(maxsize=512)  # a search plays a dose in many batches
def _measured(name: str, mechanism: Mechanism, game: Game) -> float:
    return REQUIREMENTS[name](mechanism, game)


@dataclass(frozen=True)
class Audit:
    """What an agent gains by leaving honest play alone under a mechanism, and all requirements.

    Attributes:
        gain: of its best deviation, a round, in the game's money; below 0 where it would lose.
        play: shows it again; its ``deviation`` is what the agent does.
        unmet: the requirements that the mechanism misses, each with the number that misses it.
    """

    gain: float
    play: Play
    unmet: Mapping[str, float]

    def words(self, game: Game) -> str:
        """Return the audit in a sentence."""
        money, name = game.vocabulary.money, self.play.deviation
        if self.gain > 0:
            said = f"a deviator gains {money(self.gain)} a round ({name})"
        else:
            said = f"no deviator gains: the best, {name}, loses {money(-self.gain)} a round"
        missed = f"; not met: {', '.join(self.unmet)}" if self.unmet else ""
        return f"where all others give honestly, {said}{missed}"

    def as_json(self) -> dict[str, Any]:
        """Return the audit as plain values."""
        return {
            "gain_a_round": self.gain,
            "deviation": self.play.deviation,
            "agent": self.play.agent,
            "command": self.play.command,
            "unmet": dict(self.unmet),
        }


def audit(mechanism: Mechanism, game: Game, require: tuple[str, ...] = ()) -> Audit:
    """Look for the best deviation from honest play, and for requirements that are not met.

    >>> from mechlab.games.base import make_game
    >>> from mechlab.mechanism import parse
    >>> found = audit(parse("tournament(prize=0.8)"), make_game("public_goods"))
    >>> found.play.deviation, round(found.gain, 6)
    ('idle', 11.8)
    """
    margin = best_deviation(mechanism, game)
    asked = {text: Requirement.read(text).missed_by(mechanism, game) for text in require}
    return Audit(margin.a_round, margin.play, {text: by for text, by in asked.items() if by})
