"""Misreporting: what a fine on it takes."""

import pytest

from mechanisms import FalsificationFine, NoMechanism
from tests.checks.games import PD, SMALL, one


def test_a_fine_on_falsifying_deters_it_and_a_bonus_on_silence_would_not():
    assert one("misreporting", FalsificationFine(rate=5), SMALL).values["gain"] == pytest.approx(-5)
    assert one("misreporting", NoMechanism(), SMALL).values["gain"] == 0
    assert one("misreporting", NoMechanism(), PD).holds is None
