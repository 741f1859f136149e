"""Keyed random numbers: what is computed in another way is what it stands for."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mechlab.games._rng import chance, happens, log1m, share

KEYS = st.integers(0, 2**64 - 1).map(np.uint64)


@given(st.floats(0.0, 1.0, exclude_max=True))
def test_the_logarithm_of_a_rest_is_that_of_the_c_library(part):
    expected = math.log1p(-part)
    assert abs(log1m(part) - expected) <= 4 * math.ulp(expected)


def test_nothing_is_left_of_a_share_of_one():
    assert -math.inf < log1m(1.0) < math.log(2.0**-53)


@given(KEYS, st.floats(0.0, 1.0))
def test_an_event_happens_where_its_share_is_below_its_chance(key, probability):
    assert happens(key, chance(probability)) == (share(key) < probability)


@given(KEYS)
def test_an_event_does_not_happen_at_just_its_share(key):
    probability = share(key)
    assert not happens(key, chance(probability))
    assert happens(key, chance(math.nextafter(probability, 2.0)))
