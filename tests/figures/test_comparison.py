"""Figures of comparisons whose names begin alike."""

from dataclasses import replace

from mechlab import figures
from mechlab.analysis.comparison import Comparison
from tests.report.results import a_result


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
