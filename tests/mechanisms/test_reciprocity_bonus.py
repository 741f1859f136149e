"""Payment of mutual giving."""

import numpy as np

from mechanisms import ReciprocityBonus
from mechlab.flows import Amounts, Flows


def test_a_gift_is_paid_to_both_when_it_is_returned():
    past = Amounts.zeros(1, 3)
    past.given[0, 0, 1] = 2
    flows = Flows.of(given=[[[0, 0, 1], [3, 0, 0], [0, 0, 0]]], past=past, round=1)
    # Agents 0 and 1 have given each other 2 and 3 units: two are mutual; agent 2 returned nothing.
    assert np.allclose(ReciprocityBonus(rate=10).payments(flows), [[20, 20, 0]])


def test_what_was_mutual_before_is_not_paid_again():
    past = Amounts.zeros(1, 2)
    past.given[0] = [[0, 2], [2, 0]]
    assert (
        not ReciprocityBonus(rate=10).payments(Flows.of(given=np.zeros((1, 2, 2)), past=past)).any()
    )
