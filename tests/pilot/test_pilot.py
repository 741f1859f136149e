"""Pilot, emulate, search, confirm."""

import json
import math
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechlab.agents.base import AGENTS
from mechlab.agents.emulated import Emulated
from mechlab.commands._terminal import search_as_json
from mechlab.errors import UserError
from mechlab.pilot import pilot
from mechlab.pilot._confirm import Confirmation, Regression
from mechlab.pilot._design import APART, NARROW, Bracket, believed_size, next_episodes
from mechlab.pilot._emulate import Curve, Emulation
from mechlab.pilot._episodes import OwnEpisodes
from mechlab.pilot.run import dose_ranges
from mechlab.report.verdict import Verdict
from mechlab.search import search
from mechlab.search.bounds import MIN_EPISODES
from mechlab.search.run import known
from mechlab.study import Study

BASE = """
question = "What is the smallest bonus?"
population = "o3"
mechanisms = ["sharing_bonus(rate=[0, 3000])"]
minimise = "rate"
[target]
efficiency = 0.6
relative_to = "sequential"
[budget]
episodes = 400
[pilot]
episodes = 4
"""
SPENT_ON_NONE = '["none"]\nminimise = "spend"'
CURVE = Curve((0.0, 1000.0, 2000.0, 3000.0), (0.2, 0.5, 0.7, 0.8))  # reaches 0.6 at 1479 or so


def dose_range(text=BASE):
    (candidate,) = dose_ranges(Study.read(text))
    return candidate


def confirmation(rng, curve=CURVE, level=0.0, stretch=1.0, noise=0.04):
    """Episodes on both sides of 1500 of agents that reach a multiple of a curve, and something."""
    sizes = np.repeat([1300.0, 1700.0], 16)
    reference = 1000.0 * rng.uniform(0.95, 1.05, 32)
    means = level + stretch * curve.at(sizes)
    reached = (means + noise * rng.standard_normal(32)) * 1000.0 / reference
    table = pd.DataFrame({"size": sizes, "reference": reference, "attainment": reached})
    emulation = Emulation(dose_range(), curve, 1500.0, ())
    return Confirmation(emulation, table, float(np.mean(1.0 / reference)))


def test_a_curve_first_reaches_the_target_between_its_doses():
    assert CURVE.first(0.5) == pytest.approx(1000.0)
    assert 1000.0 < CURVE.first(0.6) < 2000.0
    assert CURVE.first(0.1) == 0.0
    assert CURVE.first(0.9) == math.inf


def test_an_agent_that_a_bonus_moves_less_needs_more_of_it():
    one, agent = dose_range(), AGENTS.get("o3")
    assert isinstance(agent, Emulated)
    moved = [replace(agent, fitted=replace(agent.fitted, payment=k)) for k in (10.0, 17.0, 25.0)]
    result = one.emulated(agent, moved)
    assert result.draws[0] > result.draws[1] > result.draws[2]
    assert result.interval() == (result.draws[2], result.draws[0])
    short = replace(one, high=300.0).emulated(agent, [agent])
    assert short.size == short.draws[0] == math.inf


def test_a_target_that_nothing_is_needed_for_has_size_nothing():
    assert dose_range(BASE.replace("0.6", "0.01")).curve(AGENTS.get("o3")).first(0.01) == 0.0


@given(
    st.lists(st.floats(-3, 3), min_size=4, max_size=12).filter(lambda x: np.ptp(x) > 0.1),
    st.floats(-2, 2),
    st.floats(-2, 2),
)
def test_a_regression_returns_a_line_without_noise(x, level, slope):
    columns = np.stack([np.ones(len(x)), x], axis=1)
    fit = Regression.of(columns, level + slope * np.array(x))
    assert fit.slopes == pytest.approx([level, slope], abs=1e-6)


def test_the_bounds_of_a_mean_are_students():
    """Without a second column a regression is a mean: 0.8 -+ 2.064 * 0.02 (25 values, sd 0.1)."""
    off = np.resize([1.0, -1.0], 24) * 0.1
    values = 0.8 + np.append(off, 0.0)
    ((low, high),) = Regression.of(np.ones((25, 1)), values).bounds(np.ones((1, 1)), 0.025)
    assert (low, high) == pytest.approx((0.759, 0.841), abs=5e-4)


@pytest.mark.parametrize(("level", "stretch"), [(0.0, 1.0), (-0.26, 1.4), (0.18, 0.7)])
def test_the_interval_holds_whatever_the_emulated_agents_level_and_slope(level, stretch):
    """95% nominal and more for the bend: 300 intervals of which 276 are 3.3 SD too few."""
    truth = CURVE.first((0.6 - level) / stretch)
    rng = np.random.default_rng(1)
    looks = [confirmation(rng, level=level, stretch=stretch).estimate() for _ in range(300)]
    assert sum(look.lower <= truth <= look.upper for look in looks) >= 276
    assert sum(look.upper < truth for look in looks) <= 18


