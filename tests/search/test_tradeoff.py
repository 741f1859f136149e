"""Efficiency against spend, and the ranking, in the result of a search."""

import math

import numpy as np
import pytest

from mechlab.search import search
from mechlab.search.tradeoff import as_json, tradeoff
from tests.search.studies import a_study

TWO = {"mechanisms": ["sharing_bonus(rate=[0, 3000])", "answer_bonus(rate=[0, 3000])"]}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tradeoff")
    return search(a_study(**TWO, budget={"episodes": 1500}), f"sqlite:///{folder}/a.db")


def test_every_episode_stands_in_one_row(found):
    frame = found.tradeoff
    assert frame["episodes"].sum() == sum(found.episodes.values())
    assert frame["fresh"].sum() == found.episodes["certify"]
    assert not frame.duplicated(["candidate", "sharing_bonus.rate", "answer_bonus.rate"]).any()


def test_the_baseline_is_on_every_frontier_for_it_costs_nothing(found):
    nothing = found.tradeoff[found.tradeoff["candidate"] == "none"]
    assert (nothing["spend"] == 0).all() and (nothing["subsidy"] == 0).all()
    assert found.tradeoff.loc[found.tradeoff["spend_frontier"], "spend"].min() == 0


def test_nothing_on_the_frontier_is_surely_beaten(found):
    frame = found.tradeoff
    assert not (frame["spend_frontier"] & frame["spend_beaten"]).any()
    assert not (frame["subsidy_frontier"] & frame["subsidy_beaten"]).any()


def test_the_ranking_follows_the_answers(found):
    assert {place.name for place in found.ranking} == {a.candidate for a in found.answers}
    assert all(place.first <= place.last for place in found.ranking)


def test_json_holds_the_frontier_without_infinities(found):
    told = as_json(found)
    assert {"spend", "subsidy"} == set(told["frontier"])
    ends = [end for place in told["ranking"] for end in place["interval"]]
    assert all(end is None or math.isfinite(end) for end in ends)


def test_intervals_hold_all_at_once():
    # 40 settings of equal means: at 95% for all together, most studies miss none of them.
    study, rng, misses = a_study(), np.random.default_rng(0), 0
    for _ in range(60):
        drawn = rng.normal(0.5, 0.1, (40, 12))
        told = [
            ("sharing_bonus", {"sharing_bonus.rate": float(k)}, _outcome(values), False)
            for k, values in enumerate(drawn)
        ]
        frame = tradeoff(study, told)
        misses += not ((frame["efficiency_lo"] <= 0.5) & (frame["efficiency_hi"] >= 0.5)).all()
    assert misses <= 6  # 3 are expected at most; more than 6 in one of 30 runs


def _outcome(values):
    same = values.tolist()
    return {"reached": same, "efficiency": same, "spend": same, "subsidy": same}
