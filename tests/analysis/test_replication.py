"""The published study beside ours: nothing left out, and every word computed."""

import math
from dataclasses import replace

import pytest

from mechlab.analysis.replication import Replica, Replication, replicate
from mechlab.calibrate.published import published
from mechlab.report.replication import FAR, figure_table, replication_page, sentences
from mechlab.simulation import simulate
from mechlab.statistics import Summary


@pytest.fixture(scope="module")
def found():
    return replicate(episodes=20)


@pytest.fixture(scope="module")
def page(found):
    return replication_page(found)


def invented(metric, ours, fitted=True):
    """Return a replication of one figure, published as 0.5 without an interval."""
    figure = replace(published()[0], model="o3", metric=metric, target=0.5, ci95=math.nan)
    summary = Summary(ours, 0.1, (ours - 0.01, ours + 0.01), 20)
    return Replication((Replica(figure, ours, fitted, summary=summary),), 20, 0)


def test_no_published_figure_is_left_out(found):
    assert [r.figure for r in found.replicas] == list(published())
    apart = [r for r in found.replicas if not r.measured]
    assert len(found.fitted) + len(found.held_out) + len(apart) == len(found.replicas)


def test_ours_are_the_means_of_the_published_condition(found):
    one = found.of("gpt-5-mini", "auto_fulfill", "efficiency")
    played = simulate(population="gpt-5-mini", episodes=20, seed=1, condition="auto_fulfill")
    assert one.ours == played["efficiency"].mean()
    assert one.residual == one.ours - one.figure.target


def test_a_relative_change_is_compared_in_tasks(found):
    one = found.of("o3", "policy", "relative_change")
    played = simulate(population="o3", mechanism="protocol", episodes=20, seed=1)
    assert one.ours == played["tasks"].mean()


def test_perfect_agents_are_held_out(found):
    assert found.of("perfect", "baseline", "tasks") in found.held_out


def test_every_misfit_beyond_the_factor_is_named(found):
    far = [r for r in found.misfits if r.factor > FAR]
    said = sentences(found)["far"]
    assert len(said) >= len(far)
    for replica in far:
        f = replica.figure
        assert any(line.startswith(f"{f.model}, {f.condition}, ") for line in said)
    assert len(said) + len(sentences(found)["near"]) == len(found.misfits)


@pytest.mark.parametrize(
    ("ours", "named"), [(0.5, ()), (0.54, ()), (0.6, ("near",)), (0.8, ("far",)), (0.3, ("far",))]
)
def test_a_misfit_is_named_by_how_far_it_is_off(ours, named):
    """0.5 without an interval is met within a tenth; a factor of 1.5 ends at 0.75 and 0.33."""
    one = invented("efficiency", ours)
    said = {name: sentences(one)[name] for name in ("near", "far")}
    assert {name for name, lines in said.items() if lines} == set(named)


def test_the_side_of_a_misfit_is_said():
    assert "too small" in sentences(invented("gini", 0.2))["far"][0]
    high = invented("gini", 0.9)
    assert "too large" in sentences(high)["far"][0]
    patterns = ("gini: 0 of 1 met; of the others 1 too large, 0 too small.",)
    assert sentences(high)["patterns"] == patterns


def test_an_undefined_figure_is_a_misfit_without_a_factor():
    one = invented("gini", math.nan)
    assert one.misfits
    assert "no factor" in sentences(one)["far"][0]


def test_the_headline_counts_fitted_and_held_out_apart():
    fitted = invented("gini", 0.5)
    held = invented("gini", 0.9, fitted=False)
    both = Replication((*fitted.replicas, *held.replicas), 20, 0)
    counts = "1 of 1 fitted figure (100%) and 0 of 1 held-out figure (0%)"
    assert counts in sentences(both)["headline"][0]


def test_the_optimum_is_said_to_lie_beyond_what_the_study_calls_optimal(page):
    """The port of the released rules has 385.1 tasks where all give unasked, 201.6 where asked."""
    (section,) = [s for s in page.sections if s.name == "tensions"]
    (said,) = [line for line in section.points if "calls optimal" in line]
    factor = float(said.rsplit("permit ", 1)[1].split(" times")[0])
    assert factor == pytest.approx(385.1 / 201.6, rel=0.02)


def test_the_page_has_every_figure(found, page):
    assert len(figure_table(found).frame) == len(published())
    assert page.statements[0].headline == sentences(found)["headline"][0]
    assert {"residuals", "all", "tensions"} <= {section.name for section in page.sections}


def test_json_has_an_interval_for_every_cell(found):
    one = found.as_json()
    assert len(one["cells"]) == len(published())
    assert one["cells"][0]["ours"]["n"] == 20
    assert one["inside"]["fitted"]["of"] == len(found.fitted)
