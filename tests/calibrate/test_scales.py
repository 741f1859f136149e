import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechlab.calibrate._scales import BASE, SHIFTS, VOLUNTEER, Scale


@given(st.sampled_from([*BASE, *SHIFTS, VOLUNTEER]), st.floats(0.0, 1.0))
def test_a_scale_leads_there_and_back(scale, share):
    value = (1 - share) * scale.low + share * scale.high
    assert scale.outward(scale.inward(value)) == pytest.approx(value, abs=1e-12)


def test_a_parameter_without_conditions_affects_all():
    assert Scale("ask", 0.01, 0.99, 0.5).affects("policy")
    assert not Scale("hidden", -1, 1, 0, 1.0, frozenset({"policy"})).affects("baseline")
