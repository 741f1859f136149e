"""Candidates: what each parameter of a specification may be."""

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from mechlab.errors import UserError
from mechlab.mechanism import Capped, parse
from mechlab.mechanism.candidate import Candidate, ends


def test_a_number_without_a_value_ranges_over_its_declared_range():
    assert Candidate.read("royalty").space == {"share": FloatDistribution(0.0, 1.0)}


def test_a_switch_is_fixed_unless_it_is_a_choice():
    assert Candidate.read("protocol").space == {}
    free = Candidate.read("protocol(submit=[true, false])").space
    assert free == {"submit": CategoricalDistribution([True, False])}
    assert ends(free["submit"]) == (True, False)


def test_parameters_of_one_name_are_told_apart_by_their_mechanism():
    candidate = Candidate.read("royalty(share=[0, 0.5]) + team_share(share=[0.1, 0.4])")
    assert set(candidate.space) == {"royalty.share", "team_share.share"}
    built = candidate.build({"royalty.share": 0.2, "team_share.share": 0.3})
    assert built == parse("royalty(share=0.2) + team_share(share=0.3)")
    assert candidate.lowest == parse("royalty(share=0) + team_share(share=0.1)")


def test_a_cap_stays_around_what_it_caps():
    candidate = Candidate.read("capped(royalty(share=[0, 1]), limit=500)")
    assert candidate.build({"share": 0.5}) == Capped(parse("royalty(share=0.5)"), 500)


def test_a_fixed_value_and_a_free_one_are_both_looked_up_by_name():
    candidate = Candidate.read("sharing_bonus(rate=[0, 100]) + withholding_fine(rate=5, rebate=0)")
    params = {"sharing_bonus.rate": 7.0}
    assert candidate.value("sharing_bonus.rate", params) == 7.0
    assert candidate.value("rebate", params) == 0.0
    with pytest.raises(UserError, match="did you mean 'rebate'"):
        candidate.value("rebat", params)


def test_two_ways_of_writing_one_candidate_are_the_same():
    one, other = (Candidate.read(f"royalty{inner}") for inner in ("", "(share=[0.0, 1])"))
    assert one.canonical == other.canonical
    assert one.canonical != Candidate.read("royalty(share=[0, 0.5])").canonical


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("royalty(share=[0.5, 0.5])", r"share must be a range \[low, high\] with low < high"),
        ("royalty(share=[0, 0.5, 1])", r"share must be a range \[low, high\] with low < high"),
        ("royalty(share=[0, 2])", r"share must be in \[0, 1\]"),
        ("royalty(shar=[0, 1])", "did you mean 'share'"),
        ("royalty + royalty", "holds each mechanism once"),
        ("capped(royalty, limit=[0, 5])", "limit must be in"),
    ],
)
def test_mistakes_are_named(text, message):
    with pytest.raises(UserError, match=message):
        Candidate.read(text)
