import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanisms import DecayingBonus, SharingBonus
from mechlab.flows import Flows


def paid(bonus, round):
    return bonus.payments(Flows.of(given=[[[0, 3], [0, 0]]], round=round))[0, 0]


@given(st.floats(0, 5000), st.floats(0.5, 1000), st.integers(0, 100))
def test_it_halves_in_each_half_life(rate, half_life, round):
    bonus = DecayingBonus(rate=rate, half_life=half_life)
    later = Flows.of(given=[[[0, 3], [0, 0]]], round=round)
    factor = 0.5 ** (round / half_life)
    assert np.allclose(bonus.payments(later)[0, 0], 3 * rate * factor)


@pytest.mark.parametrize(("round", "part"), [(0, 1), (4, 1 / 2), (8, 1 / 4), (12, 1 / 8)])
def test_the_rate_after_whole_half_lives(round, part):
    assert paid(DecayingBonus(rate=800, half_life=4), round) == pytest.approx(3 * 800 * part)


def test_it_begins_as_the_sharing_bonus():
    assert paid(DecayingBonus(rate=700, half_life=3), 0) == paid(SharingBonus(rate=700), 0)
