import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanisms import WithholdingFine
from mechlab.flows import Flows
from mechlab.mechanism import Vocabulary
from tests.draws import flows


def test_fines_each_withheld_piece_and_pays_the_rebate_equally():
    seen = Flows.of(withheld=[[[0, 2, 1], [0, 0, 0], [0, 0, 0]]])
    assert WithholdingFine(rate=100, rebate=0).payments(seen).tolist() == [[-300.0, 0.0, 0.0]]
    assert WithholdingFine(rate=100, rebate=0.5).payments(seen).tolist() == [[-250.0, 50.0, 50.0]]


@given(flows(), st.floats(0, 5000), st.floats(0, 1))
def test_what_leaves_the_group_is_the_part_of_the_fines_not_paid_back(seen, rate, rebate):
    paid = WithholdingFine(rate=rate, rebate=rebate).payments(seen)
    fines = rate * seen.withheld.sum(axis=(1, 2))
    assert np.allclose(paid.sum(axis=1), -(1 - rebate) * fines)


@pytest.mark.parametrize(
    ("rate", "rebate", "balanced"), [(100, 1, True), (100, 0.99, False), (0, 0.5, True)]
)
def test_it_is_balanced_only_where_all_fines_are_paid_back(rate, rebate, balanced):
    assert WithholdingFine(rate=rate, rebate=rebate).balanced is balanced


def test_agents_are_told_of_the_rebate_where_there_is_one():
    assert "50% of all fines" in WithholdingFine(rate=100, rebate=0.5).rule(Vocabulary())
    assert "fines" not in WithholdingFine(rate=100, rebate=0).rule(Vocabulary())
