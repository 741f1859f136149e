"""Pilot, emulate, search, confirm."""

from dataclasses import replace

import pytest

from mechlab.agent import AGENTS
from mechlab.agents.emulated import Emulated, Propensities
from mechlab.errors import UserError
from mechlab.pilot import pilot
from mechlab.pilot.confirm import Confirmation
from mechlab.pilot.offline import Line, search_offline
from mechlab.pilot.played import Played
from mechlab.pilot.run import NARROW, _lines
from mechlab.report.pilot import headline, sentences, sheet
from mechlab.search.sequences import LEAST
from mechlab.study import Study

BASE = """
question = "What is the smallest bonus?"
population = "o3"
mechanisms = ["sharing_bonus(rate=[0, 3000])"]
smallest = "rate"
[target]
efficiency = 0.6
relative_to = "turns"
[budget]
episodes = 400
[pilot]
episodes = 4
"""
GOODS = """
question = "What is the smallest bonus?"
game = "public_goods"
population = "selfish"
mechanisms = ["sharing_bonus(rate=[0, 1])"]
smallest = "rate"
[target]
efficiency = 0.9
[pilot]
"""


def line(text=BASE):
    (found,) = _lines(Study.read(text))
    return found


def after_a_look(population):
    study = Study.read(BASE.replace('"o3"', f'"{population}"').replace('"turns"', '"ceiling"'))
    one, confirmation = line(), Confirmation(Played(study))
    confirmation.test(one, 1000.0)
    return one, confirmation


def test_the_offline_search_finds_a_closed_form_threshold():
    """Giving is dominant in a public good from a bonus of 1 - m/n on: here 0.6."""
    one = line(GOODS)
    assert one.smallest(AGENTS.get("selfish")) == pytest.approx(0.6, rel=0.01)
    assert one.smallest(AGENTS.get("selfish"), near=0.5) == pytest.approx(0.6, rel=0.01)


def test_a_target_beyond_the_range_has_no_smallest_size():
    one = line(GOODS.replace("[0, 1]", "[0, 0.5]"))
    assert one.smallest(AGENTS.get("selfish")) == float("inf")
    size, widened = search_offline(one, AGENTS.get("selfish"), [AGENTS.get("selfish")])
    assert size == widened.interval[1] == float("inf")


def test_a_target_that_nothing_is_needed_for_has_size_nothing():
    assert line(BASE.replace("0.6", "0.01")).smallest(AGENTS.get("o3")) == 0.0


@pytest.mark.slow
def test_draws_that_differ_widen_the_interval_and_those_that_do_not_leave_it():
    one, agent = line(), AGENTS.get("o3")
    assert isinstance(agent, Emulated)
    same = search_offline(one, agent, [agent] * 3)[1]
    assert same.fit == pytest.approx(0.0, abs=0.05)
    others = [replace(agent, fitted=replace(agent.fitted, payment=k)) for k in (10, 15, 25)]
    wide = search_offline(one, agent, others)[1]
    assert wide.fit > 0.5
    assert wide.episodes + wide.fit == pytest.approx(1.0)
    assert wide.interval[0] < same.interval[0] < same.interval[1] < wide.interval[1]


def test_fresh_episodes_show_the_perfect_enough_at_the_first_look():
    one, confirmation = after_a_look("perfect")
    assert confirmation.sufficient(one) == 1000.0
    assert [look.episodes for look in confirmation.looks] == [LEAST]


def test_fresh_episodes_show_the_silent_to_be_insufficient():
    one, confirmation = after_a_look("silent")
    assert confirmation.insufficient(one) == 1000.0
    assert confirmation.sufficient(one) is None


def test_no_two_episodes_share_their_luck():
    played = Played(Study.read(BASE))
    seeds = {s for _ in range(3) for s in played.play(line().at(0.0), 5).seeds.tolist()}
    assert len(seeds) == len(played) == 15


def test_the_budget_is_never_exceeded():
    played = Played(Study.read(BASE.replace("400", "7")))
    played.play(line().at(0.0), 5)
    assert len(played.play(line().at(0.0), 5)) == 2
    assert played.left == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[pilot]\nepisodes = 4", "", r"has no \[pilot\]"),
        ('"o3"', '"o3*5 + perfect*5"', "agents of one sort"),
        ("(rate=[0, 3000])", "(rate=[0, 3000]) + royalty(share=[0, 1])", "whose one free number"),
        ("episodes = 400", "episodes = 20", "at least 24, got 20"),
        ('smallest = "rate"', 'smallest = "spend"', "whose one free number"),
    ],
)
def test_what_a_pilot_cannot_answer_is_refused(old, new, said):
    assert old in BASE
    with pytest.raises(UserError, match=said):
        pilot(Study.read(BASE.replace(old, new)))


@pytest.mark.slow
def test_known_agents_are_found_out(tmp_path):
    """The truth: the same agents in many episodes of the offline search."""
    study = Study.read(BASE)
    found = pilot(study, f"sqlite:///{tmp_path}/calls.db")
    truth = Line(study, *(line().candidate, "rate", 0.0, 3000.0)).smallest(AGENTS.get("o3"))
    low, high = found.interval
    assert found.status == "confirmed"
    assert low <= 1.05 * truth
    assert 0.95 * truth <= high <= 1.15 * truth
    assert high - low <= NARROW * high * 1.001
    assert sum(found.episodes.values()) <= study.budget.episodes
    assert found.best.widened.episodes + found.best.widened.fit == pytest.approx(1.0)
    assert "confirmed" in headline(found)
    assert "rests on the fit alone" in " ".join(sentences(found))
    assert sheet(found).write(tmp_path / "pilot.html").stat().st_size < 6e6
    assert found.as_json()["size"]["interval"] == [low, high]


@pytest.mark.slow
def test_agents_that_no_bonus_moves_are_not_confirmed(tmp_path):
    """Silent agents never give, whatever they are paid; the fit may hope, fresh episodes do not."""
    study = Study.read(BASE.replace('"o3"', '"silent"').replace("400", "80"))
    found = pilot(study, f"sqlite:///{tmp_path}/calls.db")
    assert found.status in ("unreachable", "out_of_budget")
    assert "confirmed" not in headline(found)
    assert Propensities is type(found.fit.agent.fitted)
