import numpy as np
import pytest

from mechanisms import SharingBonus
from mechlab.errors import UserError
from mechlab.flows import Flows
from mechlab.mechanism import Vocabulary


def test_the_published_incentive_pays_1000_a_piece_asked_for_or_not():
    flows = Flows.of(given=[[[0, 2, 1], [0, 0, 4], [0, 0, 0]]])
    assert SharingBonus(rate=1000).payments(flows).tolist() == [[3000.0, 4000.0, 0.0]]


def test_a_falsified_piece_earns_nothing():
    assert not SharingBonus().payments(Flows.of(falsified=np.ones((1, 2, 2)))).any()


def test_a_rate_outside_the_range_is_refused_with_rule_and_value():
    with pytest.raises(UserError) as error:
        SharingBonus(rate=-3.0)
    assert str(error.value) == "rate must be in [0, 5000] dollars per piece, got -3.0"


def test_agents_are_told_the_rate():
    assert SharingBonus(rate=1000).rule(Vocabulary()) == (
        "You earn $1,000 for each piece of information that you send unaltered to an agent that "
        "lacks it."
    )
