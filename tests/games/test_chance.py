"""Random sets: each item with its chance, independently of the others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechlab.games.bits import upto
from mechlab.games.chance import several

KEYS = 4000


def drawn(probability, items=64):
    """A row a key, a column an item: whether it was chosen."""
    sets = [int(several(np.uint64(key * 7919), 5, items, probability)) for key in range(KEYS)]
    return np.array([[one >> item & 1 for item in range(64)] for one in sets], bool)


@pytest.mark.parametrize("probability", [0.02, 0.3, 0.68, 0.97])
def test_each_item_is_chosen_with_its_chance_and_alone(probability):
    chosen = drawn(probability)
    error = np.sqrt(probability * (1 - probability) / KEYS)
    assert abs(chosen.mean(axis=0) - probability).max() < 4.5 * error
    together = np.corrcoef(chosen.T) - np.eye(64)
    assert abs(together).max() < 5.5 / np.sqrt(KEYS)


@pytest.mark.parametrize(("probability", "all"), [(0.0, False), (1.0, True)])
def test_what_is_certain_is_certain(probability, all):
    assert (drawn(probability) == all).all()


@given(items=st.integers(-3, 130))
def test_only_items_that_there_are(items):
    there = min(64, max(0, items))
    assert int(several(np.uint64(1), 0, items, 1.0)) == 2**there - 1
    assert int(upto(items)) == 2**there - 1
