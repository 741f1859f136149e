from itertools import product

import pytest

from mechanisms import Hidden

PARTS = ("board", "notices", "thoughts")


@pytest.mark.parametrize("gone", list(product([False, True], repeat=3)))
def test_each_part_is_hidden_on_its_own(gone):
    hidden = Hidden(**dict(zip(PARTS, gone, strict=True)))
    assert hidden.hides == {part for part, away in zip(PARTS, gone, strict=True) if away}


def test_the_published_condition_hides_all_three():
    assert Hidden().hides == set(PARTS)
