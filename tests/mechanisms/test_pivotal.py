"""Payment of what giving added to the others."""

import pytest

from mechanisms import Pivotal
from mechlab.games import PublicGoods
from tests.games.thresholds import smallest


def test_the_smallest_share_that_makes_giving_pay_in_public_goods():
    # A token brings its giver m/n, and the share of the (n - 1) m/n that the others have of it.
    m, n = 1.6, 4
    found = smallest(PublicGoods(), lambda share: Pivotal(share=share), high=1.0)
    assert found == pytest.approx((1 - m / n) / ((n - 1) * m / n), rel=0.01)
