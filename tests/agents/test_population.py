import pytest

from mechlab.agents.base import AGENTS
from mechlab.agents.population import Population
from mechlab.errors import UserError


def names(spec, agents):
    return [member.name for member in Population.of(spec, agents).members]


def test_a_single_name_fills_the_group():
    assert names("perfect", 3) == ["perfect"] * 3


def test_terms_stand_in_order():
    assert names("silent + perfect*2", 3) == ["silent", "perfect", "perfect"]


def test_a_sequence_names_each_agent():
    assert names(["silent", AGENTS.get("perfect")], 2) == ["silent", "perfect"]


def test_writing_a_group_keeps_the_order_of_its_agents():
    """The number of an agent matters: the system asks the first holder of a piece."""
    spec = "perfect + silent*2 + perfect"
    assert str(Population.of(spec, 4)) == spec


def test_parameters_are_written_and_read():
    spec = "logit(lambda=2)*2 + perfect"
    assert str(Population.of(spec, 3)) == spec


def test_kinds_are_told():
    assert Population.of("o3 + perfect", 2).kinds == {"emulated", "scripted"}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("perfec", "did you mean 'perfect'"),
        ("perfect*3", "has 3 agents; the game is set to 2"),
        ("perfect +", "is written like"),
        ("", "is written like"),
        ("perfect(x=1)", "unknown parameter of perfect 'x'"),
        (["perfect"], "has 1 agent;"),
    ],
)
def test_a_wrong_group_is_named(spec, message):
    with pytest.raises(UserError) as error:
        Population.of(spec, 2)
    assert message in str(error.value)