def test_the_luck_of_the_reference_point_is_taken_out():
    rng = np.random.default_rng(2)
    result = confirmation(rng, noise=0.004)
    plain = Confirmation(result.emulation, result.episodes.assign(reference=1000.0), 1e-3)
    assert result.estimate().width < 0.5 * plain.estimate().width


def test_more_bend_makes_the_interval_wider():
    straight = Curve((0.0, 3000.0), (0.0, 1.2))
    bent = Curve((0.0, 1300.0, 1500.0, 1700.0, 3000.0), (0.1, 0.45, 0.6, 0.65, 0.7))
    looks = [
        confirmation(np.random.default_rng(3), curve=x, noise=0.01).estimate()
        for x in (straight, bent)
    ]
    assert looks[0].bend == pytest.approx(0.0, abs=1e-3)
    assert looks[1].bend > 0.01
    assert looks[1].upper - looks[1].lower > 2.0 * looks[1].bend * looks[1].size


@pytest.mark.parametrize(("population", "result"), [("perfect", -math.inf), ("silent", math.inf)])
def test_what_no_dose_reaches_or_all_do_is_said(population, result):
    text = BASE.replace('"o3"', f'"{population}"').replace('"sequential"', '"perfect"')
    one, played = dose_range(text), OwnEpisodes(Study.read(text))
    for size in (1300.0, 1700.0):
        played.play(one, size, MIN_EPISODES // 2)
    table = played.measured(one)
    emulation = Emulation(one, CURVE, 1500.0, ())
    look = Confirmation(emulation, table, float(np.mean(1.0 / table["reference"]))).estimate()
    assert look.size == result
    assert look.lower == result


@given(st.floats(1.0, 3000.0), st.floats(0.0, 3000.0), st.integers(2, 64))
def test_the_doses_of_a_bracket_have_the_believed_mean(middle, size, episodes):
    doses = Bracket.around(dose_range(), middle).doses(size, episodes)
    low, high = doses
    assert 0.0 <= low < high <= 3000.0
    assert sum(doses.values()) == episodes
    if low <= size <= high:
        mean = sum(dose * n for dose, n in doses.items()) / episodes
        assert mean == pytest.approx(size, abs=(high - low) / episodes)


def test_a_bracket_stays_while_it_is_good():
    one = dose_range()
    first = Bracket.first(Emulation(one, CURVE, 1500.0, (900.0, 1500.0, 2100.0)))
    assert (first.low, first.high) == pytest.approx((1050.0, 1950.0))
    usual = first.moved(one, 1500.0, 0.0)
    assert usual.high - usual.low == pytest.approx(2 * APART * 1500.0)
    assert usual.moved(one, 1500.0, 0.0) is usual
    closer = usual.moved(one, 1500.0, 0.1)
    assert closer.high - closer.low == pytest.approx(APART * 1500.0)


def test_beyond_what_the_look_holds_the_answer_is_believed_between_doses_or_where_the_fit_says():
    result = Emulation(dose_range(), CURVE, 1500.0, ())
    look = replace(confirmation(np.random.default_rng(5)).estimate(), size=math.inf)
    assert believed_size(result, None, {}) == 1500.0
    assert believed_size(result, replace(look, size=1300.0), {}) == 1300.0
    assert believed_size(result, look, {800.0: 0.5, 1200.0: 0.7}) == pytest.approx(1000.0)
    assert believed_size(result, look, {800.0: 0.5, 1000.0: 0.55}) == 1500.0
    assert believed_size(result, look, {2000.0: 0.5}) == 2500.0  # half the way to the high end
    assert believed_size(result, look, {1000.0: 0.7}) == 500.0


def test_an_interval_that_is_narrow_enough_needs_few_more():
    look = confirmation(np.random.default_rng(4), noise=1e-4).estimate()
    assert look.width < NARROW
    assert next_episodes(look) == 4
    assert next_episodes(replace(look, width=math.inf)) == look.episodes


def test_no_two_episodes_share_their_luck():
    played = OwnEpisodes(Study.read(BASE))
    for _ in range(3):
        played.play(dose_range(), 0.0, 5)
    assert played.frame["episode"].nunique() == len(played) == 15


def test_the_budget_is_never_exceeded():
    played = OwnEpisodes(Study.read(BASE.replace("400", "7")))
    played.play(dose_range(), 0.0, 5)
    played.play(dose_range(), 0.0, 5)
    assert len(played) == 7
    assert played.left == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[pilot]\nepisodes = 4", "", r"has no \[pilot\]"),
        ('"o3"', '"o3*5 + perfect*5"', "agents of one sort"),
        ("(rate=[0, 3000])", "(rate=[0, 3000]) + royalty(share=[0, 1])", "whose one free number"),
        ("episodes = 400", "episodes = 19", "at least 28, got 19"),
        ('minimise = "rate"', 'minimise = "spend"', "whose one free number"),
        ('["sharing_bonus(rate=[0, 3000])"]\nminimise = "rate"', SPENT_ON_NONE, "names none but"),
        ("rate=[0, 3000])", "rate=[0, 3000]) + reputation", "without a public record"),
    ],
)
def test_what_a_pilot_cannot_answer_is_refused(old, new, said):
    assert old in BASE
    with pytest.raises(UserError, match=said):
        pilot(Study.read(BASE.replace(old, new)))


