import numpy as np
import pytest

from mechlab.flows import FIELDS, Amounts, Flows


def test_amounts_begin_as_nothing():
    nothing = Amounts.zeros(2, 3)
    assert {name: array.shape for name, array in nothing.arrays()} == {
        name: (2, 3) if name == "produced" else (2, 3, 3) for name in FIELDS
    }
    assert not any(array.any() for _, array in nothing.arrays())


def test_adding_sums_the_named_fields_in_place():
    total, round = Amounts.zeros(1, 2), Amounts.zeros(1, 2)
    round.given[...], round.produced[...] = 2.0, 5.0
    kept = total.given
    total.add(round)
    total.add(round, ["given"])
    assert (kept == 4.0).all()
    assert (total.produced == 5.0).all()


def test_clearing_leaves_nothing():
    round = Amounts.zeros(1, 2)
    round.given[...] = 1.0
    round.clear()
    assert not round.given.any()


def test_flows_of_a_few_arrays_have_zeros_for_the_others():
    flows = Flows.of(produced=[[1, 2, 3]], round=4, unit=10)
    assert (flows.episodes, flows.agents, flows.round, flows.unit) == (1, 3, 4, 10)
    assert flows.asked.shape == (1, 3, 3)
    assert not flows.past.produced.any()


def test_flows_over_amounts_are_a_view_of_them():
    now, past = Amounts.zeros(1, 2), Amounts.zeros(1, 2)
    flows = Flows.over(now, past, 0, 1.0)
    now.given[0, 0, 1] = 7.0
    assert flows.given[0, 0, 1] == 7.0
    assert flows.past is past


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({}, "flows are made of"),
        ({"gave": [[0.0]]}, "flows are made of"),
        ({"given": np.zeros((3, 3))}, r"given must be \(3, 3, 3\), got \(3, 3\)"),
        ({"given": np.zeros((1, 3, 3)), "produced": np.zeros((1, 2))}, "produced must be"),
    ],
)
def test_arrays_that_make_no_flows_are_refused(arrays, says):
    with pytest.raises(ValueError, match=says):
        Flows.of(**arrays)
