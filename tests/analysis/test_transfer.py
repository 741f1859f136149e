"""What carries over: mechanisms scaled into other games, against their closed forms."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from mechanisms import (
    DecayingBonus,
    Deposit,
    Hidden,
    Royalty,
    SharingBonus,
    WithholdingFine,
)
from mechlab.analysis.findings import COLUMNS, transfer
from mechlab.errors import UserError
from mechlab.figures import transfer as figure
from mechlab.mechanism import MECHANISMS, Capped, Mechanism, Stack
from mechlab.study import Study

TEXT = """
question = "What carries over?"
game = "public_goods"
population = "selfish"
mechanisms = ["sharing_bonus(rate=[0, 1])"]
minimise = "rate"
target = {efficiency = 0.9}
"""


def study(transfer="", text=TEXT):
    return Study.read(f"{text}\n[transfer]\n{transfer}")


def rows(mechanism, settings):
    found = transfer(study(settings), mechanism)
    return {(row.game, row.population): row for row in found.itertuples()}


@pytest.mark.parametrize("name", list(MECHANISMS))
def test_money_is_scaled_and_nothing_else(name):
    plain = MECHANISMS.get(name)()
    half = plain.scaled(0.5)
    for parameter, value in plain.params.items():
        share = 0.5 if parameter in ("rate", "prize", "stake", "price") else 1.0
        assert half.params[parameter] == pytest.approx(share * value)
    assert plain.scaled(1.0) == plain


def test_what_is_composed_is_scaled_in_its_parts():
    whole = Stack.of(Capped(SharingBonus(rate=10), 20), Royalty(share=0.1), Hidden())
    assert str(whole.scaled(0.1)).startswith("capped(sharing_bonus(rate=1), limit=2) + royalty(sha")
    assert DecayingBonus(rate=10, half_life=4).scaled(3) == DecayingBonus(rate=30, half_life=4)
    assert WithholdingFine(rate=1, rebate=0.5).scaled(3) == WithholdingFine(rate=3, rebate=0.5)
    assert Deposit(stake=1).scaled(0.3 / 0.1) == Deposit(stake=3)


def test_the_same_bonus_a_unit_is_enough_where_its_threshold_is_no_higher():
    # Thresholds for selfish agents in the game's unit: public goods 1 - 1.6/4 = 0.6, commons
    # 1 - 2/5 = 0.6, prisoner's dilemma max(5 - 3, 1 - 0) / 5 = 0.4.
    games = 'games = ["commons", "matrix"]'
    enough = rows(SharingBonus(rate=0.61), games)
    assert {row.outcome for (_, group), row in enough.items() if group == "selfish"} == {"enough"}
    assert enough["matrix", "selfish"].mechanism == "sharing_bonus(rate=3.05)"
    less = rows(SharingBonus(rate=0.5), games)
    assert less["public_goods", "selfish"].outcome == "no effect"
    assert less["commons", "selfish"].outcome == "no effect"
    assert less["matrix", "selfish"].outcome == "enough"
    assert less["public_goods", "selfish"].attainment == pytest.approx(1 / 1.6)
    assert less["public_goods", "selfish"].change == 0.0


def test_agents_that_cooperate_anyhow_need_nothing():
    found = rows(SharingBonus(rate=0.7), 'games = []\npopulations = ["perfect", "conditional"]')
    assert list(found) == [("public_goods", p) for p in ("selfish", "perfect", "conditional")]
    assert found["public_goods", "perfect"].outcome == "not needed"
    assert found["public_goods", "perfect"].change == 0.0


@dataclass(frozen=True)
class Tax(Mechanism):
    """Takes half a dollar for each token contributed."""

    name = "tax"
    needs = frozenset({"given"})

    def payments(self, flows):
        return -0.5 * flows.given.sum(axis=2)


def test_half_a_remedy_helps_and_a_wrong_one_harms():
    settings = 'games = []\npopulations = ["logit(lambda=1)"]'
    helped = rows(SharingBonus(rate=0.3), settings)["public_goods", "logit(lambda=1)"]
    harmed = rows(Tax(), settings)["public_goods", "logit(lambda=1)"]
    assert (helped.outcome, harmed.outcome) == ("helps", "harms")
    # Quantal response: a share 1 / (1 + exp(0.6 - paid)) of 20 tokens, each worth 0.6 to the group.
    shares = [1 / (1 + math.exp(0.6 - paid)) for paid in (0.3, 0.0, -0.5)]
    expected = [(1 + 0.6 * share) / 1.6 for share in shares]
    found = [helped.attainment, helped.baseline, harmed.attainment]
    assert np.allclose(found, expected, atol=0.005)
    assert helped.change == pytest.approx(helped.attainment - helped.baseline)


def test_what_cannot_be_played_says_why():
    found = rows(SharingBonus(rate=0.6), 'games = ["sharing"]\npopulations = ["o3", "perfect*4"]')
    assert found["sharing", "selfish"].outcome == "not played"
    assert "rate must be in [0, 5000]" in found["sharing", "selfish"].why
    assert "fitted to figures of the game 'sharing'" in found["public_goods", "o3"].why
    assert found["public_goods", "perfect*4"].outcome == "not needed"
    assert math.isnan(found["sharing", "selfish"].attainment)
    asks = rows(WithholdingFine(rate=1), "games = []")
    assert "needs the flows withheld" in asks["public_goods", "selfish"].why


def test_the_same_rows_again_and_a_field_of_the_figure_for_each():
    few = 'games = ["matrix", "commons"]\nepisodes = 5'
    twice = [transfer(study(few), Royalty(share=0.4)) for _ in range(2)]
    assert twice[0].equals(twice[1])
    assert tuple(twice[0].columns) == COLUMNS
    (drawn,) = figure(twice[0]).data
    assert np.shape(drawn.z) == (3, 3)
    assert drawn.text[0][0].startswith("no effect")
    assert not figure(twice[0].iloc[:0]).data[0].z


def test_the_evidence_of_a_study_does_not_depend_on_it():
    assert study().digest == Study.read(TEXT).digest
    assert Study.read(TEXT).transfer is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('games = ["grant"]', "transfer: unknown game 'grant': did you mean 'grants'"),
        ('populations = ["selfis"]', "transfer: unknown agent 'selfis': did you mean 'selfish'"),
        ('populations = ["perfect*7"]', "transfer: population 'perfect.7' has 7 agents"),
        ("episodes = 1", "transfer.episodes must be greater than or equal to 2, got 1"),
        ("rounds = 1", "unknown field of transfer 'rounds'"),
    ],
)
def test_mistakes_are_one_line(settings, message):
    with pytest.raises(UserError, match=message):
        study(settings)
