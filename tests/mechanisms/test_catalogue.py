"""The names of the catalogue are what study files say; the classes are what Python code imports."""

import pytest

import mechanisms
from mechlab.errors import UserError
from mechlab.mechanism import MECHANISMS, parse
from mechlab.parameters import parameters

NAMES = {
    "none": [],
    "sharing_bonus": ["rate"],
    "answer_bonus": ["rate"],
    "use_bonus": ["rate"],
    "royalty": ["share"],
    "team_share": ["share"],
    "withholding_fine": ["rate", "rebate", "lies"],
    "falsification_fine": ["rate"],
    "decaying_bonus": ["rate", "half_life"],
    "tournament": ["prize"],
    "reciprocity_bonus": ["rate"],
    "externality_subsidy": ["share"],
    "deposit": ["stake", "lies"],
    "matching": ["rate"],
    "contract": ["price", "quota"],
    "reputation": [],
    "protocol": ["ask", "answer", "submit"],
    "hidden": ["board", "notices", "thoughts"],
}


def test_the_names_and_parameters_are_the_documented_ones():
    built_in = {cls.name: list(parameters(cls)) for cls in map(exported, mechanisms.__all__)}
    assert built_in == NAMES
    assert set(NAMES) <= set(MECHANISMS)


def test_each_stands_in_the_file_of_its_name():
    for cls in map(exported, mechanisms.__all__):
        assert cls.__module__ == f"mechanisms.{cls.name}"


def test_a_bare_name_is_the_mechanism_with_its_defaults():
    for cls in map(exported, mechanisms.__all__):
        assert parse(cls.name) == cls()


def test_an_earlier_name_is_refused_with_the_new_one():
    with pytest.raises(UserError, match="'pivotal' is now called 'externality_subsidy'"):
        parse("pivotal(share=1)")


def exported(name):
    return getattr(mechanisms, name)
