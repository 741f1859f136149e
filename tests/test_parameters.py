import math
from dataclasses import FrozenInstanceError, dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechlab.errors import UserError
from mechlab.parameters import Param, Parameterised, param, parameters


@dataclass(frozen=True)
class Thing(Parameterised):
    name: ClassVar[str] = "thing"

    rate: float = param(1.0, low=0, high=5000, unit="dollars per piece")
    rounds: int = param(20, low=1, high=100, unit="rounds")
    loud: bool = param(True)
    colour: str = param("red", choices=("red", "green"))
    free: float = param(0.0)


def refusal(**values):
    with pytest.raises(UserError) as error:
        Thing(**values)
    return str(error.value)


@given(st.floats(allow_nan=True) | st.integers())
def test_exactly_the_finite_numbers_within_the_range_are_accepted(value):
    if 0 <= value <= 5000:
        assert Thing(rate=value).rate == value
        assert type(Thing(rate=value).rate) is float
    else:
        assert refusal(rate=value) == (
            f"rate must be in [0, 5000] dollars per piece, got {value!r}"
        )


@given(st.floats(-10, 200) | st.integers(-10, 200))
def test_exactly_the_whole_numbers_within_the_range_are_accepted(value):
    if 1 <= value <= 100 and value == math.floor(value):
        assert Thing(rounds=value).rounds == value
        assert type(Thing(rounds=value).rounds) is int
    else:
        assert refusal(rounds=value) == (
            f"rounds must be a whole number in [1, 100] rounds, got {value!r}"
        )


@pytest.mark.parametrize("value", [10**400, -(10**400), math.inf, -math.inf, math.nan])
def test_what_no_double_holds_is_refused_even_where_the_range_is_open(value):
    assert refusal(free=value).startswith("free must be in (-inf, inf), got ")


@pytest.mark.parametrize("value", [np.int64(3), np.float32(3), np.float64(3)])
def test_numbers_of_numpy_are_numbers(value):
    thing = Thing(rate=value, rounds=value)
    assert (type(thing.rate), type(thing.rounds)) == (float, int)
    assert thing.rate == thing.rounds == 3


@pytest.mark.parametrize("value", [True, "3", None, 3j, [3]])
def test_what_is_no_number_is_refused(value):
    assert refusal(rate=value) == f"rate must be in [0, 5000] dollars per piece, got {value!r}"


@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_a_switch_is_true_or_false_and_nothing_else(value):
    assert refusal(loud=value) == f"loud must be in {{true, false}}, got {value!r}"


@pytest.mark.parametrize("value", ["blue", 3, None])
def test_a_word_is_one_of_the_choices(value):
    assert refusal(colour=value) == f"colour must be in {{red, green}}, got {value!r}"


def test_any_text_serves_where_there_are_no_choices():
    anything = Param("")
    assert anything.checked("label", "x y") == "x y"
    with pytest.raises(UserError, match=r"^label must be text, got 3$"):
        anything.checked("label", 3)


def test_a_default_outside_its_own_range_cannot_be_declared():
    with pytest.raises(UserError):
        param(-1.0, low=0)


def test_an_unknown_parameter_is_named_with_the_nearest_valid_one():
    with pytest.raises(UserError) as error:
        Thing.build({"round": 3})
    assert str(error.value) == (
        "unknown parameter of thing 'round': did you mean 'rounds'? "
        "(valid: colour, free, loud, rate, rounds)"
    )


def test_declarations_stand_in_their_order_with_the_values_beside_them():
    assert list(parameters(Thing)) == ["rate", "rounds", "loud", "colour", "free"]
    assert Thing(rate=2).params == {
        "rate": 2.0,
        "rounds": 20,
        "loud": True,
        "colour": "red",
        "free": 0.0,
    }
    assert Thing.build(Thing(rate=2).params) == Thing(rate=2)


def test_parameters_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Thing().rate = 3.0
