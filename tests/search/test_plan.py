"""The plan of a search."""

import json
import math
from dataclasses import replace

import pytest

from mechlab.commands import _terminal
from mechlab.errors import UserError
from mechlab.llm.estimate import Estimate
from mechlab.search import plan as planning
from mechlab.search import search
from tests.search.studies import a_study


@pytest.fixture(scope="module")
def plan():
    planning.REPEATS = 2
    return planning.plan(a_study())


def test_it_expects_what_a_search_takes(plan, tmp_path):
    taken = sum(search(a_study(), f"sqlite:///{tmp_path}/a.db").episodes.values())
    assert taken / 3 < plan.episodes < taken * 3
    assert plan.episodes == plan.explore + plan.certify
    assert plan.range[0] <= plan.episodes <= plan.range[1] <= a_study().budget.episodes
    assert sum(plan.statuses.values()) == plan.repeats


def test_offline_agents_call_no_model(plan):
    spent = plan.as_json()
    assert plan.calls == spent["tokens"] == spent["cost_usd"] == 0
    assert plan.turns == plan.episodes * 10 * 20  # agents and rounds of the default game


def test_an_unknown_price_is_said_in_words(plan, capsys):
    cost = Estimate(9.0, 90.0, math.nan, 314_219, unpriced=("some-model",))
    live = replace(plan, estimate=cost, seconds=cost.seconds)
    _terminal.print_plan(live)
    said = " ".join(capsys.readouterr().out.split())
    assert "nan" not in said and "at an unknown price" in said
    assert 'the price of some-model is not in the table: add ["some-model"]' in said
    _terminal.print_json(live.as_json())
    assert json.loads(capsys.readouterr().out)["cost_usd"] is None
    _terminal.print_plan(replace(live, estimate=replace(cost, dollars=1.5, unpriced=())))
    said = capsys.readouterr().out
    assert "$1.50" in said and "3 days 15 h" in said


def test_a_larger_budget_tells_smaller_differences_apart(plan):
    larger = planning._resolution(a_study(budget={"episodes": 50000}), planned())
    smaller = planning._resolution(a_study(budget={"episodes": 500}), planned())
    assert 0 < larger < smaller < 0.1


def planned():
    return (planning._simulated(a_study(), 0)[0],)


def test_it_prints_as_json(plan):
    assert json.loads(json.dumps(plan.as_json()))["episodes"] == plan.episodes


def test_it_does_not_play_the_searchs_own_episodes():
    assert planning._simulated(a_study(), 0)[0].study.seed != a_study().seed


def test_an_unknown_stand_in_is_told_in_one_line():
    with pytest.raises(UserError, match=r"^unknown agent 'o4': did you mean 'o3'"):
        planning.plan(a_study(), "o4")
