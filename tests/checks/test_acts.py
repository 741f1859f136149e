"""Acts: what a game claims of them is compared with what its play does."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from mechlab.checks._acts import claims
from mechlab.games import Commons, Matrix, PublicGoods
from mechlab.games.base import Game
from mechlab.games.payoffs import TABLES
from mechlab.mechanism import parse
from mechlab.mechanism.incentives import Act
from mechlab.parameters import param
from tests.checks.games import one
from tests.games.thresholds import smallest


@pytest.mark.parametrize(
    "game",
    [
        PublicGoods(),
        PublicGoods(agents=7, multiplier=3, rounds=3),
        Commons(),
        Commons(agents=3, growth=1.5),
        *(Matrix(table=table) for table in TABLES),
    ],
)
def test_our_games_claim_what_play_does(game):
    assert [claim for claim in claims(game) if claim.off] == []
    assert one("acts", "none", game).holds


@dataclass(frozen=True)
class Cournot(Game):
    """Three firms sell 4 units each, or, where they restrain themselves, 2; the price is 16 - Q.

    All restrained, each earns 2 * 10 = 20. One that sells 4 earns 4 * 8 = 32, which is 12 more.
    Were its act constant, as among firms that sell 4 (2 * 6 - 4 * 4 = -4), it would claim too much.
    """

    name: ClassVar[str] = "cournot"
    fields: ClassVar[frozenset[str]] = frozenset({"given", "produced"})
    propensities: ClassVar[tuple[str, ...]] = ("restrain",)
    roles: ClassVar = {"perfect": {"restrain": 1.0}, "silent": {}}
    references: ClassVar = {"perfect": {"restrain": 1.0}}

    agents: int = param(3, low=3, high=3, unit="firms")
    rounds: int = param(6, low=1, high=100, unit="rounds")

    unit = 1.0

    @property
    def acts(self):
        return {"restrain": Act(given=1, produced=-4.0)}

    def start(self, seeds, condition):
        return len(seeds)

    def play(self, state, round, behaviour, now):
        sold = 4.0 - 2.0 * behaviour[:, 0]
        price = max(0.0, 16.0 - sold.sum())
        now.produced[...] = sold * price
        now.given[...] = (behaviour[:, 0] / 2)[:, None] * (1 - np.eye(3))


def test_a_claim_that_play_does_not_bear_out_fails_with_the_difference():
    verdict = one("acts", "none", Cournot())
    assert not verdict.holds
    assert verdict.values == {"claimed": -4.0, "played": 20.0 - 32.0}
    assert "brings the agent -$4; in play, among honest others, it brings -$12" in verdict.words


def test_selfish_firms_restrain_themselves_from_the_bonus_at_which_play_pays_it():
    found = smallest(
        Cournot(), lambda rate: parse(f"sharing_bonus(rate={rate})"), 20.0, target=0.99
    )
    assert found == pytest.approx(12.0, rel=0.01)
