import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mechanisms import Royalty
from mechlab.flows import Flows
from mechlab.mechanism import Vocabulary
from tests.draws import flows


def test_the_producer_pays_those_on_whom_its_production_rests():
    seen = Flows.of(credit=[[[0, 2500, 5000], [0, 0, 0], [0, 2500, 0]]])
    assert Royalty(share=0.2).payments(seen).tolist() == [[-1500.0, 1000.0, 500.0]]


@given(flows(), st.floats(0, 1))
def test_nobody_pays_more_than_what_rests_on_others(seen, share):
    paid = Royalty(share=share).payments(seen)
    assert (paid >= -seen.credit.sum(axis=2) - 1e-9).all()


def test_two_who_give_each_other_the_same_owe_nothing():
    even = Flows.of(credit=2500.0 * (1 - np.eye(3))[None])
    assert not Royalty(share=1.0).payments(even).any()


def test_agents_are_told_both_sides_of_it():
    rule = Royalty(share=0.125).rule(Vocabulary())
    assert "you pay 12.5% of the part that rests on them" in rule
    assert "You receive the same share" in rule
