"""How a game's vocabulary writes money."""

import pytest

from mechlab.mechanism import Vocabulary


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        (0, "$0"),
        (1000, "$1,000"),
        (1234567.5, "$1,234,567.50"),
        (437.126, "$437.13"),
        (0.25, "$0.25"),
        (0.6667, "$0.67"),
        (0.00417, "$0.0042"),
        (-3, "-$3"),
    ],
)
def test_money_is_told_with_sensible_digits(amount, says):
    assert Vocabulary().money(amount) == says


def test_money_has_the_sign_of_the_game():
    assert Vocabulary(currency="EUR ").money(5) == "EUR 5"
