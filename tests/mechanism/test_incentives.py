"""Marginal payments, against the derivatives that theory gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanisms import (
    AnswerBonus,
    DecayingBonus,
    FalsificationFine,
    NoMechanism,
    Royalty,
    SharingBonus,
    TeamShare,
    Tournament,
    UseBonus,
    WithholdingFine,
)
from mechlab.flows import Flows
from mechlab.mechanism import Capped, Stack, incentives
from mechlab.mechanism.incentives import Act, Incentives, Scratch, marginal
from tests.draws import busy, flows, over

rates = st.floats(0, 5000)
shares = st.floats(0, 1)


def pays(mechanism, act, seen, value):
    """Whether one more unit of the act pays every agent ``value``, whatever else happens."""
    found = marginal(mechanism, seen, act)
    scale = np.abs(mechanism.payments(seen)).max(initial=1.0)
    assert found.shape == (seen.episodes, seen.agents)
    return np.allclose(found, value, rtol=1e-9, atol=1e-9 * scale)


@given(flows(min_agents=2), rates)
def test_a_bonus_on_an_act_is_its_marginal_payment(seen, rate):
    assert pays(SharingBonus(rate=rate), Act(given=1), seen, rate)
    assert pays(AnswerBonus(rate=rate), Act(given=1, answered=1), seen, rate)
    assert pays(AnswerBonus(rate=rate), Act(given=1), seen, 0)
    assert pays(UseBonus(rate=rate), Act(given=1, used=0.25), seen, rate / 4)
    assert pays(FalsificationFine(rate=rate), Act(falsified=1), seen, -rate)


@given(flows(min_agents=2), rates, st.floats(0.5, 100))
def test_a_bonus_that_decays_pays_what_is_left_of_it(seen, rate, half_life):
    left = rate * 0.5 ** (seen.round / half_life)
    assert pays(DecayingBonus(rate=rate, half_life=half_life), Act(given=1), seen, left)


@given(flows(min_agents=2), rates, shares)
def test_an_averted_fine_is_earned_less_the_own_part_of_its_rebate(seen, rate, rebate):
    fine = WithholdingFine(rate=rate, rebate=rebate)
    value = rate * (1 - rebate / seen.agents)
    assert pays(fine, Act(given=1, answered=1, withheld=-1), seen, value)
    assert pays(fine, Act(withheld=1), seen, -value)


@given(flows(min_agents=2), shares)
def test_a_royalty_pays_its_share_of_what_rests_on_the_giver(seen, share):
    assert pays(Royalty(share=share), Act(given=1, credit=2500), seen, 2500 * share)


@given(flows(min_agents=2), shares)
def test_a_team_pays_each_its_nth_part_of_the_pool(seen, share):
    """Holmstrom (1982): of a dollar of its own, an agent keeps 1 - share + share / N."""
    team, n = TeamShare(share=share), seen.agents
    assert pays(team, Act(produced=1000), seen, -1000 * share * (1 - 1 / n))
    assert pays(team, Act(returned=1000), seen, 1000 * share / n)


@given(flows(min_agents=2))
def test_no_mechanism_pays_for_no_act(seen):
    assert pays(NoMechanism(), Act(given=1, produced=1, credit=1), seen, 0)


@pytest.mark.parametrize(
    ("given_by_others", "own", "value"),
    [
        (0, 0, 600),  # alone in giving: the prize
        (5, 0, 0),  # too far behind
        (1, 0, 200),  # one more unit ties with both others
        (2, 2, 400),  # one more unit turns a tie of three into a win
        (1, 2, 0),  # already the winner
    ],
)
def test_a_tournament_pays_only_what_changes_the_winner(given_by_others, own, value):
    gifts = np.zeros((1, 3, 3))
    gifts[0, 0, 1], gifts[0, 1, 2], gifts[0, 2, 1] = own, given_by_others, given_by_others
    found = marginal(Tournament(prize=600), Flows.of(given=gifts), Act(given=1))
    assert found[0, 0] == pytest.approx(value)


def test_beyond_a_cap_nothing_more_is_paid():
    idle, full = Flows.of(given=np.zeros((1, 2, 2))), Flows.of(given=[[[0, 3], [0, 0]]])
    capped = Capped(SharingBonus(rate=1000), limit=3000)
    assert marginal(capped, idle, Act(given=1)).tolist() == [[1000.0, 1000.0]]
    assert marginal(capped, full, Act(given=1)).tolist() == [[0.0, 1000.0]]


@given(flows(min_agents=2), rates, shares)
def test_marginal_payments_of_a_stack_add_up(seen, rate, share):
    act = Act(given=1, credit=2500, produced=100, returned=50)
    parts = SharingBonus(rate=rate), Royalty(share=share), TeamShare(share=share)
    total = sum(marginal(part, seen, act) for part in parts)
    assert pays(Stack.of(*parts), act, seen, total)


@given(flows(), st.integers(1, 5))
def test_agents_differenced_in_blocks_get_the_same(seen, block):
    act = Act(given=1, withheld=-1, credit=5, produced=7, returned=3)
    mechanism = Stack.of(Tournament(), WithholdingFine(rebate=0.5), Royalty(), TeamShare())
    whole = marginal(mechanism, seen, act)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incentives, "_CELLS", block * seen.given.size)
        assert np.array_equal(marginal(mechanism, seen, act), whole)


class Handed(NoMechanism):
    """A mechanism that hands back an array of the flows themselves."""

    needs = frozenset({"produced"})

    def payments(self, flows):
        return flows.produced


@given(st.lists(flows(), min_size=1, max_size=3))
def test_arrays_that_are_used_again_change_no_answer(rounds):
    scratch = Scratch()
    acts = Act(given=1, withheld=-1, credit=5, produced=7, returned=3), Act(produced=-2, used=0.5)
    stack = Stack.of(Tournament(), WithholdingFine(rebate=0.5), Royalty(), TeamShare())
    asked = [(m, seen, act) for seen in rounds for act in acts for m in (stack, Handed())]
    again = [marginal(*one, scratch) for one in asked]
    afresh = [marginal(*one) for one in asked]
    assert all(map(np.array_equal, again, afresh))


@given(flows(min_agents=2), st.floats(0, 1e6))
def test_payments_that_are_the_flows_themselves_are_differenced(seen, produced):
    assert pays(Handed(), Act(produced=produced), seen, produced)
    assert pays(Handed(), Act(produced=-produced), seen, -produced)


def test_the_flows_stay_as_they_were():
    seen, before = busy(), busy()
    marginal(SharingBonus(), seen, Act(given=1, produced=1))
    unchanged = [np.array_equal(getattr(seen, name), array) for name, array in before.arrays()]
    assert all(unchanged)


def test_fields_that_a_mechanism_does_not_need_are_never_read():
    blind = over(busy(), lambda name, array: array if name == "given" else array * np.nan)
    assert np.isfinite(marginal(SharingBonus(), blind, Act(given=1, produced=1))).all()


def test_agents_see_payments_relative_to_the_unit_of_the_game():
    seen = Incentives({"answer": 1000.0}, unit=10000.0)
    assert seen.relative("answer") == pytest.approx(0.1)
    assert seen.relative("ask") == 0.0
