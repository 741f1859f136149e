import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanisms import Tournament
from mechlab.flows import Flows
from tests.draws import flows


@pytest.mark.parametrize(
    ("totals", "paid"),
    [
        ([3, 2, 1], [900, 0, 0]),
        ([2, 2, 1], [450, 450, 0]),
        ([1, 1, 1], [300, 300, 300]),
        ([0, 0, 0], [0, 0, 0]),
    ],
)
def test_the_prize_goes_to_the_top_givers_in_equal_parts(totals, paid):
    given_ = np.zeros((1, 3, 3))
    given_[0, [0, 1, 2], [1, 2, 0]] = totals
    assert Tournament(prize=900).payments(Flows.of(given=given_)).tolist() == [paid]


def test_the_same_gifts_summed_in_another_order_still_tie():
    """0.1 + 0.2 + 0.3 and 0.3 + 0.2 + 0.1 differ in their last digit."""
    rows = [[0, 0.1, 0.2, 0.3], [0.3, 0, 0.2, 0.1], [0] * 4, [0] * 4]
    assert sum(rows[0]) != sum(rows[1])
    assert Tournament(prize=100).payments(Flows.of(given=[rows])).tolist() == [[50, 50, 0, 0]]


@given(flows(), st.floats(0, 50000))
def test_exactly_the_prize_is_paid_where_anybody_gave(seen, prize):
    total = Tournament(prize=prize).payments(seen).sum(axis=1)
    assert np.allclose(total, prize * seen.given.any(axis=(1, 2)))