@pytest.mark.slow
def test_known_agents_are_found_out(tmp_path):
    """The truth: the same agents in many episodes of their own."""
    study = Study.read(BASE)
    result = search(study)
    truth = dose_range().curve(AGENTS.get("o3")).first(0.6)
    low, high = result.best.interval
    assert result.best.status == "estimated"
    assert low <= 1.05 * truth
    assert 0.95 * truth <= high <= 1.15 * truth
    assert high - low <= NARROW * high * 1.001
    assert result.episodes["explore"] == 4
    assert sum(result.episodes.values()) <= study.budget.episodes
    assert result.best.attainment.mean >= 0.6
    assert result.advice is not None
    assert result.advice.estimates["upper"].iloc[-1] == high
    assert "estimated" in Verdict(result).meaning
    content = json.loads(json.dumps(search_as_json(result, tmp_path / "pilot.html")))
    assert content["advice"]["interval_rests_on"].startswith("regression")
    assert content["advice"]["estimates"][-1]["upper"] == content["size"]["value"] == high
    assert content["attainment"]["mean"] == result.best.attainment.mean
    assert result.report(tmp_path / "pilot.html").stat().st_size < 6e6


@pytest.mark.slow
def test_agents_that_no_bonus_moves_are_not_certified(tmp_path):
    """Silent agents never give, whatever they are paid, whatever the fit hopes."""
    study = Study.read(BASE.replace('"o3"', '"silent"').replace("400", "80"))
    result = search(study)
    assert result.best.status in ("not_reached", "out_of_budget")


@pytest.mark.parametrize("options", [{"workers": 2}, {"dask": "tcp://nowhere:1"}, {"replay": True}])
def test_what_a_pilot_cannot_do_is_refused(options):
    with pytest.raises(UserError, match=r"\[pilot\]"):
        search(Study.read(BASE), **options)


def test_a_pilot_of_a_game_that_no_emulated_agent_knows_is_refused_before_it_is_played():
    text = BASE.replace('"o3"', '"perfect"\ngame = "grants"').replace("3000", "100")
    with pytest.raises(UserError, match=r"emulates its agents, and o3 is fitted .* not 'grants'"):
        pilot(Study.read(text))


def test_computed_agents_keep_no_record_and_are_given_none(tmp_path):
    with pytest.raises(UserError, match=r"--storage keeps the calls .* and o3 has none"):
        search(Study.read(BASE), f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(UserError, match=r"has a \[pilot\], which keeps no record"):
        known(Study.read(BASE))


RANGES = [f"sharing_bonus(rate=[0, {high}])" for high in (0.5, 300, 3000)]
ODD = ["none", "protocol", "royalty(share=[0, 1])", "sharing_bonus(rate=9)", "hidden", "reputation"]
GROUPS = ["o3", "selfish", "silent", "perfect", "o3*2 + perfect", "logit(lambda=4)", "llm:m"]
SMALL = "agents = 3, rounds = 4, pieces = 9, hand = 3, needed = 2"


@st.composite
def pilots(draw, odd=True):
    """Text of a study with a ``[pilot]``; without ``odd`` one that can be played."""

    def one(usual, unusual):
        return draw(st.sampled_from([*usual, *unusual] if odd else usual))

    names = st.sampled_from([*RANGES, *ODD] if odd else RANGES)
    number = draw(st.sampled_from([0.01, 0.5, 0.9, 1.5, 3.0]))
    return f"""
    question = "?"
    game = "{one(["sharing"], ["public_goods", "grants", "matrix"])}"
    settings = {{{one([SMALL], ["", "agents = 3"])}}}
    population = "{one(GROUPS[:4], GROUPS[4:])}"
    mechanisms = {draw(st.lists(names, min_size=1, max_size=2, unique=True))}
    minimise = "{one(["rate"], ["spend", "share"])}"
    [target]
    efficiency = {number}
    relative_to = "{one(["perfect", "sequential"], ["optimum"])}"
    confidence = {one([0.9, 0.999], [0.5])}
    [budget]
    episodes = {one([30, 36], [0, 10**9])}
    [pilot]
    episodes = {one([2, 3], [0, 10**9])}
    """


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(text=pilots())
def test_any_pilot_starts_or_is_refused_in_one_line(text):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("mechlab.pilot.run._Pilot.answer", lambda self, storage: "started")
        patched.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        patched.setattr("mechlab.pilot.run.session_for", lambda *_: nullcontext())
        try:
            assert pilot(Study.read(text)) == "started"
        except UserError as error:
            assert len(str(error).splitlines()) == 1


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(text=pilots(odd=False))
def test_any_pilot_that_starts_ends_with_a_report(text, tmp_path_factory):
    result = pilot(Study.read(text))
    assert sum(result.episodes.values()) <= result.study.budget.episodes
    assert result.storage == ""
    assert all("nan" not in words for words in Verdict(result).sentences)
    assert result.report(tmp_path_factory.mktemp("pilot") / "page.html").exists()
