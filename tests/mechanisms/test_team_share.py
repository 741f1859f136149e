import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mechanisms import TeamShare
from mechlab.flows import Flows
from tests.draws import flows


@given(flows())
def test_a_whole_share_makes_all_equal(seen):
    income = seen.produced + TeamShare(share=1.0).payments(seen)
    assert np.allclose(income, seen.produced.mean(axis=1, keepdims=True))


@given(flows(), st.floats(0, 1))
def test_the_ranking_of_incomes_stays(seen, share):
    income = seen.produced + TeamShare(share=share).payments(seen)
    order = np.argsort(seen.produced, axis=1, kind="stable")
    assert (np.diff(np.take_along_axis(income, order, axis=1), axis=1) >= -1e-9).all()


def test_a_quarter_of_production_is_divided_among_four():
    paid = TeamShare(share=0.25).payments(Flows.of(produced=[[8000, 0, 0, 0]]))
    assert paid.tolist() == [[-1500.0, 500.0, 500.0, 500.0]]
