"""The verdict in words, for every way in which a search can end."""

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

from mechlab.report.verdict import Verdict, accounting, tiles
from mechlab.report.words import money
from mechlab.statistics import summarise
from tests.report.results import a_result, only_begun


def said(result):
    return " ".join([*Verdict(result).sentences, *(f"{t.value} {t.detail}" for t in tiles(result))])


def best(**changes):
    return replace(a_result(), answers=(replace(a_result().best, **changes),))


def test_the_whole_answer():
    words = said(a_result())
    answer = a_result().best
    for fact in (
        "answer_bonus(rate=640)",
        "at least 80% of sequential play, with 95% confidence",
        "between $580 and $640 per piece",
        f"{answer.efficiency.mean:.1%} of perfect play",
        f"{answer.spend_share:.1%} of group revenue",
        "10 agents, reluctant",
        "stand-ins",
    ):
        assert fact in words, fact


@pytest.mark.parametrize(
    ("status", "interval", "words"),
    [
        (
            "not_reached",
            (nan, inf),
            ["No setting that was tested", "none shown", "No rate was shown to be enough"],
        ),
        ("out_of_budget", (nan, nan), ["Not decided", "no interval was shown"]),
        ("out_of_budget", (580.0, nan), ["more than $580 per piece", "none was shown to be"]),
        (
            "out_of_budget",
            (nan, 640.0),
            ["at most $640 per piece", "none was shown to be too small"],
        ),
    ],
)
def test_other_ends(status, interval, words):
    heard = said(best(status=status, size=nan, interval=interval))
    assert all(word in heard for word in words), heard


def test_no_incentive_needed():
    nothing = a_result().study.candidates["none"].build({})
    heard = said(best(candidate="none", mechanism=nothing, size=0.0, interval=(nan, 0.0)))
    assert "No incentive is needed" in heard and "none needed" in heard


def test_nothing_played_is_said_so():
    heard = said(only_begun())
    assert "No held-out episodes were played" in heard and "not measured" in heard
    assert "nan" not in heard and "unknown" not in heard


def test_candidates_that_were_not_told_apart_are_named():
    one, other = a_result().answers
    assert "use_bonus" in Verdict(a_result()).rivals
    apart = replace(other, interval=(one.size + 1, one.size + 90), size=one.size + 90)
    assert Verdict(replace(a_result(), answers=(one, apart))).rivals == ""


@pytest.mark.parametrize(
    ("spend", "subsidy", "words"),
    [
        (9e4, 9e4, "all of it comes from outside"),
        (9e4, 0.0, "the agents pay all of it themselves"),
        (9e4, 3e4, "$30,000 of it comes from outside"),
        (9e4, -1e4, "$10,000 more than that"),
    ],
)
def test_who_pays_is_said(spend, subsidy, words):
    def about(mean):
        return summarise(np.array([mean - 1, mean + 1]))

    assert words in said(best(spend=about(spend), subsidy=about(subsidy)))


def test_of_answers_of_equal_size_the_smaller_spend_comes_first_and_is_named():
    one, other = a_result().answers
    same = replace(other, size=one.size, interval=one.interval)
    words = Verdict(replace(a_result(), answers=(one, same))).rivals
    assert "Of equal rate, the smallest spend per episode comes first" in words
    assert one.candidate in words and money(one.spend.mean) in words


def test_an_interval_of_one_size_is_said_to_be_exact():
    heard = said(best(interval=(640.0, 640.0), size=640.0))
    assert "The smallest sufficient rate is $640 per piece" in heard and "between" not in heard


def test_a_ranking_among_emulated_agents_is_called_accounting():
    assert "accounting, not behaviour" in accounting({"emulated", "scripted"}, 2)
    assert accounting({"emulated"}, 1) == accounting({"scripted", "live"}, 3) == ""
