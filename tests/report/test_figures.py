"""Figures against theory: shares, Gini, Pareto front, and text that Plotly shows as it is."""

from dataclasses import replace
from html import unescape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechlab import figures
from mechlab.analysis.comparison import Comparison
from mechlab.figures._play import lorenz_shares
from mechlab.figures._search import dose_of, undominated_trials
from mechlab.figures._style import PALETTE, plain, set_categories, short, short_names
from mechlab.simulation import simulate
from tests.report.hostile import HOSTILE
from tests.report.results import a_result


def test_gini_of_known_incomes():
    # 1, 2, ..., n: the definition gives (n^2 - 1) / (3 n (n + 1))
    n = 10
    assert figures.mean_gini(np.arange(1.0, n + 1)[None]) == pytest.approx((n - 1) / (3 * n))
    assert figures.mean_gini(np.full((3, 5), 7.0)) == pytest.approx(0.0)
    assert np.isnan(figures.mean_gini(np.zeros((2, 4))))


def test_gini_agrees_with_the_measure_of_tasks():
    played = simulate(population="perfect*5 + silent*5", episodes=20, seed=3)
    expected = played.summary["gini"].mean
    assert figures.mean_gini(np.asarray(played.tallies["tasks"], float)) == pytest.approx(expected)


def test_lorenz_curves_sag_and_rise():
    shares = lorenz_shares(np.array([[5.0, 1.0, 2.0]]))[0]
    assert shares.tolist() == [0.0, 1 / 8, 3 / 8, 1.0]


def test_the_pareto_front_holds_all_trials_that_none_dominates():
    rng = np.random.default_rng(0)
    trials = pd.DataFrame(
        {"spend": rng.integers(0, 20, 60) * 1.0, "attainment": rng.integers(0, 20, 60) / 20}
    )
    points = {tuple(row) for row in trials.to_numpy()}
    dominated = {p for p in points for q in points if q != p and q[0] <= p[0] and q[1] >= p[1]}
    assert {tuple(row) for row in undominated_trials(trials).to_numpy()} == points - dominated


def test_the_dose_is_the_only_free_parameter():
    result = a_result()
    assert dose_of(result, result.best) == "rate"


def test_cumulative_revenue_ends_at_group_revenue():
    played = simulate(population="perfect", episodes=10)
    line = figures.revenue({"perfect": played}, {}).data[-1]
    assert line.y[-1] == pytest.approx(played["group_revenue"].mean())


def test_nobody_gives_to_oneself():
    played = simulate(population="perfect", episodes=5)
    z = np.array(figures.giving(played).data[0].z)
    assert np.isnan(np.diag(z)).all() and np.nansum(z) == pytest.approx(
        played.given.mean(axis=0).sum()
    )
    assert not np.isnan(played.given).any()  # the episodes are left as they were


@pytest.mark.parametrize("text", HOSTILE)
def test_text_in_figures_is_plain(text):
    shown = plain(text)
    assert "<" not in shown and ">" not in shown
    assert len(short(text, 10)) <= 60


NAMES = st.lists(
    st.one_of(st.text(max_size=90), st.text("ab, <", min_size=50, max_size=60)),
    min_size=1,
    max_size=12,
).map(lambda names: [f"{'the same beginning of all names ' * 2}{name}" for name in names] + names)


@given(NAMES, st.integers(10, 60))
def test_short_names_are_short_and_differ_however_long_the_names_are(names, most):
    shown = short_names(names, most)
    assert len(set(shown)) == len(names)
    assert max(len(unescape(text)) for text in shown) <= most


@given(NAMES, st.sampled_from("xy"))
def test_each_category_has_a_key_and_a_name_of_its_own(names, axis):
    figure = go.Figure()
    keys = set_categories(figure, axis, names, 30)
    drawn = figure.layout[f"{axis}axis"]
    assert len({*keys}) == len({*drawn.ticktext}) == len(names)
    assert drawn.categoryarray == drawn.tickvals == (*keys,)


def _compared(*ends: str) -> Comparison:
    """Return a comparison of studies whose candidates and agents differ at their ends only."""
    result = a_result()
    start = "sharing_bonus(rate=2000) + withholding_fine(rate=1500) + royalty"
    answers = tuple(replace(result.best, candidate=f"{start}(share=0.{end})") for end in ends)
    long = "a-study-of-the-same-name-but-for-its-end"
    studies = [result.study.model_copy(update={"name": f"{long}-{end}"}) for end in ends]
    return Comparison(tuple(replace(result, study=s, answers=answers) for s in studies))


def test_answers_whose_names_begin_alike_stand_apart_in_all_charts():
    comparison = _compared("1", "2", "3")
    (goal,) = comparison.rankings
    sizes = figures.ranked_sizes(comparison, goal)
    assert len({key for trace in sizes.data for key in trace.y}) == 9
    order = figures.differences(comparison, goal).data[0]
    assert len({*order.x}) == len({*order.y}) == 9 == len(order.z)
    needs = figures.who_needs_what(comparison)
    assert len({*needs.data[0].x}) == len({*needs.layout.xaxis.ticktext}) == 3
    assert len({*needs.data[0].y}) == len({*needs.layout.yaxis.ticktext}) == 3
    marks = [t.name for t in figures.price_and_effect(comparison).data if t.mode == "markers"]
    assert len({*marks}) == len(marks)


def test_colours_are_told_apart_on_both_grounds():
    """Contrast of 3 to 1 for the candidates that come first (WCAG 2.2, 1.4.11)."""
    for ground in ("#ffffff", "#0f1318"):
        assert all(_contrast(hue, ground) >= 2.9 for hue in PALETTE[:4])


def _contrast(one: str, other: str) -> float:
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
